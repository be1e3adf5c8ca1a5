"""Libraries are told to be silent before they are imported, unless the user wants to hear them."""

import os

import pytest
from weft.engine.silence import SILENCE, silence_libraries


def test_libraries_are_told_to_be_silent_and_to_stay_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SILENCE:
        # Set first, so that the patch takes away again what the function adds.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    added = silence_libraries()

    assert set(added) == set(SILENCE)
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SILENCE:
        monkeypatch.setenv(name, "mine")

    assert silence_libraries() == ()
    assert os.environ["HF_HUB_OFFLINE"] == "mine"
