"""weft in processes of its own, with a tiny random model in the place of the starter model.

A process takes seconds to start, so what need not be one is carried out in the process of the tests, which is
a new one to whatever another process left behind.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import tiny_models
from cli.heard import Heard, hear
from cli.toys import lay_out

WEFT = (sys.executable, "-m", "weft")


@dataclass(frozen=True)
class Desk:
    """A folder that weft is started in; all that it keeps lies below it."""

    folder: Path

    def environment(self, data: str = "data") -> dict[str, str]:
        """What the processes see; another `data` is a cold cache."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
        return kept | {"WEFT_DATA_DIR": str(self.folder / data), "WEFT_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}

    def weft(self, *words: str, data: str = "data", limit_bytes: int | None = None) -> Heard:
        """Run weft to its end.

        Args:
            words: What is typed after `weft`.
            data: The data folder.
            limit_bytes: No file may become larger than this, as if the disk were full.
        """
        command = [*WEFT, *words]
        if limit_bytes is not None:
            limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))"
            program = f"import resource, runpy; {limit}; runpy.run_module('weft', run_name='__main__')"
            command = [sys.executable, "-c", program, *words]
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(data),
            capture_output=True,
            text=True,
            check=False,
        )
        return Heard(ended.returncode, ended.stdout, ended.stderr)

    def hear(self, *words: str, data: str = "data") -> Heard:
        """Carry out a command line in the process of the tests."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self.environment(data).items():
                patch.setenv(name, value)
            return hear(*words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start weft and let it run."""
        return subprocess.Popen(
            [*WEFT, *words],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def files(self, place: str) -> set[str]:
        """The names of the files below a folder, hidden ones too."""
        found = (self.folder / place).rglob("*")
        return {path.relative_to(self.folder / place).as_posix() for path in found if path.is_file()}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: a tiny random one under the name of the starter model, and damaged ones."""
    folder = tmp_path_factory.mktemp("models")
    tiny_models.write_folder(folder / "starter", "starter")
    whole = next((folder / "starter" / "unet").glob("*.safetensors")).read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    (folder / "evil.safetensors").write_bytes(b"\x80\x04\x95" + b"\0" * 200)
    return folder


@pytest.fixture(scope="session")
def new_desk(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    """A function that gives a desk with the models, the toy pack, and nothing kept yet."""

    def make() -> Desk:
        folder = tmp_path_factory.mktemp("desk")
        lay_out(folder)
        (folder / "models").symlink_to(models)
        return Desk(folder)

    return make


@pytest.fixture
def desk(new_desk: Callable[[], Desk]) -> Desk:
    """A desk of one test."""
    return new_desk()
