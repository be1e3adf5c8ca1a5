"""What a run gives back can be printed."""

import json

from weft.engine.footprint import Footprint
from weft.engine.reasons import FIRST_RUN
from weft.engine.results import NodeOutcome
from weft.errors import Problem


def test_an_outcome_is_json() -> None:
    problem = Problem("toy-broke", "It broke.", "Mend it.", node="a")
    sent = json.loads(json.dumps(NodeOutcome("failed", FIRST_RUN, 0.5, problem).to_json()))

    assert sent["state"] == "failed"
    assert sent["reason"]["code"] == "first-run"
    assert sent["seconds"] == 0.5
    assert sent["problem"]["code"] == "toy-broke"


def test_an_outcome_without_a_problem_says_so() -> None:
    assert NodeOutcome("ran", FIRST_RUN).to_json()["problem"] is None


def test_an_outcome_says_what_memory_it_took() -> None:
    sent = NodeOutcome("ran", FIRST_RUN, footprint=Footprint(12, 30)).to_json()

    assert (sent["held_bytes"], sent["peak_bytes"]) == (12, 30)
