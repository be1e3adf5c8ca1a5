"""Stochastic samplers: they keep the distribution of the data, and their noise is the caller's."""

import math
from collections.abc import Callable

import pytest
import torch
from sampling_toys import Gaussian, finish, seeded, stable_diffusion_space
from weft_nodes.diffusion import stochastic
from weft_nodes.diffusion.samplers import SAMPLERS
from weft_nodes.diffusion.schedules import schedule
from weft_nodes.diffusion.spaces import FlowSpace, Space
from weft_nodes.diffusion.steps import Asking

SPACES: dict[str, Space] = {"diffusion": stable_diffusion_space(), "flow": FlowSpace(3.0)}
GAUSSIAN = Gaussian()
NAMES = [name for name, sampler in SAMPLERS.items() if sampler.is_stochastic]
# Consistency sampling forgets the latent at each step, which only a distilled network makes up for.
FAITHFUL = sorted(set(NAMES) - {"lcm"})
# dpmpp_3m_sde is of order 2 in the end; its constant there is so small that these steps show more.
WITHOUT_NOISE: dict[str, tuple[Callable[..., Asking], float]] = {
    "euler_ancestral": (stochastic.euler_ancestral, 1),
    "dpm_2_ancestral": (stochastic.dpm_2_ancestral, 2),
    "dpmpp_2s_ancestral": (stochastic.dpmpp_2s_ancestral, 2),
    "dpmpp_sde": (stochastic.dpmpp_sde, 2),
    "dpmpp_2m_sde": (stochastic.dpmpp_2m_sde, 2),
    "dpmpp_3m_sde": (stochastic.dpmpp_3m_sde, 2.4),
    "seeds_2": (stochastic.seeds_2, 2),
}


def _sample(name: str, space: Space, steps: int, draws: int) -> torch.Tensor:
    levels = schedule("karras" if space.sigma_max > 1 else "simple", space, steps)
    scores = torch.randn(draws, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    start = GAUSSIAN.at(space, scores, levels[0])
    program = SAMPLERS[name](space, start, levels, seeded(2, start))
    return finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", FAITHFUL)
def test_mean_and_deviation_of_the_data_are_kept(name: str, space: Space) -> None:
    result = _sample(name, space, 80, 20_000)

    assert float(result.mean()) == pytest.approx(1.3, abs=0.02)
    assert float(result.std()) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_consistency_sampling_keeps_the_mean(space: Space) -> None:
    assert float(_sample("lcm", space, 20, 20_000).mean()) == pytest.approx(1.3, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_noise_gives_the_same_result_bit_for_bit(name: str) -> None:
    assert torch.equal(_sample(name, SPACES["flow"], 8, 64), _sample(name, SPACES["flow"], 8, 64))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", WITHOUT_NOISE)
def test_without_noise_each_is_an_ode_solver_of_its_order(name: str, space: Space) -> None:
    start, order = WITHOUT_NOISE[name]
    high, low = (3.0, 0.5) if space.sigma_max > 1 else (0.9, 0.3)
    scores = torch.linspace(-2, 2, 9, dtype=torch.float64)

    def error(steps: int) -> float:
        # The first steps are short: what a method does before it has a history weighs nothing there.
        levels = [high + (low - high) * (index / steps) ** 2 for index in range(steps + 1)]
        silence = torch.zeros_like(scores)
        program = start(space, GAUSSIAN.at(space, scores, high), levels, lambda: silence, eta=0.0)
        result = finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
        return float((result - GAUSSIAN.at(space, scores, low)).abs().max())

    assert math.log2(error(256) / error(512)) == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_with_pure_noise_at_the_start_stay_finite(name: str, space: Space, steps: int) -> None:
    assert bool(_sample(name, space, steps, 16).isfinite().all())


def test_fewer_stages_of_the_extended_sde_are_less_precise() -> None:
    space = SPACES["diffusion"]
    levels = schedule("karras", space, 12)
    start = GAUSSIAN.at(space, torch.linspace(-1, 1, 9, dtype=torch.float64), levels[0])

    def error(max_stage: int) -> float:
        noises = torch.zeros_like(start)
        program = stochastic.er_sde(space, start, levels, lambda: noises, max_stage=max_stage)
        result = finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
        # Without its noise the SDE contracts to the mean.
        return float((result.mean() - 1.3).abs())

    assert error(3) <= error(1) + 1e-9


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("name", NAMES)
def test_the_last_step_ends_on_the_denoised_latent(name: str, space: Space) -> None:
    levels = schedule("simple", space, 5)
    answers: list[torch.Tensor] = []

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        answers.append(GAUSSIAN.denoise(space, x, sigma))
        return answers[-1]

    start = GAUSSIAN.at(space, torch.linspace(-2, 2, 9, dtype=torch.float64), levels[0])
    result = finish(SAMPLERS[name](space, start, levels, seeded(2, start)), denoise)

    torch.testing.assert_close(result, answers[-1], atol=1e-12, rtol=0)


def test_a_consistency_step_is_the_denoised_latent_under_fresh_noise() -> None:
    flow = SPACES["flow"]
    start, fresh = torch.tensor([1.0, -1.0]), torch.tensor([0.5, 2.0])

    result = finish(stochastic.lcm(flow, start, [0.8, 0.25], lambda: fresh), lambda x, sigma: 3 * x)

    torch.testing.assert_close(result, 0.75 * 3 * start + 0.25 * fresh)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_an_ancestral_step_without_noise_is_an_euler_step(space: Space) -> None:
    levels = schedule("simple", space, 6)
    start = GAUSSIAN.at(space, torch.linspace(-2, 2, 9, dtype=torch.float64), levels[0])

    silent = stochastic.euler_ancestral(space, start, levels, lambda: torch.zeros_like(start), eta=0.0)

    result = finish(silent, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
    euler = SAMPLERS["euler"](space, start, levels, seeded(0, start))
    expected = finish(euler, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma))
    torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("name", sorted(set(FAITHFUL) - {"ddpm", "er_sde"}))
def test_more_noise_per_step_spreads_pictures_of_one_start_further(name: str) -> None:
    space = SPACES["diffusion"]
    levels = schedule("karras", space, 12)
    start = GAUSSIAN.at(space, torch.zeros(2_000, dtype=torch.float64), levels[0])

    def spread(eta: float) -> float:
        program = getattr(stochastic, name)(space, start, levels, seeded(4, start), eta=eta)
        return float(finish(program, lambda x, sigma: GAUSSIAN.denoise(space, x, sigma)).std())

    assert spread(0.0) < 1e-9
    assert spread(0.3) < spread(1.0)
