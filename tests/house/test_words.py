"""The repository speaks of weft alone, briefly, and only of what exists."""

import re
import subprocess

from house.house import ROOT

MOST_README_WORDS = 500


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len((ROOT / "README.md").read_text().split()) < MOST_README_WORDS


def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = []
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            if not target.startswith("http") and not (ROOT / target).exists():
                broken.append(f"{name}: {target}")

    assert broken == []


def test_no_file_carries_a_path_of_somebodys_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    texts = [ROOT / name for name in listed if name.endswith((".py", ".md", ".json", ".toml", ".js"))]
    private = re.compile(r"/(?:home|Users|work|root)/")

    assert [path.name for path in texts if path.exists() and private.search(path.read_text())] == []
