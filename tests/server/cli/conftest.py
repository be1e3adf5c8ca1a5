"""The command line as a user has it: a folder with a pack and a workflow, and what is heard from it."""

from pathlib import Path

import pytest
from cli.heard import Weft, hear
from cli.toys import lay_out


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the toy pack and `draw.json`; weft is started in it and keeps its data there."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEFT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WEFT_WORKFLOWS_DIRS", str(tmp_path / "workflows"))
    monkeypatch.setenv("WEFT_DEVICE", "cpu")
    return tmp_path


@pytest.fixture
def weft(folder: Path) -> Weft:
    """A function that carries out one command line in this process."""
    return hear
