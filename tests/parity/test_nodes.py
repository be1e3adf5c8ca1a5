"""What a user's nodes draw equals the picture of diffusers' own pipeline, for every family and layout."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.staged import NEGATIVE, PROMPT, SEED, SIZE, STEPS, Task, reference
from weft.sdk import Image, LocalRun, Paths
from weft_nodes.families import Checkpoint
from weft_nodes.latents import decode_latent, empty_latent, encode_latent
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent

Open = Callable[[str, str], Opened]

LAYOUTS = [(family, layout) for family in ("sd15", "sd2", "sdxl") for layout in ("folder", "file")]
DRAWN = [(*place, "euler") for place in LAYOUTS] + [
    (name, "folder", "ddim") for name in ("sd15", "sd2", "sdxl")
]

# diffusers 0.42 makes arrays of tensors in a way that numpy 2.4 warns of; remove when diffusers is fixed.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def drawn(run: LocalRun, checkpoint: Checkpoint, *, sampler: str, schedule: str) -> Image:
    """A picture as the nodes of a workflow make it."""
    positive = encode_prompt(run, checkpoint.encoder, PROMPT)
    negative = encode_prompt(run, checkpoint.encoder, NEGATIVE)
    work = sample_latent(
        run,
        checkpoint.model,
        positive,
        negative,
        empty_latent(checkpoint.model, SIZE, SIZE),
        seed=SEED,
        steps=STEPS,
        guidance_scale=2.0,
        sampler=sampler,
        schedule=schedule,
    )
    return decode_latent(run, asyncio.run(work), checkpoint.vae)


@pytest.mark.parametrize(("family", "layout", "sampler"), DRAWN)
def test_a_picture_equals_the_pipelines(
    opened: Open, tmp_path: Path, family: str, layout: str, sampler: str
) -> None:
    latent, _ = reference(family, Task(sampler))
    vae = tiny_models.shared(family).vae
    with torch.no_grad():
        decoded = vae.decode(latent / vae.config.scaling_factor).sample
    _, checkpoint = opened(family, layout)
    run = LocalRun(paths=Paths.below(tmp_path))

    picture = drawn(run, checkpoint, sampler=sampler, schedule="ddim_uniform")

    run.close()
    expected = (decoded / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    assert picture.pixels_BHWC.std() > 0.01
    torch.testing.assert_close(picture.pixels_BHWC, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize(("family", "layout"), LAYOUTS)
def test_a_picture_goes_through_its_latent_and_back_with_its_size(
    opened: Open, tmp_path: Path, family: str, layout: str
) -> None:
    _, checkpoint = opened(family, layout)
    run = LocalRun(paths=Paths.below(tmp_path))
    image = Image(torch.rand(2, 32, 48, 3, generator=torch.Generator().manual_seed(1)))

    latent = encode_latent(run, image, checkpoint.vae)
    back = decode_latent(run, latent, checkpoint.vae)

    run.close()
    assert latent.samples_BChw.shape == (2, 4, 4, 6)
    assert latent.space == checkpoint.model.space
    assert back.pixels_BHWC.shape == image.pixels_BHWC.shape
