"""FLUX.2 equals diffusers' pipeline."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import HEIGHT, PROMPT, WIDTH
from torch import Tensor
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.packing import unpacked


def told(prompt: Conditioning) -> Conditioning:
    """A prompt that says the guidance."""
    return Conditioning(
        tuple(
            replace(entry, tensors={**entry.tensors, "guidance": torch.tensor([2.5])})
            for entry in prompt.entries
        )
    )


def of_tokens(latent: Tensor) -> Tensor:
    """The pipeline's latent, put together."""
    return unpacked(latent, (HEIGHT // 16, WIDTH // 16), 1)


CASES = (
    Case(
        "flux2",
        "euler",
        {"guidance_scale": 2.5},
        1.0,
        schedule="simple",
        unpacked=of_tokens,
        condition=told,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("flux2", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, _ = tiny_models.shared("flux2").encode_prompt(PROMPT, device="cpu")

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
