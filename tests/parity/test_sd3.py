"""Stable Diffusion 3 equals diffusers' pipeline, with T5 and without."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT

CASES = (Case("sd3", "euler", {"negative_prompt": NEGATIVE, "guidance_scale": 3.0}, 3.0),)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("sd3", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, _, pooled, _ = tiny_models.shared("sd3").encode_prompt(
            PROMPT, None, None, device="cpu", do_classifier_free_guidance=False
        )

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["pooled_projections"], pooled)
