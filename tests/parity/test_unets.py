"""The families with U-Nets equal diffusers' pipelines in the measure that holds for all families."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import tiny_models
from diffusers import EulerDiscreteScheduler, LatentConsistencyModelPipeline
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, TO_THE_END
from weft_nodes.diffusion.foreign import scheduler_levels
from weft_nodes.diffusion.schedules import schedule

_GUIDED = {"negative_prompt": NEGATIVE, "guidance_scale": 3.0}
# How the turbo models are scheduled.
_TURBO = {"timestep_spacing": "trailing"}


def consistent(made: Any) -> Any:
    """The pipeline of latent consistency models, of the parts of another."""
    return LatentConsistencyModelPipeline(**made.components, requires_safety_checker=False)


CASES = (
    Case("sd15", "ddim", _GUIDED, 3.0, scheduler=TO_THE_END),
    Case("sd2", "ddim", _GUIDED, 3.0, scheduler=TO_THE_END),
    Case("sdxl", "euler", _GUIDED, 3.0, schedule="ddim_uniform"),
    Case("starter", "ddim", _GUIDED, 3.0),
    Case(
        "sdxl",
        "euler",
        {"guidance_scale": 0.0},
        1.0,
        title="Stable Diffusion XL Turbo",
        schedule="simple",
        relative="sdxl-turbo",
    ),
    Case(
        "sd15",
        "lcm",
        # The steps of the pipeline are those of a grid of 50, which "simple" meets where they divide it.
        {"guidance_scale": 8.5, "num_inference_steps": 5},
        1.0,
        title="Latent consistency model of Stable Diffusion 1.x",
        schedule="simple",
        relative="sd15-lcm",
        pipeline=consistent,
        is_drawing=True,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative or case.family)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_simple_schedule_has_the_levels_of_turbo_models(
    opened: Callable[[str, str], Opened], steps: int
) -> None:
    store, checkpoint = opened("sdxl", "folder")
    config = dict(tiny_models.shared("sdxl").scheduler.config) | _TURBO
    scheduler = EulerDiscreteScheduler.from_config(config)
    with warnings.catch_warnings():
        # diffusers 0.42 reads a tensor in a way that numpy 2 calls old.
        warnings.simplefilter("ignore", DeprecationWarning)
        scheduler.set_timesteps(steps)

    ours = schedule("simple", store.noise_space(checkpoint.model), steps)

    assert ours == pytest.approx(scheduler_levels(scheduler), rel=1e-6)
