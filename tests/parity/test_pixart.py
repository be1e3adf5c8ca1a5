"""PixArt-Sigma equals diffusers' pipeline."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT

CASES = (
    Case(
        "pixart-sigma",
        "dpmpp_2m",
        {
            "negative_prompt": NEGATIVE,
            "guidance_scale": 4.5,
            "use_resolution_binning": False,
            "clean_caption": False,
        },
        4.5,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("pixart-sigma", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, mask, _, _ = tiny_models.shared("pixart-sigma").encode_prompt(
            f" {PROMPT} ", do_classifier_free_guidance=False, device="cpu"
        )

    (ours,) = store.encode_prompt(checkpoint.encoder, f" {PROMPT} ").entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["encoder_attention_mask"], mask)
