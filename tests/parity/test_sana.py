"""Sana equals diffusers' pipeline."""

import inspect
from collections.abc import Callable

import pytest
import tiny_models
import torch
from diffusers import SanaPipeline
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import PROMPT

# Without guidance, since the pipeline reads a negative prompt in another way than a prompt.
CASES = (Case("sana", "euler", {"guidance_scale": 1.0, "use_resolution_binning": False}, 1.0),)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


@pytest.mark.parametrize("prompt", [PROMPT, ""])
def test_a_prompt_is_encoded_to_the_same_bits(opened: Open, prompt: str) -> None:
    store, checkpoint = opened("sana", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, mask, _, _ = tiny_models.shared("sana").encode_prompt(
            prompt,
            do_classifier_free_guidance=False,
            device="cpu",
            complex_human_instruction=_instruction() if prompt else None,
        )

    (ours,) = store.encode_prompt(checkpoint.encoder, prompt).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["encoder_attention_mask"], mask)


def _instruction() -> list[str]:
    """What the pipeline asks of the language model unless told otherwise."""
    parameters = inspect.signature(SanaPipeline.__call__).parameters
    return list(parameters["complex_human_instruction"].default)
