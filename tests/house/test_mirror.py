"""Whoever looks for the tests of a module finds them under the same path."""

from pathlib import Path

from house.house import ROOT, SOURCES, shown, source_files


def _mirror(path: Path) -> Path:
    for root, tests in SOURCES.items():
        if path.is_relative_to(root):
            relative = path.relative_to(root)
            return tests / relative.parent / f"test_{relative.stem.strip('_')}.py"
    raise AssertionError(path)


def test_every_module_with_code_is_mirrored_by_a_test_module() -> None:
    modules = [path for path in source_files() if path.name != "__init__.py"]

    missing = [f"{shown(path)} -> {shown(_mirror(path))}" for path in modules if not _mirror(path).exists()]

    assert missing == []


def test_every_test_module_opens_with_a_sentence_of_purpose() -> None:
    modules = sorted((ROOT / "tests").rglob("test_*.py"))

    assert [shown(path) for path in modules if not path.read_text().lstrip().startswith('"""')] == []
