"""Models that read the picture to change, or a map to follow, beside the noise equal diffusers' pipelines."""

from collections.abc import Callable
from typing import Any

import diffusers
import pytest
import torch
from parity.conftest import Opened
from parity.measuring import HEIGHT, WIDTH, Case, assert_parity
from parity.staged import NEGATIVE
from parity.test_flux import of_tokens
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


def of(kind: str, **more: Any) -> Callable[[Any], Any]:
    """Another pipeline of the same parts, which takes its size from the picture."""

    def made(pipeline: Any) -> Any:
        parts = {name: part for name, part in pipeline.components.items() if part is not None}
        return _Sized(getattr(diffusers, kind)(**parts, **more))

    return made


class _Sized:
    """A pipeline that is told the size by the picture alone."""

    def __init__(self, pipeline: Any) -> None:
        self.__dict__["inner"] = pipeline

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.inner, name, value)

    def __call__(self, *, height: int, width: int, **arguments: Any) -> Any:
        assert (height, width) == (HEIGHT, WIDTH)
        return self.inner(**arguments)


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
        pipeline=of(
            "StableDiffusionInstructPix2PixPipeline",
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        ),
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
        pipeline=lambda made: diffusers.StableDiffusionXLInstructPix2PixPipeline(
            **{name: part for name, part in made.components.items() if part is not None},
            add_watermarker=False,
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
        pipeline=lambda made: diffusers.FluxControlPipeline(
            **{name: part for name, part in made.components.items() if part is not None}
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
