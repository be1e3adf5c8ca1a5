"""Qwen-Image equals diffusers' pipeline, whose guidance keeps the length of every token."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT, of_tokens

CASES = (
    Case(
        "qwen-image",
        "euler",
        {"true_cfg_scale": 4.0, "negative_prompt": NEGATIVE},
        4.0,
        schedule="simple",
        unpacked=of_tokens,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("qwen-image", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, mask = tiny_models.shared("qwen-image").encode_prompt(PROMPT, device="cpu")

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert mask is None
    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
