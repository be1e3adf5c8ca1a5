"""Events say what happened in a form that can be sent."""

import json

import numpy as np
import pytest
from weft.engine.events import (
    Event,
    NodeFailed,
    NodeFinished,
    NodeItem,
    NodePreview,
    NodeProgress,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from weft.engine.footprint import Footprint
from weft.engine.reasons import FIRST_RUN
from weft.errors import Problem

EVENTS: tuple[Event, ...] = (
    RunStarted(("a", "b")),
    NodeStarted("a"),
    NodeProgress("a", 3, 20, 1.5, "sampling"),
    NodePreview("a", np.zeros((8, 16, 3), dtype=np.uint8)),
    NodeItem("a", 1, 4, reused=True),
    NodeFinished("a", "ran", FIRST_RUN, 0.25),
    NodeFailed("b", Problem("toy-broke", "It broke.", "Mend it.", node="b")),
    RunFinished("failed", 2.0),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_is_json_and_names_its_kind(event: Event) -> None:
    sent = json.loads(json.dumps(event.to_json()))

    words = "".join(part.capitalize() for part in str(sent["event"]).split("-"))
    assert words == type(event).__name__


def test_kinds_are_told_apart_by_name() -> None:
    assert len({event.to_json()["event"] for event in EVENTS}) == len(EVENTS)


def test_progress_tells_steps_and_time() -> None:
    assert NodeProgress("a", 3, 20, 1.5, "sampling").to_json() == {
        "event": "node-progress",
        "node": "a",
        "step": 3,
        "total": 20,
        "seconds_left": 1.5,
        "message": "sampling",
    }


def test_a_preview_tells_its_size_and_keeps_its_pixels_to_itself() -> None:
    sent = NodePreview("a", np.zeros((8, 16, 3), dtype=np.uint8)).to_json()

    assert sent == {"event": "node-preview", "node": "a", "height": 8, "width": 16}


def test_an_end_carries_its_reason_and_its_memory() -> None:
    sent = NodeFinished("a", "ran", FIRST_RUN, 0.25, Footprint(12)).to_json()

    assert (sent["held_bytes"], sent["peak_bytes"]) == (12, None)
    assert sent["reason"] == {"code": "first-run", "text": "It has not run to its end before.", "inputs": []}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_cannot_be_changed(event: Event) -> None:
    with pytest.raises(AttributeError):
        setattr(event, next(iter(type(event).__dataclass_fields__)), "other")
