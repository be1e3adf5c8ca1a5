"""Garbage is looked for while a program works, and neither before nor after."""

import gc
from collections.abc import Iterator

import pytest
from weft.garbage import begin_ending, begin_loading, end_loading


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the process of the tests as it was; what it froze itself may thaw without harm."""
    yield
    gc.unfreeze()
    gc.enable()


def test_what_is_there_once_all_is_loaded_is_never_looked_at_again() -> None:
    begin_loading()
    is_looked_for = gc.isenabled()
    frozen = gc.get_freeze_count()
    end_loading()

    assert not is_looked_for
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen


def test_who_never_began_to_load_freezes_nothing() -> None:
    gc.unfreeze()
    end_loading()

    assert gc.get_freeze_count() == 0
    assert gc.isenabled()


def test_in_the_end_nothing_is_left_to_be_looked_at() -> None:
    begin_ending()

    assert not gc.isenabled()
    assert not gc.get_objects()
