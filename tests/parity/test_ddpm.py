"""Unconditional models of pictures equal both of diffusers' pipelines."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from diffusers import DDIMPipeline, DDPMPipeline
from parity.conftest import Opened
from parity.measuring import Case, assert_parity

# Each pixel costs as much as a latent one.
SIZE = (32, 48)


def sized(pipeline: Any, kind: Any = DDPMPipeline) -> Any:
    """A pipeline of the same network, which says the size of the picture."""
    unet = copy.deepcopy(pipeline.unet)
    unet.register_to_config(sample_size=SIZE)
    return kind(unet, pipeline.scheduler)


CASES = (
    Case("ddpm", "ddpm", {}, 1.0, title="DDPM", schedule="ddim_uniform", pipeline=sized, is_drawing=True),
    Case(
        "ddpm",
        "ddpm",
        {},
        1.0,
        title="DDPM, with the smaller variance",
        schedule="ddim_uniform",
        relative="ddpm-small",
        pipeline=sized,
        is_drawing=True,
    ),
    Case(
        "ddpm",
        "ddim",
        # Without it diffusers goes on with noise that does not belong to the clipped picture.
        {"use_clipped_model_output": True},
        1.0,
        title="DDIM",
        schedule="ddim_uniform",
        pipeline=lambda made: sized(made, DDIMPipeline),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)
