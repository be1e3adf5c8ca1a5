"""Models that read pictures beside the noise equal diffusers' pipelines."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import FluxFillPipeline, FluxKontextPipeline
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import HEIGHT, SEED, WIDTH, of_tokens
from torch import Tensor
from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.inpainting import inpainting_channels
from weft_nodes.families.packing import packed


def noise(*shape: int, seed: int) -> Tensor:
    """Numbers that are always the same."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# Of another size than what is sampled.
REFERENCE = noise(1, 16, 6, 8, seed=11)
MASKED = noise(1, 16, HEIGHT // 8, WIDTH // 8, seed=12)
MASK = (noise(1, 1, HEIGHT, WIDTH, seed=13) > 0).float()


def referring(prompt: Conditioning) -> Conditioning:
    """A prompt that shows a picture to change."""
    return showing(prompt, references=[REFERENCE])


def filling(prompt: Conditioning) -> Conditioning:
    """A prompt that shows a picture and where to paint."""
    return showing(prompt, concat_1Chw=inpainting_channels("flux", MASK, MASKED))


def filling_pipeline(made: Any) -> Any:
    """The pipeline of Fill, given a picture that is encoded and normalised already: its own draws noise."""
    parts = {name: part for name, part in made.components.items() if part is not None}
    pipeline = FluxFillPipeline(**parts)
    identity = SimpleNamespace(config=SimpleNamespace(shift_factor=0.0, scaling_factor=1.0))
    packing = SimpleNamespace(vae=identity, vae_scale_factor=8, _pack_latents=pipeline._pack_latents)
    laid = FluxFillPipeline.prepare_mask_latents(
        packing, MASK, MASKED, 1, 16, 1, HEIGHT, WIDTH, torch.float32, "cpu", None
    )
    pipeline.prepare_mask_latents = lambda *_: laid
    return pipeline


CASES = (
    Case(
        "flux",
        "euler",
        {"guidance_scale": 3.5, "image": REFERENCE, "max_area": HEIGHT * WIDTH, "_auto_resize": False},
        1.0,
        title="FLUX.1 Kontext",
        schedule="simple",
        unpacked=of_tokens,
        condition=referring,
        pipeline=lambda made: FluxKontextPipeline(**made.components),
    ),
    Case(
        "flux",
        "euler",
        {
            "guidance_scale": 3.5,
            "image": torch.zeros(1, 3, HEIGHT, WIDTH),
            "mask_image": MASK,
            # Encoding the picture would draw from the same stream before.
            "latents": packed(noise(1, 16, HEIGHT // 8, WIDTH // 8, seed=SEED)),
        },
        1.0,
        title="FLUX.1 Fill",
        schedule="simple",
        unpacked=of_tokens,
        condition=filling,
        relative="flux-fill",
        pipeline=filling_pipeline,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
