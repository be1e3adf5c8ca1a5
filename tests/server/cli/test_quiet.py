"""Libraries keep quiet about themselves."""

import logging
import os
import sys
import warnings

import pytest
from weft.cli.quiet import quiet_libraries


def test_warnings_are_dropped() -> None:
    with quiet_libraries():
        warnings.warn("this function will be removed", FutureWarning, stacklevel=1)


def test_log_lines_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet_libraries():
        logging.getLogger("some.library").warning("weights are cast")

    assert capsys.readouterr().err == ""


def test_what_is_printed_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with quiet_libraries():
        sys.stdout.write("hello from a node\n")

    heard = capsys.readouterr()
    assert (heard.out, heard.err) == ("", "hello from a node\n")


def test_afterwards_all_is_as_before() -> None:
    before = (list(logging.getLogger().handlers), sys.stdout)

    with quiet_libraries():
        assert sys.stdout is sys.stderr

    assert (list(logging.getLogger().handlers), sys.stdout) == before
    with pytest.raises(FutureWarning):
        warnings.warn("heard again", FutureWarning, stacklevel=1)


def test_libraries_are_told_to_stay_offline_and_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "TQDM_DISABLE", "TRANSFORMERS_VERBOSITY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    with quiet_libraries():
        assert os.environ["HF_HUB_OFFLINE"] == "1"
        assert os.environ["TQDM_DISABLE"] == "1"


def test_what_the_user_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "debug")

    with quiet_libraries():
        assert os.environ["TRANSFORMERS_VERBOSITY"] == "debug"
