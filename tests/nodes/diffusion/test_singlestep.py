"""Deterministic one-step samplers on data with an exact solution, and their runs split in two."""

import math

import pytest
import torch
from sampling_toys import Gaussian, finish, no_noise, stable_diffusion_space, trace
from weft_nodes.diffusion import singlestep
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import FlowSpace, Space

SPACES: dict[str, Space] = {"diffusion": stable_diffusion_space(), "flow": FlowSpace()}
GAUSSIAN = Gaussian()
SCORES = torch.linspace(-2, 2, 9, dtype=torch.float64)
NAMES = ["euler", "ddim", "heun", "dpm_2"]


def _error(name: str, space: Space, steps: int) -> float:
    high, low = (14.0, 0.05) if space.sigma_max > 1 else (0.98, 0.05)
    levels = [
        (high ** (1 / 3) + (low ** (1 / 3) - high ** (1 / 3)) * i / steps) ** 3 for i in range(steps + 1)
    ]
    program = SAMPLERS[name](space, GAUSSIAN.at(space, SCORES, high), levels, no_noise)
    result = finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
    return float((result - GAUSSIAN.at(space, SCORES, levels[-1])).abs().max())


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_halving_the_steps_shrinks_the_error_by_the_noted_order(name: str, space: Space) -> None:
    errors = [_error(name, space, steps) for steps in (64, 128)]

    assert math.log2(errors[0] / errors[1]) == pytest.approx(SAMPLERS[name].order, abs=0.15)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_run_split_in_two_ends_bit_for_bit_where_the_whole_one_does(
    name: str, space: Space, at: int
) -> None:
    levels = schedule("normal", space, 10)
    start = torch.randn(64, generator=torch.Generator().manual_seed(0)) * levels[0]

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        return GAUSSIAN.denoise(space, x, sigma)

    first = finish(SAMPLERS[name](space, start, levels[: at + 1], no_noise), denoise)
    second = finish(SAMPLERS[name](space, first, levels[at:], no_noise), denoise)

    assert torch.equal(second, finish(SAMPLERS[name](space, start, levels, no_noise), denoise))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_the_last_step_ends_on_the_denoised_latent(name: str, space: Space) -> None:
    levels = schedule("normal", space, 4)
    start = torch.ones(3, dtype=torch.float64) * levels[0]

    asked = trace(SAMPLERS[name](space, start, levels, no_noise), lambda x, s: GAUSSIAN.denoise(space, x, s))

    last_question, result = asked[-2], asked[-1][0]
    torch.testing.assert_close(result, GAUSSIAN.denoise(space, *last_question))


def test_fresh_noise_in_ddim_keeps_the_distribution() -> None:
    space, draws = SPACES["diffusion"], 20_000
    generator = torch.Generator().manual_seed(0)
    levels = schedule("karras", space, 60)
    start = GAUSSIAN.at(space, torch.randn(draws, generator=generator), levels[0])

    program = singlestep.ddim(space, start, levels, lambda: torch.randn(draws, generator=generator), eta=0.5)
    result = finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))

    assert float(result.mean()) == pytest.approx(1.3, abs=0.02)
    assert float(result.std()) == pytest.approx(0.5, abs=0.05)


def test_a_midpoint_step_asks_in_the_middle_of_log_sigma() -> None:
    asked = trace(
        singlestep.midpoint_step(torch.ones(2), 4.0, 1.0),
        lambda x, sigma: GAUSSIAN.denoise(FlowSpace(), x, sigma),
    )

    assert [sigma for _, sigma in asked] == [4.0, 2.0, -1.0]
