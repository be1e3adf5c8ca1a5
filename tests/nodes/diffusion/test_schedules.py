"""Schedules: falling levels in every space, and the numbers of diffusers and scipy where they define one.

Where a schedule differs from diffusers' of the same name:
    normal: diffusers' "linspace" interpolates sigma between levels, k-diffusion and weft its logarithm.
    simple: diffusers' "trailing" rounds fractional steps to even, weft down; equal where steps divide 1000.
    beta: diffusers puts the quantiles on sigma; the paper puts them on time.
    sgm_uniform on diffusion spaces, kl_optimal: diffusers has none.
"""

import math
from itertools import pairwise

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)
from diffusers.pipelines.mochi.pipeline_mochi import linear_quadratic_schedule
from sampling_toys import STABLE_DIFFUSION, stable_diffusion_space
from weft_nodes.diffusion.errors import ScheduleError, UnknownScheduleError
from weft_nodes.diffusion.schedules import SCHEDULES, beta_quantile, is_falling, schedule
from weft_nodes.diffusion.spaces import EDMSpace, FlowSpace, Space

# diffusers 0.42 hands tensors to numpy in a way that numpy 2.4 warns of; remove when it no longer does.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

SD = stable_diffusion_space()
SPACES: dict[str, Space] = {"diffusion": SD, "flow": FlowSpace(3.0), "edm": EDMSpace()}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 20, 97])
def test_every_schedule_falls_from_within_the_trained_range_to_zero(
    name: str, space: Space, steps: int
) -> None:
    levels = schedule(name, space, steps)

    assert len(levels) == steps + 1
    assert is_falling(levels)
    assert levels[-1] == 0.0
    assert levels[0] <= space.sigma_max * (1 + 1e-9)


STARTS_AT_THE_TOP = sorted(set(SCHEDULES) - {"ddim_uniform"})


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", STARTS_AT_THE_TOP)
def test_schedules_begin_at_the_highest_level(name: str, space: Space) -> None:
    assert schedule(name, space, 20)[0] == pytest.approx(space.sigma_max)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", ["normal", "karras", "exponential", "kl_optimal"])
def test_schedules_that_include_both_ends_stop_at_the_lowest_level(name: str, space: Space) -> None:
    assert schedule(name, space, 20)[-2] == pytest.approx(space.sigma_min)


@pytest.mark.parametrize("name", SCHEDULES)
def test_part_of_the_denoising_is_the_end_of_a_longer_schedule(name: str) -> None:
    assert schedule(name, SD, 10, denoise=0.5) == schedule(name, SD, 20)[-11:]


def test_a_share_that_does_not_divide_the_steps_is_rounded_down() -> None:
    assert schedule("karras", SD, 10, denoise=0.6) == schedule("karras", SD, 16)[-11:]


def test_no_denoising_walks_nothing() -> None:
    assert schedule("karras", SD, 10, denoise=0.0) == (0.0,)


def test_karras_and_exponential_equal_diffusers() -> None:
    for name, option in (("karras", "use_karras_sigmas"), ("exponential", "use_exponential_sigmas")):
        scheduler = EulerDiscreteScheduler(**STABLE_DIFFUSION, **{option: True})
        scheduler.set_timesteps(20)

        assert schedule(name, SD, 20) == pytest.approx(scheduler.sigmas.tolist(), rel=1e-5)


def test_karras_on_a_flow_equals_diffusers() -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(use_karras_sigmas=True)
    scheduler.set_timesteps(20)

    assert schedule("karras", FlowSpace(), 20) == pytest.approx(scheduler.sigmas.tolist(), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "spacing", "steps"),
    [
        ("ddim_uniform", "leading", 20),
        ("ddim_uniform", "leading", 30),
        ("simple", "trailing", 20),
        ("simple", "trailing", 50),
        ("normal", "linspace", 28),
    ],
)
def test_spacings_of_training_time_equal_diffusers(name: str, spacing: str, steps: int) -> None:
    scheduler = EulerDiscreteScheduler(**STABLE_DIFFUSION, timestep_spacing=spacing)
    scheduler.set_timesteps(steps)

    assert schedule(name, SD, steps) == pytest.approx(scheduler.sigmas.tolist(), rel=1e-4)


