"""Lumina Image 2.0 equals diffusers' pipeline."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import PROMPT

# Without guidance, since the pipeline reads a negative prompt in another way than a prompt.
CASES = (Case("lumina2", "euler", {"guidance_scale": 1.0}, 1.0, schedule="simple"),)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


@pytest.mark.parametrize("prompt", [PROMPT, ""])
def test_prompts_are_encoded_to_the_bits_of_both_sides_of_the_pipeline(opened: Open, prompt: str) -> None:
    store, checkpoint = opened("lumina2", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        *positive, _, _ = tiny_models.shared("lumina2").encode_prompt(
            PROMPT, do_classifier_free_guidance=True, negative_prompt="", device="cpu"
        )
        _, _, *negative = tiny_models.shared("lumina2").encode_prompt(
            PROMPT, do_classifier_free_guidance=True, negative_prompt="", device="cpu"
        )
    states, mask = positive if prompt else negative

    (ours,) = store.encode_prompt(checkpoint.encoder, prompt).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["encoder_attention_mask"], mask)
