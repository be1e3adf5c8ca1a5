"""A picture is changed into another as in diffusers' pipelines, for every family that has one."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from parity.conftest import Openings
from parity.measuring import Case
from parity.staged import HEIGHT, NEGATIVE, PROMPT, STEPS, WIDTH, pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from weft.sdk import Image
from weft_nodes.families.sides import completed

STRENGTH = 0.75
PICTURE = Image(torch.rand(1, HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(21)))
PIPELINES = {
    "sd15": "StableDiffusionImg2ImgPipeline",
    "sd2": "StableDiffusionImg2ImgPipeline",
    "starter": "StableDiffusionImg2ImgPipeline",
    "sdxl": "StableDiffusionXLImg2ImgPipeline",
    "kolors": "KolorsImg2ImgPipeline",
    "sd3": "StableDiffusion3Img2ImgPipeline",
    "flux": "FluxImg2ImgPipeline",
    "chroma": "ChromaImg2ImgPipeline",
    "qwen-image": "QwenImageImg2ImgPipeline",
    "z-image": "ZImageImg2ImgPipeline",
}


def masking(pipeline: Any) -> Any:
    """A pipeline; that of Chroma masks padding, like the one that its family is measured with."""
    if hasattr(pipeline, "_prepare_attention_mask"):
        original = pipeline._prepare_attention_mask
        pipeline._prepare_attention_mask = lambda **names: original(**names).bool()
    return pipeline


def begun(family: str, opened: Openings) -> Steered:
    """Begin with a picture."""
    store, checkpoint = opened(family)
    return Steered(
        pipeline=masking(pipeline_of(family, PIPELINES.get(family, ""))),
        arguments={"image": PICTURE.pixels_BHWC.movedim(-1, 1), "strength": STRENGTH},
        begun={
            "latent_BChw": store.encode_image(checkpoint.vae, PICTURE).samples_BChw,
            "start": "added",
        },
        steps=STEPS,
        skipped=STEPS - int(STEPS * STRENGTH),
    )


def refined(opened: Openings) -> Steered:
    """Go on with a picture by the refiner, which is told that what the negative prompt says is ugly."""
    store, checkpoint = opened("sdxl-refiner")
    prompt, against = (store.encode_prompt(checkpoint.encoder, text) for text in (PROMPT, NEGATIVE))
    positive, negative = completed("sdxl-refiner", prompt, against)
    return replace(begun("sdxl-refiner", opened), prompt=lambda _: positive, job={"negative": negative})


_ASKED: tuple[tuple[Case, Callable[[Openings], Steered]], ...] = (
    *((BASES[family], partial(begun, family)) for family in PIPELINES),
    (replace(BASES["sdxl"], family="sdxl-refiner"), refined),
)
STEERINGS = tuple(
    Steering("Image to image", base, steer, is_native=True, is_effect_measured=False)
    for base, steer in _ASKED
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_a_picture_becomes_another_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
