"""The families with U-Nets equal diffusers' pipelines in the measure that holds for all families."""

import warnings
from collections.abc import Callable

import pytest
import tiny_models
from diffusers import EulerDiscreteScheduler
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE
from weft_nodes.diffusion.foreign import scheduler_levels
from weft_nodes.diffusion.schedules import schedule

# Our samplers end at no noise at all, not at that of the first training step.
_TO_THE_END = {"set_alpha_to_one": True}
_GUIDED = {"negative_prompt": NEGATIVE, "guidance_scale": 3.0}
# How the turbo models are scheduled.
_TURBO = {"timestep_spacing": "trailing"}

CASES = (
    Case("sd15", "ddim", _GUIDED, 3.0, scheduler=_TO_THE_END),
    Case("sd2", "ddim", _GUIDED, 3.0, scheduler=_TO_THE_END),
    Case("sdxl", "euler", _GUIDED, 3.0, schedule="ddim_uniform"),
    Case("starter", "ddim", _GUIDED, 3.0),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_the_stages_equal_the_pipeline(opened: Callable[[str, str], Opened], case: Case) -> None:
    assert_parity(opened, case)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_simple_schedule_has_the_levels_of_turbo_models(
    opened: Callable[[str, str], Opened], steps: int
) -> None:
    store, checkpoint = opened("sdxl", "folder")
    config = dict(tiny_models.MAKERS["sdxl"]().scheduler.config) | _TURBO
    scheduler = EulerDiscreteScheduler.from_config(config)
    with warnings.catch_warnings():
        # diffusers 0.42 reads a tensor in a way that numpy 2 calls old.
        warnings.simplefilter("ignore", DeprecationWarning)
        scheduler.set_timesteps(steps)

    ours = schedule("simple", store.noise_space(checkpoint.model), steps)

    assert ours == pytest.approx(scheduler_levels(scheduler), rel=1e-6)
