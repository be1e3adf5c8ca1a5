"""What every command stands on: settings, named workflows, packs."""

from pathlib import Path

import pytest
from weft.cli.arguments import Options
from weft.cli.session import broken_packs, open_session
from weft.errors import SettingsError


def test_options_come_before_the_environment(folder: Path) -> None:
    settings = open_session(Options(command="run", out="here", device="auto")).settings

    assert (settings.output_dir, settings.device) == (Path("here"), "auto")


def test_without_options_the_environment_holds(folder: Path) -> None:
    settings = open_session(Options(command="run")).settings

    assert (settings.data_dir, settings.device) == (folder / "data", "cpu")


def test_a_bad_setting_names_where_it_comes_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CACHE_RAM_BYTES", "many")

    with pytest.raises(SettingsError, match="WEFT_CACHE_RAM_BYTES"):
        open_session(Options(command="run"))


def test_the_switch_for_tracebacks_is_no_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_TRACEBACK", "1")

    assert open_session(Options(command="run")).settings.device == "cpu"


def test_packs_are_loaded_with_their_nodes(folder: Path) -> None:
    loaded = open_session(Options(command="run")).load_packs()

    assert "toys:picture.draw" in loaded.registry.types()
    assert broken_packs(loaded) == ()


def test_a_broken_pack_is_a_warning_that_names_it(folder: Path) -> None:
    (folder / "custom_nodes" / "broken.py").write_text("1 / 0")

    (problem,) = broken_packs(open_session(Options(command="run")).load_packs())

    assert (problem.code, problem.severity) == ("pack-broken", "warning")
    assert problem.message.startswith("The pack broken is not loaded: ")
    assert problem.details["pack"] == "broken"
    assert "ZeroDivisionError" in str(problem.details["traceback"])
