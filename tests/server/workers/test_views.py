"""What a pool tells of its workers is plain and can be compared."""

import dataclasses

import pytest
from weft.workers.views import Message, WorkerView


def test_a_view_begins_with_nothing_known() -> None:
    view = WorkerView("worker-1", "starting")

    assert (view.pid, view.device, view.running, view.restarts, view.warm) == (None, "", frozenset(), 0, ())
    assert view == WorkerView("worker-1", "starting")


def test_a_view_of_one_moment_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        WorkerView("worker-1", "starting").state = "ready"  # type: ignore[misc]


def test_a_message_has_no_tail_unless_it_is_a_preview() -> None:
    assert Message.__dataclass_fields__["tail"].default == b""
