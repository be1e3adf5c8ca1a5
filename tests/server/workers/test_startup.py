"""A worker is told on its command line who it is and which settings hold."""

from pathlib import Path

from weft.settings import Settings
from weft.workers.startup import Startup


def test_all_settings_reach_the_worker(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        custom_nodes_dirs=(Path("a"), tmp_path / "größe"),
        models_dirs=(),
        device="cuda:3",
        memory_bytes=5,  # type: ignore[arg-type]
        host_names=("weft.example",),
    )
    startup = Startup(settings, "worker-2", 1, installed=False, parent=12)

    assert Startup.from_argument(startup.to_argument()) == startup


def test_defaults_reach_it_as_they_were_worked_out_in_the_server(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    assert Startup.from_argument(Startup(settings, "worker-1").to_argument()).settings == settings
