"""Guidance methods equal the pipelines of diffusers that have them."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import tiny_models
from parity.conftest import Openings
from parity.staged import pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from weft_nodes.diffusion.guidance import Guidance
from weft_nodes.diffusion.methods import Weakening
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention, SkippedBlocks
from weft_nodes.models.guiding import Guiding
from weft_nodes.models.patches import Patch

PERTURBED: dict[str, tuple[str, list[str], Patch]] = {
    "sd15": ("StableDiffusionPAGPipeline", ["mid"], PerturbedAttention()),
    "sdxl": ("StableDiffusionXLPAGPipeline", ["mid"], PerturbedAttention()),
    "sd3": ("StableDiffusion3PAGPipeline", ["blocks.(0|1)"], PerturbedAttention("all")),
}


def away_from(opened: Openings, family: str, patch: Patch, weakening: Weakening, scale: float) -> Any:
    """What a job says that moves away from a weakened network."""
    store, checkpoint = opened(family)
    guiding = Guiding().and_away_from(patch, weakening)
    return {
        "guidance": guiding.applied_to(Guidance(scale)),
        "weakened": tuple(store.network(weak) for weak in guiding.weakened(checkpoint.model)),
    }


def perturbed(family: str, scale: float, opened: Openings) -> Steered:
    """Move away from a network whose attention sees nothing."""
    kind, layers, patch = PERTURBED[family]
    return Steered(
        pipeline=pipeline_of(family, kind, pag_applied_layers=layers),
        arguments={"pag_scale": 2.0},
        job=away_from(opened, family, patch, Weakening(2.0), scale),
    )


def skipping(opened: Openings) -> Steered:
    """Move away from a network without one of its layers, in some of the steps."""
    return Steered(
        pipeline=pipeline_of("sd3"),
        arguments={
            "skip_guidance_layers": [1],
            "skip_layer_guidance_scale": 2.8,
            "skip_layer_guidance_start": 0.01,
            "skip_layer_guidance_stop": 0.6,
        },
        job=away_from(opened, "sd3", SkippedBlocks((1,)), Weakening(2.8, 0.01, 0.6), 3.0),
    )


def free(family: str, opened: Openings) -> Steered:
    """Weigh what the U-Net hands on."""
    _, checkpoint = opened(family)
    # What it weighs is noted in the network itself.
    pipeline = tiny_models.MAKERS[family]()
    pipeline.enable_freeu(s1=0.9, s2=0.2, b1=1.3, b2=1.4)
    model = checkpoint.model.with_patches(FreeU((1.3, 1.4), (0.9, 0.2)))
    return Steered(pipeline=pipeline, checkpoint=replace(checkpoint, model=model))


def rescaled(family: str, _: Openings) -> Steered:
    """Take back some of the contrast that guidance adds."""
    return Steered(
        pipeline=pipeline_of(family),
        arguments={"guidance_rescale": 0.7},
        job={"guidance": Guidance(BASES[family].scale, 0.7)},
    )


def scaled(family: str, scale: float) -> Any:
    """How a family is asked with another guidance scale."""
    base = BASES[family]
    return replace(base, arguments={**base.arguments, "guidance_scale": scale}, scale=scale)


STEERINGS = (
    *(
        Steering(
            "Perturbed attention",
            scaled(family, scale),
            partial(perturbed, family, scale),
            title="without other guidance" * (scale == 1),
            is_native=True,
        )
        for family, scale in (("sd15", 3.0), ("sd15", 1.0), ("sdxl", 3.0), ("sd3", 3.0), ("sd3", 1.0))
    ),
    Steering("Skipped layers", BASES["sd3"], skipping, is_native=True),
    *(Steering("FreeU", BASES[family], partial(free, family), is_native=True) for family in ("sd15", "sdxl")),
    *(
        Steering("Guidance rescale", BASES[family], partial(rescaled, family), is_native=True)
        for family in ("sd15", "sdxl")
    ),
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_guidance_steers_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
