"""FLUX.2 equals diffusers' pipeline, from words alone and with pictures that they speak of."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import HEIGHT, PROMPT, WIDTH
from parity.test_seeing import pillow
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.packing import unpacked
from weft_nodes.models.pixels import encode_pixels


def told(prompt: Conditioning) -> Conditioning:
    """A prompt that says the guidance."""
    return Conditioning(
        tuple(
            replace(entry, tensors={**entry.tensors, "guidance": torch.tensor([2.5])})
            for entry in prompt.entries
        )
    )


@cache
def shown() -> tuple[Image, ...]:
    """Pictures of bytes, one of them of another size than what is sampled."""
    drawn = torch.Generator().manual_seed(17)
    return tuple(
        Image(torch.randint(0, 256, (1, HEIGHT, width, 3), generator=drawn).float() / 255)
        for width in (WIDTH, HEIGHT)
    )


def referring(prompt: Conditioning) -> Conditioning:
    """A prompt that shows the pictures."""
    vae = tiny_models.shared("flux2").vae
    return showing(told(prompt), references=[encode_pixels(vae, image) for image in shown()])


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
    Case(
        "flux2",
        "euler",
        {"guidance_scale": 2.5, "image": [pillow(image) for image in shown()]},
        1.0,
        title="FLUX.2 with two pictures",
        schedule="simple",
        unpacked=of_tokens,
        condition=referring,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title or case.family)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("flux2", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, _ = tiny_models.shared("flux2").encode_prompt(PROMPT, device="cpu")

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
