"""What prompts say of sizes is heard as in the pipelines of diffusers that can say it."""

from functools import partial

import pytest
from parity.conftest import Openings
from parity.staged import NEGATIVE, pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from weft_nodes.families.sides import completed
from weft_nodes.hints import set_size_hint


def sized(family: str, opened: Openings) -> Steered:
    """Say that the original was large and is cut, and that it is not to be as if it had been small."""
    store, checkpoint = opened(family)
    blurred = set_size_hint(store.encode_prompt(checkpoint.encoder, NEGATIVE), 24, 16, crop_top=4)
    return Steered(
        pipeline=pipeline_of(family),
        arguments={
            "original_size": (128, 192),
            "crops_coords_top_left": (8, 16),
            "target_size": (256, 384),
            "negative_original_size": (16, 24),
            "negative_crops_coords_top_left": (4, 0),
            "negative_target_size": (64, 96),
        },
        prompt=lambda prompt: set_size_hint(
            prompt, 192, 128, crop_left=16, crop_top=8, target_width=384, target_height=256
        ),
        job={"negative": blurred},
    )


def blurred(opened: Openings) -> Steered:
    """Say nothing of the picture, and that it is not to be as if it had been small."""
    store, checkpoint = opened("sdxl")
    prompt, against = (store.encode_prompt(checkpoint.encoder, text) for text in ("a star", NEGATIVE))
    positive, negative = completed("sdxl", prompt, set_size_hint(against, 24, 16))
    return Steered(
        pipeline=pipeline_of("sdxl"),
        arguments={"prompt": "a star", "negative_original_size": (16, 24), "negative_target_size": (64, 96)},
        prompt=lambda _: positive,
        job={"negative": negative},
    )


STEERINGS = (
    *(
        Steering("Size hint", BASES[name], partial(sized, name), is_native=True)
        for name in ("sdxl", "kolors")
    ),
    Steering("Size hint", BASES["sdxl"], blurred, title="of the negative prompt alone", is_native=True),
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_sizes_are_heard_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
