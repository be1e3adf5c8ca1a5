"""CosXL and CosXL Edit, the network of SDXL on noise levels of its own, equal diffusers' pipelines."""

from collections.abc import Callable

import pytest
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import HEIGHT, NEGATIVE, WIDTH, pipeline_of
from weft_nodes.diffusion.methods import Methods, PictureScale
from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning

# As the autoencoder gives it; the pipeline brings it to the size of latents, and so does our network.
PICTURE = torch.randn(1, 4, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(16))
SIZE = {"original_size": (HEIGHT, WIDTH), "target_size": (HEIGHT, WIDTH)}
KEPT = 1.5
ROUNDED = "a first step from noise of 120 rounds what it leaves, by whichever program"


def changing(prompt: Conditioning) -> Conditioning:
    """A prompt that shows a picture to change."""
    return showing(prompt, concat_1Chw=PICTURE)


CASES = (
    Case(
        "sdxl",
        "euler",
        {"negative_prompt": NEGATIVE, "guidance_scale": 3.0, **SIZE},
        3.0,
        title="CosXL",
        schedule="exponential",
        relative="cosxl",
        wider=ROUNDED,
    ),
    Case(
        "sdxl",
        "euler",
        {
            "negative_prompt": NEGATIVE,
            "guidance_scale": 3.0,
            "image_guidance_scale": KEPT,
            "image": PICTURE,
            **SIZE,
        },
        3.0,
        title="CosXL Edit",
        schedule="exponential",
        condition=changing,
        relative="cosxl-edit",
        wider=ROUNDED,
        methods=Methods(update=PictureScale(KEPT)),
        pipeline=lambda _: pipeline_of(
            "cosxl-edit",
            "StableDiffusionXLInstructPix2PixPipeline",
            add_watermarker=False,
            is_cosxl_edit=True,
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
