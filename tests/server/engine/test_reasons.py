"""Every reason is one sentence with a stable code."""

import typing

import pytest
from weft.engine import reasons
from weft.engine.reasons import Reason, ReasonCode, hit_reason

READY = [value for value in vars(reasons).values() if isinstance(value, Reason)]


@pytest.mark.parametrize("reason", READY, ids=lambda reason: reason.text)
def test_a_ready_reason_is_a_sentence_with_a_known_code(reason: Reason) -> None:
    assert reason.code in typing.get_args(ReasonCode)
    assert reason.text[0].isupper()
    assert reason.text.endswith(".")


@pytest.mark.parametrize("tier", ["device", "ram", "disk"])
def test_a_hit_names_its_tier(tier: typing.Literal["device", "ram", "disk"]) -> None:
    assert hit_reason(tier).code == f"hit-{tier}"


def test_a_reason_is_sent_with_its_inputs() -> None:
    sent = Reason("input-changed", "seed changed from 7 to 8.", ("seed",)).to_json()

    assert sent == {"code": "input-changed", "text": "seed changed from 7 to 8.", "inputs": ["seed"]}
