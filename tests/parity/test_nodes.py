"""What a user's nodes draw equals the picture of diffusers' own pipeline."""

import asyncio

import pytest
import torch
from parity.conftest import Openings
from parity.staged import HEIGHT, NEGATIVE, PROMPT, SEED, STEPS, WIDTH
from parity.test_pipelines import SCALE, reference
from weft.sdk import Image, Run
from weft_nodes.families import Checkpoint
from weft_nodes.latents import decode_latent, empty_latent, encode_latent
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent


def drawn(run: Run, checkpoint: Checkpoint, sampler: str) -> Image:
    """A picture as the nodes of a workflow make it."""
    work = sample_latent(
        run,
        checkpoint.model,
        encode_prompt(run, checkpoint.encoder, PROMPT),
        encode_prompt(run, checkpoint.encoder, NEGATIVE),
        empty_latent(checkpoint.model, WIDTH, HEIGHT),
        seed=SEED,
        steps=STEPS,
        guidance_scale=SCALE,
        sampler=sampler,
        schedule="ddim_uniform",
    )
    return decode_latent(run, asyncio.run(work), checkpoint.vae)


@pytest.mark.parametrize(
    ("family", "layout", "sampler"),
    [("sd15", "file", "euler"), ("sd2", "folder", "ddim"), ("sdxl", "file", "euler")],
)
def test_a_picture_equals_the_pipelines(opened: Openings, family: str, layout: str, sampler: str) -> None:
    _, checkpoint = opened(family, layout)
    theirs = reference(family, sampler, output="pt").made

    ours = drawn(opened.run, checkpoint, sampler).pixels_BHWC

    assert ours.std() > 0.01
    torch.testing.assert_close(ours, theirs.movedim(1, -1), atol=2e-5, rtol=0)


@pytest.mark.parametrize(("family", "layout"), [("sd15", "file"), ("sd2", "folder"), ("sdxl", "file")])
def test_a_picture_goes_through_its_latent_and_back_with_its_size(
    opened: Openings, family: str, layout: str
) -> None:
    _, checkpoint = opened(family, layout)
    image = Image(torch.rand(2, 32, 48, 3, generator=torch.Generator().manual_seed(1)))

    latent = encode_latent(opened.run, image, checkpoint.vae)
    back = decode_latent(opened.run, latent, checkpoint.vae)

    assert latent.samples_BChw.shape == (2, 4, 4, 6)
    assert latent.space == checkpoint.model.space
    assert back.pixels_BHWC.shape == image.pixels_BHWC.shape
