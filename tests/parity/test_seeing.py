"""Qwen-Image-Edit equals diffusers' pipelines, whose text encoder sees the pictures that words speak of.

diffusers 0.42 does not tell transformers 5 which tokens are those of pictures, so they get places of one
dimension. The model was trained with two: the pipelines are measured with a text encoder that is told.
"""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any
from unittest import mock

import pytest
import tiny_models
import torch
from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import HEIGHT, NEGATIVE, PROMPT, WIDTH, of_tokens
from PIL import Image as Pillow
from tiny.qwenimage import PATCH, tiny_video_vae
from torch import Tensor
from transformers import Qwen2_5_VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from weft.sdk import Image
from weft_nodes.diffusion.sights import showing
from weft_nodes.diffusion.values import Conditioning
from weft_nodes.models.pixels import encode_pixels
from weft_nodes.models.seeing import EditVersion, Shown

Open = Callable[[str, str], Opened]

PIPELINES = {
    "first": (QwenImageEditPipeline, pipeline_qwenimage_edit),
    "2509": (QwenImageEditPlusPipeline, pipeline_qwenimage_edit_plus),
}


@cache
def picture(width: int, height: int) -> Image:
    """A picture of bytes, which a processor of diffusers takes as it is."""
    drawn = torch.Generator().manual_seed(width + height)
    return Image(torch.randint(0, 256, (1, height, width, 3), generator=drawn).float() / 255)


def pillow(image: Image) -> Any:
    """The same for a pipeline."""
    return Pillow.fromarray((image.pixels_BHWC[0] * 255).round().to(torch.uint8).numpy())


# Of the areas that the versions want, and of sides that need not change to be cut into patches.
SHOWN: dict[EditVersion, tuple[Image, ...]] = {
    "first": (picture(1024, 1024),),
    "2509": (picture(384, 384), picture(1152, 128)),
}
REFERENCE = picture(WIDTH, HEIGHT)


class Processor(Qwen2_5_VLProcessor):  # type: ignore[misc] # transformers is not typed
    """The processor without videos, whose own needs another package."""

    @classmethod
    def get_attributes(cls) -> list[str]:
        """What it is made of."""
        return ["image_processor", "tokenizer"]


def told_pipeline(version: EditVersion, made: Any) -> Any:
    """The editing pipeline of some parts, whose text encoder is told which tokens are pictures."""
    images = Qwen2VLImageProcessorPil(patch_size=PATCH, max_pixels=12845056)
    processor = Processor(image_processor=images, tokenizer=made.tokenizer)
    # Others have the same encoder.
    encoder, token = copy.deepcopy(made.text_encoder), made.text_encoder.config.image_token_id
    pipeline = PIPELINES[version][0](**(made.components | {"text_encoder": encoder}), processor=processor)
    original = encoder.forward

    def told(input_ids: Tensor, **others: Any) -> Any:
        return original(input_ids=input_ids, mm_token_type_ids=(input_ids == token).int(), **others)

    encoder.forward = told
    return pipeline


def small_pipeline(version: EditVersion) -> Callable[[Any], Any]:
    """Make the pipeline show its network small pictures, and its text encoder those of a full size."""

    class Small:
        def __init__(self, made: Any) -> None:
            self.pipeline = told_pipeline(version, made)
            original, seen = self.pipeline.encode_prompt, [pillow(image) for image in SHOWN[version]]
            self.pipeline.encode_prompt = lambda image, **others: original(image=seen, **others)
            self.set_progress_bar_config = self.pipeline.set_progress_bar_config

        @property
        def scheduler(self) -> Any:
            return self.pipeline.scheduler

        @scheduler.setter
        def scheduler(self, scheduler: Any) -> None:
            self.pipeline.scheduler = scheduler

        def __call__(self, **arguments: Any) -> Any:
            # The area is a number within the pipeline.
            size = (WIDTH, HEIGHT, None)[: 3 if version == "first" else 2]
            with mock.patch.object(PIPELINES[version][1], "calculate_dimensions", return_value=size):
                return self.pipeline(image=pillow(REFERENCE), **arguments)

    return Small


def referring(prompt: Conditioning) -> Conditioning:
    """A prompt that shows a picture to change."""
    return showing(prompt, references=[encode_pixels(tiny_video_vae(), REFERENCE)])


def editing(version: EditVersion, title: str) -> Case:
    """A version of the model, shown its pictures."""
    return Case(
        "qwen-image",
        "euler",
        {"true_cfg_scale": 4.0, "negative_prompt": NEGATIVE},
        4.0,
        title=title,
        schedule="simple",
        unpacked=of_tokens,
        condition=referring,
        pipeline=small_pipeline(version),
        shown=Shown(SHOWN[version], version),
    )


CASES = (
    editing("first", "Qwen-Image-Edit (against the pipeline told where pictures stand)"),
    editing("2509", "Qwen-Image-Edit 2509, two pictures (likewise)"),
)


@pytest.mark.parametrize("case", CASES, ids=["first", "2509"])
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


@pytest.mark.parametrize("version", ["first", "2509"])
def test_an_instruction_is_encoded_as_in_the_pipeline(opened: Open, version: EditVersion) -> None:
    store, checkpoint = opened("qwen-image", "folder")
    pipeline = told_pipeline(version, tiny_models.shared("qwen-image"))
    with torch.no_grad():
        states, mask = pipeline.encode_prompt(PROMPT, image=[pillow(image) for image in SHOWN[version]])

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT, Shown(SHOWN[version], version)).entries

    assert mask is None
    torch.testing.assert_close(ours.tensors["encoder_hidden_states"], states, rtol=2e-6, atol=2e-6)
