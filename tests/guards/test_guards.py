"""Each guard matters: with it taken out of a copy of the tree, the tests that stand for it fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("server", "nodes", "custom_nodes", "frontend", "tests", "workflows", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "bundle.js")
GUARDS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "guards.toml").read_text())["guard"]


def places(guard: dict[str, Any]) -> list[dict[str, str]]:
    """What is taken out: the guard, and what would do its work without it."""
    return [guard, *guard.get("also", ())]


@dataclass
class Copy:
    """A copy of the tree, out of which guards are taken one after the other."""

    root: Path
    _ages: Iterator[int] = field(default_factory=lambda: count(2_000_000_000))

    @contextmanager
    def without(self, guard: dict[str, Any]) -> Iterator[None]:
        """Take a guard out, and put it back in the end."""
        whole = {place["file"]: (self.root / place["file"]).read_text() for place in places(guard)}
        changed = dict(whole)
        for place in places(guard):
            changed[place["file"]] = changed[place["file"]].replace(place["find"], place["put"])
        self._write(changed)
        yield
        self._write(whole)

    def _write(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            (self.root / name).write_text(text)
            # What is compiled is told from what it was compiled of by its age in whole seconds.
            age = next(self._ages)
            os.utime(self.root / name, (age, age))

    def run(self, test: str) -> subprocess.CompletedProcess[str]:
        """Run tests of the copy, once, on its own modules."""
        modules = os.pathsep.join(str(self.root / part) for part in ("server", "nodes"))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "WEFT"))}
        options = ("-q", "-x", "-p", "no:rerunfailures", "--tb", "line", "-m", "")
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, test],
            cwd=self.root,
            env={**kept, "PYTHONPATH": modules, "CI": "1"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of the tree."""
    root = tmp_path_factory.mktemp("guards") / "tree"
    root.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, root / part, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / part, root / part)
    yield Copy(root)
    shutil.rmtree(root)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard["name"])
def test_a_guard_is_where_the_table_says_and_so_are_its_tests(guard: dict[str, Any]) -> None:
    assert [(ROOT / place["file"]).read_text().count(place["find"]) for place in places(guard)] == [
        1 for _ in places(guard)
    ]
    for test in guard["tests"]:
        file, _, name = test.partition("::")
        assert f"def {name or 'test_'}" in (ROOT / file).read_text(), test


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard["name"])
def test_without_a_guard_its_tests_fail(copy: Copy, guard: dict[str, Any]) -> None:
    with copy.without(guard):
        ends = {test: copy.run(test) for test in guard["tests"]}

    for test, ended in ends.items():
        # Failed, and not merely unable to run.
        assert ended.returncode == 1, (test, ended.stdout, ended.stderr)
        assert re.search(r"\b[1-9]\d* failed", ended.stdout), (test, ended.stdout)
