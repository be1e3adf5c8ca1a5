"""Hints: what networks learned to be told of a picture besides words, such as how large it shall look."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

import torch
from torch import Tensor
from weft.sdk import Number, Slider, node

from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.network import GUIDANCE
from weft_nodes.families.sides import SCORE, SIZES
from weft_nodes.models.handles import PROMPT_TRAITS

_LARGEST: Final = 16384


@node(
    "prompt.guidance",
    lane="inline",
    output="conditioning",
    accepts={"conditioning": PROMPT_TRAITS},
    gives={"conditioning": PROMPT_TRAITS},
)
def set_guidance(
    conditioning: Conditioning, guidance: Annotated[float, Slider(0, 30, step=0.1)] = 3.5
) -> Conditioning:
    """Say how strictly a prompt is to be followed, to models that learned to be told, such as FLUX.1 dev.

    That costs nothing, unlike the guidance of the sampler, which asks the model twice. Other models do not
    listen.

    Args:
        conditioning: The prompt.
        guidance: What the model is told, 0..30; each model has a value it is used to, 3.5 for FLUX.1 dev.

    Returns:
        The prompt with that guidance.
    """
    return _telling(conditioning, {GUIDANCE: torch.tensor([guidance])})


@node(
    "prompt.size_hint",
    lane="inline",
    output="conditioning",
    accepts={"conditioning": {**PROMPT_TRAITS, "sizes": "told"}},
    gives={"conditioning": {**PROMPT_TRAITS, "sizes": "told"}},
)
def set_size_hint(
    conditioning: Conditioning,
    original_width: Annotated[int, Number(0, _LARGEST, step=64)] = 0,
    original_height: Annotated[int, Number(0, _LARGEST, step=64)] = 0,
    *,
    crop_left: Annotated[int, Number(0, _LARGEST, step=8)] = 0,
    crop_top: Annotated[int, Number(0, _LARGEST, step=8)] = 0,
    target_width: Annotated[int, Number(0, _LARGEST, step=64)] = 0,
    target_height: Annotated[int, Number(0, _LARGEST, step=64)] = 0,
    aesthetic_score: Annotated[float, Slider(0, 10, step=0.1)] = 0.0,
) -> Conditioning:
    """Tell Stable Diffusion XL and Kolors how large the original of a picture seems, and how it was cut.

    They learned from pictures together with how large each had been, where it was cut and how large it became
    (Podell et al. 2023, section 2.2), and what they are told shows. A small original looks blurred, as if it
    had been enlarged, which is a thing to say in a negative prompt; a large one looks sharp and rich in
    detail. The picture still has the size of its latent.

    Args:
        conditioning: The prompt, positive or negative.
        original_width: Width that the picture seems to have had, in pixels; 0 is that of the picture, which
            is what such a model is told where this node is missing.
        original_height: Height that it seems to have had, in pixels; 0 is that of the picture.
        crop_left: Pixels that seem to be cut off at the left; with more, the subject leaves the picture
            there. 0 keeps it in the middle.
        crop_top: Pixels that seem to be cut off at the top.
        target_width: Width that it seems to be made for, in pixels; 0 is that of the picture. The refiner
            does not read it.
        target_height: Height that it seems to be made for, in pixels; 0 is that of the picture.
        aesthetic_score: How beautiful it is to be, 0..10, which the refiner alone reads; 0 leaves it as
            it is: unless told, 6 for a positive and 2.5 for a negative prompt.

    Returns:
        The prompt with these hints, in place of any before.
    """
    sizes = (original_height, original_width, crop_top, crop_left, target_height, target_width)
    told = {SIZES: torch.tensor([sizes], dtype=torch.float32)}
    if aesthetic_score:
        told[SCORE] = torch.tensor([[aesthetic_score]])
    return _telling(conditioning, told)


def _telling(conditioning: Conditioning, told: Mapping[str, Tensor]) -> Conditioning:
    """Let every prompt say something more."""
    return Conditioning(
        tuple(replace(entry, tensors={**entry.tensors, **told}) for entry in conditioning.entries)
    )
