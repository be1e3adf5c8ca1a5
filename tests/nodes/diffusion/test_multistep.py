"""Multistep samplers on data with an exact solution: the order they promise, in both kinds of space."""

import math
from collections.abc import Sequence

import pytest
import torch
from sampling_toys import Gaussian, finish, no_noise, stable_diffusion_space, trace
from weft_nodes.diffusion import multistep
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import FlowSpace, Space

SPACES: dict[str, Space] = {"diffusion": stable_diffusion_space(), "flow": FlowSpace()}
GAUSSIAN = Gaussian()
SCORES = torch.linspace(-2, 2, 9, dtype=torch.float64)
NAMES = [name for name, sampler in SAMPLERS.items() if sampler.has_history and not sampler.is_stochastic]


def _graded(low: float, high: float, steps: int) -> list[float]:
    """Levels with first steps so short that it does not weigh what a method does without a history."""
    middle = (low + high) / 2
    return [middle + (high - middle) * (1 - (i / steps) ** 3) for i in range(steps)] + [
        middle + (low - middle) * i / steps for i in range(steps + 1)
    ]


def _error(name: str, space: Space, steps: int) -> float:
    high, low = (3.0, 0.5) if space.sigma_max > 1 else (0.9, 0.3)
    levels = _graded(low, high, steps)
    # Three more steps follow the level that is looked at, because some methods lower their order at the end.
    after = [low * (1 - index / 100) for index in (1, 2, 3)]
    program = SAMPLERS[name](space, GAUSSIAN.at(space, SCORES, high), [*levels, *after], no_noise)
    asked = trace(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
    result = [x for x, sigma in asked if sigma == levels[-1]][-1]
    return float((result - GAUSSIAN.at(space, SCORES, levels[-1])).abs().max())


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_halving_the_steps_shrinks_the_error_by_at_least_the_noted_order(name: str, space: Space) -> None:
    errors = [_error(name, space, steps) for steps in (96, 192)]

    assert math.log2(errors[0] / errors[1]) > SAMPLERS[name].order - 0.25


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_come_close_to_the_exact_solution(name: str, space: Space) -> None:
    levels = schedule("karras" if space.sigma_max > 1 else "simple", space, 20)
    start = GAUSSIAN.at(space, SCORES, levels[0])

    result = finish(
        SAMPLERS[name](space, start, levels, no_noise), lambda x, sigma: GAUSSIAN.denoise(space, x, sigma)
    )

    euler = finish(
        SAMPLERS["euler"](space, start, levels, no_noise), lambda x, sigma: GAUSSIAN.denoise(space, x, sigma)
    )
    exact = GAUSSIAN.at(space, SCORES, 0.0)
    assert float((result - exact).abs().max()) < 1.2 * float((euler - exact).abs().max())


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_with_pure_noise_at_the_start_stay_finite(name: str, space: Space, steps: int) -> None:
    levels = schedule("simple", space, steps)
    start = GAUSSIAN.at(space, SCORES, levels[0])

    asked = trace(SAMPLERS[name](space, start, levels, no_noise), lambda x, s: GAUSSIAN.denoise(space, x, s))

    assert len(asked) == steps + 1
    assert all(bool(x.isfinite().all()) for x, _ in asked)


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_denoised_latent_is_reached_exactly(name: str) -> None:
    levels = schedule("karras", SPACES["diffusion"], 12)
    target = torch.linspace(-1, 1, 5, dtype=torch.float64)

    result = finish(
        SAMPLERS[name](SPACES["diffusion"], target + 14.0, levels, no_noise), lambda _x, _sigma: target
    )

    torch.testing.assert_close(result, target)


@pytest.mark.parametrize(("order", "expected"), [(1, 1.0), (2, 2.0), (3, 3.0)])
def test_deis_has_the_order_it_is_asked_for(order: int, expected: float) -> None:
    space = SPACES["diffusion"]

    def error(steps: int) -> float:
        levels = _graded(0.5, 3.0, steps)
        program = multistep.deis(space, GAUSSIAN.at(space, SCORES, levels[0]), levels, no_noise, order=order)
        result = finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
        return float((result - GAUSSIAN.at(space, SCORES, levels[-1])).abs().max())

    assert math.log2(error(96) / error(192)) == pytest.approx(expected, abs=0.3)


def test_the_predictor_corrector_is_more_precise_than_its_predictor() -> None:
    assert _error("uni_pc_bh2", SPACES["diffusion"], 24) < _error("dpmpp_2m", SPACES["diffusion"], 24)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_the_first_step_knows_no_past_and_is_an_euler_step(name: str, space: Space) -> None:
    levels = [space.at_share(share) for share in (0.8, 0.7, 0.6, 0.5)]
    start = GAUSSIAN.at(space, SCORES, levels[0])

    def second_question(sampler: str) -> torch.Tensor:
        program = SAMPLERS[sampler](space, start, levels, no_noise)
        asked = trace(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
        return asked[1][0]

    torch.testing.assert_close(second_question(name), second_question("euler"))


@pytest.mark.parametrize("name", NAMES)
def test_steps_see_nothing_of_levels_that_lie_far_ahead(name: str) -> None:
    space = SPACES["diffusion"]
    levels = schedule("karras", space, 14)
    start = GAUSSIAN.at(space, SCORES, levels[0])

    def questions(ladder: Sequence[float]) -> list[torch.Tensor]:
        program = SAMPLERS[name](space, start, ladder, no_noise)
        return [x for x, _ in trace(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))]

    # Methods that lower their order at the end know how many levels are left, so that number stays.
    other = [*levels[:8], *(level * 0.9 for level in levels[8:])]
    assert all(torch.equal(a, b) for a, b in zip(questions(levels)[:8], questions(other)[:8], strict=True))
