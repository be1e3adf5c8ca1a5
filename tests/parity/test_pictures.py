"""Models that read the picture to change, or a map to follow, beside the noise equal diffusers' pipelines."""

from collections.abc import Callable

import pytest
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import HEIGHT, NEGATIVE, WIDTH, of_tokens, pipeline_of
from weft_nodes.diffusion.methods import Methods, PictureScale
from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.packing import packed

# What the pipelines take for latents, and do not encode.
PICTURE = torch.randn(1, 4, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(14))
MAP = torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(15))
KEPT = 1.5


def changing(prompt: Conditioning) -> Conditioning:
    """A prompt that shows a picture to change."""
    return showing(prompt, concat_1Chw=PICTURE)


def mapped(prompt: Conditioning) -> Conditioning:
    """A prompt that shows a map to follow."""
    return showing(prompt, concat_1Chw=MAP)


_CHANGED = {
    "negative_prompt": NEGATIVE,
    "guidance_scale": 3.0,
    "image_guidance_scale": KEPT,
    "image": PICTURE,
}
_METHODS = Methods(update=PictureScale(KEPT))

CASES = (
    Case(
        "sd15",
        "ddim",
        _CHANGED,
        3.0,
        title="InstructPix2Pix",
        scheduler={"set_alpha_to_one": True},
        condition=changing,
        relative="sd15-instruct",
        methods=_METHODS,
        pipeline=lambda _: pipeline_of("sd15-instruct", "StableDiffusionInstructPix2PixPipeline"),
    ),
    Case(
        "sdxl",
        "euler",
        _CHANGED | {"original_size": (HEIGHT, WIDTH), "target_size": (HEIGHT, WIDTH)},
        3.0,
        title="InstructPix2Pix of Stable Diffusion XL",
        schedule="ddim_uniform",
        condition=changing,
        relative="sdxl-instruct",
        methods=_METHODS,
        pipeline=lambda _: pipeline_of(
            "sdxl-instruct", "StableDiffusionXLInstructPix2PixPipeline", add_watermarker=False
        ),
    ),
    Case(
        "flux",
        "euler",
        {"guidance_scale": 3.5, "control_image": packed(MAP)},
        1.0,
        title="FLUX.1 Depth and Canny",
        schedule="simple",
        unpacked=of_tokens,
        condition=mapped,
        relative="flux-depth",
        pipeline=lambda _: pipeline_of("flux-depth", "FluxControlPipeline"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