def test_the_ddim_spacing_is_that_of_stable_diffusion() -> None:
    scheduler = DDIMScheduler(**STABLE_DIFFUSION)
    scheduler.set_timesteps(20)

    told = [SD.timestep(level) for level in schedule("ddim_uniform", SD, 20)[:-1]]

    assert told == scheduler.timesteps.tolist()


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_simple_on_a_flow_is_what_flow_pipelines_pass(shift: float) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=[1 - index / 28 for index in range(28)])

    assert schedule("simple", FlowSpace(shift), 28) == pytest.approx(scheduler.sigmas.tolist(), rel=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 4, 7, 8, 15, 33, 50])
def test_lcm_takes_the_levels_that_the_networks_were_distilled_at(steps: int) -> None:
    theirs = LCMScheduler(**STABLE_DIFFUSION)
    theirs.set_timesteps(steps)

    levels = schedule("lcm", SD, steps)[:-1]

    assert [round(SD.timestep(level)) for level in levels] == theirs.timesteps.tolist()


def test_sgm_uniform_on_a_flow_is_what_video_pipelines_use() -> None:
    scheduler = UniPCMultistepScheduler(
        use_flow_sigmas=True, flow_shift=3.0, prediction_type="flow_prediction"
    )
    scheduler.set_timesteps(20)

    levels = schedule("sgm_uniform", FlowSpace(3.0), 20)

    # diffusers lays the levels out on 1 - sigma of an even ladder, and never begins at exactly 1.
    assert levels == pytest.approx(scheduler.sigmas.tolist(), abs=2e-3)


@pytest.mark.parametrize("steps", [2, 7, 30])
def test_linear_quadratic_equals_the_one_of_mochi(steps: int) -> None:
    expected = linear_quadratic_schedule(steps, 0.025)

    assert schedule("linear_quadratic", FlowSpace(), steps)[:-1] == pytest.approx(expected)


def test_kl_optimal_divides_the_angle_between_noise_and_signal() -> None:
    for space in (SD, FlowSpace()):
        levels = schedule("kl_optimal", space, 12)[:-1]

        angles = [math.atan2(level, space.alpha(level)) for level in levels]

        distances = [a - b for a, b in pairwise(angles)]
        assert distances == pytest.approx([distances[0]] * 11)


@pytest.mark.parametrize(("alpha", "beta"), [(0.6, 0.6), (0.5, 0.7), (2.0, 3.0), (1.0, 1.0)])
def test_beta_quantiles_equal_scipy(alpha: float, beta: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    shares = [0.0, 1e-9, 1e-4, 0.013, 0.25, 0.5, 0.66, 0.9, 0.9999, 1.0]

    found = [beta_quantile(share, alpha, beta) for share in shares]

    assert found == pytest.approx(stats.beta.ppf(shares, alpha, beta).tolist(), rel=1e-9, abs=1e-13)


def test_beta_quantiles_of_a_symmetric_distribution_are_symmetric() -> None:
    assert beta_quantile(0.5, 0.6, 0.6) == pytest.approx(0.5)
    assert beta_quantile(0.1, 0.6, 0.6) == pytest.approx(1 - beta_quantile(0.9, 0.6, 0.6))


def test_the_beta_schedule_is_dense_at_both_ends() -> None:
    told = torch.tensor([SD.timestep(level) for level in schedule("beta", SD, 20)[:-1]])

    distances = -told.diff()

    assert distances[0] < distances[9]
    assert distances[-1] < distances[9]


def test_an_unknown_schedule_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownScheduleError) as caught:
        schedule("karas", SD, 20)

    assert caught.value.code == "unknown-schedule"
    assert '"karras"' in caught.value.hint


@pytest.mark.parametrize(("steps", "denoise"), [(0, 1.0), (-3, 1.0), (20, 1.2), (20, -0.1)])
def test_steps_or_denoise_out_of_range_are_refused(steps: int, denoise: float) -> None:
    with pytest.raises(ScheduleError):
        schedule("karras", SD, steps, denoise=denoise)


def test_more_steps_than_trained_levels_are_refused_where_levels_are_picked() -> None:
    with pytest.raises(ScheduleError, match="2000"):
        schedule("simple", SD, 20, denoise=0.01)


@pytest.mark.parametrize(
    "levels", [(1.0, 1.0, 0.0), (1.0, 2.0), (1.0, -0.1), (math.inf, 1.0), (math.nan, 0.0)]
)
def test_lists_that_are_not_falling_levels_are_told_apart(levels: tuple[float, ...]) -> None:
    assert not is_falling(levels)
