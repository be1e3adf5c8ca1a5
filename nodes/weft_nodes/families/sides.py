"""What networks are told of a picture besides words, and what each side of guidance says of it unasked.

Podell et al. 2023 (SDXL), section 2.2: the network is told the original size of a picture, how far it is
cropped and the target size; the refiner a score of its beauty in place of the last.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from weft_nodes.diffusion.values import Conditioning
from weft_nodes.families.facts import FACTS

SIZES: Final = "time_ids"
"""Name of the input of sizes [1, 6]: height, width, top, left, height and width; 0 is that of the picture."""

SCORE: Final = "aesthetic_score"
"""Name of the input of a picture's beauty [1, 1], 0..10."""


def completed(
    family: str, positive: Conditioning, negative: Conditioning | None
) -> tuple[Conditioning, Conditioning | None]:
    """Let prompts say what a family tells each side of guidance apart, where they leave it open.

    A refiner is told that what the negative prompt asks for is ugly. All prompts then say the same kinds of
    things, so that one forward serves them.

    Args:
        family: Id of the family.
        positive: What the picture shall show.
        negative: What it shall not show.

    Returns:
        Both, unchanged where nothing is missing.
    """
    scores = FACTS[family].scores
    given = (*positive.entries, *(negative.entries if negative else ()))
    told = {SIZES: torch.zeros(1, 6)} if any(SIZES in entry.tensors for entry in given) else {}
    beautiful, ugly = ({SCORE: torch.tensor([[score]])} for score in scores) if scores else ({}, {})
    return (
        _filled(positive, {**told, **beautiful}),
        None if negative is None else _filled(negative, {**told, **ugly}),
    )


def _filled(conditioning: Conditioning, told: Mapping[str, Tensor]) -> Conditioning:
    if all(told.keys() <= entry.tensors.keys() for entry in conditioning.entries):
        return conditioning
    return Conditioning(
        tuple(replace(entry, tensors={**told, **entry.tensors}) for entry in conditioning.entries)
    )
