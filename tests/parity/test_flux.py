"""FLUX.1 equals diffusers' pipeline: told its guidance, guided by a negative prompt, and needing neither."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT, of_tokens
from weft_nodes.diffusion.values import Conditioning


def told(prompt: Conditioning) -> Conditioning:
    """A prompt that says the guidance."""
    return Conditioning(
        tuple(
            replace(entry, tensors={**entry.tensors, "guidance": torch.tensor([2.5])})
            for entry in prompt.entries
        )
    )


CASES = (
    Case(
        "flux",
        "euler",
        {"guidance_scale": 3.5},
        1.0,
        title="FLUX.1 dev",
        schedule="simple",
        unpacked=of_tokens,
    ),
    Case(
        "flux",
        "euler",
        {"guidance_scale": 2.5, "true_cfg_scale": 3.0, "negative_prompt": NEGATIVE},
        3.0,
        title="FLUX.1 dev, with a negative prompt",
        schedule="simple",
        unpacked=of_tokens,
        condition=told,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("flux", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, pooled, _ = tiny_models.shared("flux").encode_prompt(PROMPT, device="cpu")

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["pooled_projections"], pooled)
