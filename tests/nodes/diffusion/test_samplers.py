"""Samplers beside diffusers' schedulers, on a smooth network, in float32.

Each sampler with a counterpart runs with the scheduler's own levels and noise. Some schedulers truncate the
time they tell the network to whole numbers; here both sides tell the exact time.

sampler              diffusion spaces                      flow spaces
euler                EulerDiscrete, also Karras levels     FlowMatchEulerDiscrete
euler_ancestral      EulerAncestralDiscrete                LTXEulerAncestralRF
heun                 HeunDiscrete                          FlowMatchHeunDiscrete
dpm_2, ..._ancestral KDPM2Discrete, ...AncestralDiscrete   none
lms                  LMSDiscrete                           none
dpmpp_2m, ..._sde    DPMSolverMultistep                    the same with flow levels
dpmpp_3m_sde         DPMSolverMultistep of order 3 (1)     the same with flow levels (1)
ddim, ddpm           DDIM, DDPM                            none
uni_pc, uni_pc_bh2   UniPCMultistep bh1 (2) and bh2        the same with flow levels (bh2)
lcm                  LCM                                   FlowMatchLCM
deis                 DEISMultistep                         the same with flow levels
others               none (3)                              none (3)

(1) The ODE part (eta 0). In the SDE of order 3, the third term of diffusers 0.42 has the 1/2 with the other
    sign than its own ODE, the paper and k-diffusion.
(2) To the lowest level only: the last step of bh1 to 0 is NaN in diffusers.
(3) dpmpp_2s_ancestral: DPMSolverSinglestep has no ancestral steps. dpmpp_sde: DPMSolverSDE needs torchsde
    and draws a Brownian path. ipndm, ipndm_v: IPNDM works on another noise schedule. res_multistep, er_sde,
    seeds_2 and gradient_estimation have none. Exact solutions test these, in test_multistep and
    test_stochastic.
"""

import inspect
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import diffusers
import pytest
import torch
from sampling_toys import (
    STABLE_DIFFUSION,
    finish,
    no_noise,
    relative_error,
    seeded,
    stable_diffusion_space,
    trace,
)
from weft_nodes.diffusion import multistep, stochastic
from weft_nodes.diffusion.errors import UnknownSamplerError
from weft_nodes.diffusion.samplers import SAMPLERS, find_sampler
from weft_nodes.diffusion.spaces import FlowSpace, Space
from weft_nodes.diffusion.steps import Asking

# diffusers 0.42 hands tensors to numpy in a way that numpy 2.4 warns of; remove when it no longer does.
pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

SD = stable_diffusion_space()
FLOW = FlowSpace()
NOISE = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
MIXING = torch.randn(8, 8, generator=torch.Generator().manual_seed(2)) * 0.3
BETAS = {name: value for name, value in STABLE_DIFFUSION.items() if name != "steps_offset"}
FLOW_OPTIONS: dict[str, object] = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}

Start = Callable[..., Asking]


def _network(x: torch.Tensor, timestep: float) -> torch.Tensor:
    return torch.tanh(x @ MIXING) * 0.7 + 0.3 * x + 0.1 * math.sin(timestep / 300)


def _ours(
    start: Start, space: Space, x: torch.Tensor, levels: list[float], **options: object
) -> torch.Tensor:
    def denoise(latent: torch.Tensor, sigma: float) -> torch.Tensor:
        output = _network(space.scale_input(latent, sigma), space.timestep(sigma))
        return space.to_denoised(output, latent, sigma)

    return finish(start(space, x, levels, seeded(5, x), **options), denoise)


def _theirs(scheduler: Any, x: torch.Tensor, space: Space) -> torch.Tensor:
    options: dict[str, object] = {}
    if "generator" in inspect.signature(scheduler.step).parameters:
        options["generator"] = torch.Generator().manual_seed(5)
    for index, told in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(x, told) if hasattr(scheduler, "scale_model_input") else x
        # The exact time of the level, where the scheduler has truncated it to a whole number.
        is_whole = not scheduler.timesteps.is_floating_point() and hasattr(scheduler, "sigmas")
        time = space.timestep(float(scheduler.sigmas[index])) if is_whole else float(told)
        x = scheduler.step(_network(scaled, time), told, x, **options, return_dict=False)[0]
    return x


def _levels(scheduler: Any) -> list[float]:
    if not hasattr(scheduler, "sigmas"):
        return [*(SD.sigmas[int(told)] for told in scheduler.timesteps), 0.0]
    levels = [float(level) for level in scheduler.sigmas]
    # Schedulers that evaluate twice list their levels twice.
    return [level for index, level in enumerate(levels) if index == 0 or level < levels[index - 1]]


@pytest.mark.parametrize(
    ("name", "scheduler", "options"),
    [
        ("euler", "EulerDiscreteScheduler", {}),
        ("euler", "EulerDiscreteScheduler", {"use_karras_sigmas": True}),
        ("euler", "EulerDiscreteScheduler", {"use_exponential_sigmas": True}),
        ("euler_ancestral", "EulerAncestralDiscreteScheduler", {}),
        ("heun", "HeunDiscreteScheduler", {}),
        ("dpm_2", "KDPM2DiscreteScheduler", {}),
        ("dpm_2_ancestral", "KDPM2AncestralDiscreteScheduler", {}),
        ("lms", "LMSDiscreteScheduler", {}),
    ],
)
def test_samplers_in_sigma_equal_the_scheduler_of_that_name(
    name: str, scheduler: str, options: dict[str, object]
) -> None:
    twin = getattr(diffusers, scheduler)(**BETAS, **options)
    twin.set_timesteps(12)
    levels = _levels(twin)

    result = _ours(SAMPLERS[name].program, SD, NOISE * levels[0], levels)

    assert relative_error(result, _theirs(twin, NOISE * levels[0], SD)) < 3e-6


@pytest.mark.parametrize(
    ("name", "scheduler", "options", "ours"),
    [
        ("ddim", "DDIMScheduler", {"clip_sample": False}, {}),
        ("ddpm", "DDPMScheduler", {"clip_sample": False}, {}),
        ("lcm", "LCMScheduler", {}, {}),
        ("dpmpp_2m", "DPMSolverMultistepScheduler", {}, {}),
        ("dpmpp_2m", "DPMSolverMultistepScheduler", {"use_karras_sigmas": True}, {}),
        ("dpmpp_2m_sde", "DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}, {}),
        (
            "dpmpp_3m_sde",
            "DPMSolverMultistepScheduler",
            {"solver_order": 3, "solver_type": "heun"},
            {"eta": 0.0},
        ),
        ("uni_pc_bh2", "UniPCMultistepScheduler", {"solver_order": 2}, {"order": 2}),
        ("uni_pc_bh2", "UniPCMultistepScheduler", {"solver_order": 3}, {}),
        (
            "uni_pc",
            "UniPCMultistepScheduler",
            {"solver_order": 3, "solver_type": "bh1", "final_sigmas_type": "sigma_min"},
            {},
        ),
        ("deis", "DEISMultistepScheduler", {"solver_order": 2, "lower_order_final": False}, {"order": 2}),
        ("deis", "DEISMultistepScheduler", {"solver_order": 3, "lower_order_final": False}, {}),
    ],
)
def test_samplers_of_other_coordinates_equal_the_scheduler_of_that_name(
    name: str, scheduler: str, options: dict[str, object], ours: dict[str, object]
) -> None:
    twin = getattr(diffusers, scheduler)(**BETAS, **options)
    twin.set_timesteps(20)
    levels = _levels(twin)

    result = _ours(SAMPLERS[name].program, SD, SD.first(NOISE, levels[0]), levels, **ours)

    # These schedulers keep the latent at the variance of training.
    expected = _theirs(twin, NOISE, SD) * math.sqrt(1 + levels[-1] ** 2)
    assert relative_error(result, expected) < 3e-6


@pytest.mark.parametrize(
    ("name", "scheduler", "options", "ours"),
    [
        ("euler", "FlowMatchEulerDiscreteScheduler", {"shift": 3.0}, {}),
        ("heun", "FlowMatchHeunDiscreteScheduler", {}, {}),
        ("lcm", "FlowMatchLCMScheduler", {}, {}),
        ("dpmpp_2m", "DPMSolverMultistepScheduler", FLOW_OPTIONS, {}),
        (
            "dpmpp_2m_sde",
            "DPMSolverMultistepScheduler",
            {**FLOW_OPTIONS, "algorithm_type": "sde-dpmsolver++"},
            {},
        ),
        (
            "dpmpp_3m_sde",
            "DPMSolverMultistepScheduler",
            {**FLOW_OPTIONS, "solver_order": 3, "solver_type": "heun"},
            {"eta": 0.0},
        ),
        ("uni_pc_bh2", "UniPCMultistepScheduler", {**FLOW_OPTIONS, "solver_order": 3}, {}),
        (
            "deis",
            "DEISMultistepScheduler",
            {**FLOW_OPTIONS, "solver_order": 3, "lower_order_final": False},
            {},
        ),
    ],
)
def test_samplers_of_a_flow_equal_the_scheduler_of_that_name(
    name: str, scheduler: str, options: dict[str, object], ours: dict[str, object]
) -> None:
    twin = getattr(diffusers, scheduler)(**options)
    twin.set_timesteps(20)

    result = _ours(SAMPLERS[name].program, FLOW, NOISE, _levels(twin), **ours)

    # Where the signal is small, the closed form of DEIS in diffusers cancels large numbers, in float32.
    tolerance = 3e-5 if name == "deis" else 3e-6
    assert relative_error(result, _theirs(twin, NOISE, FLOW)) < tolerance


def test_ancestral_steps_of_a_flow_equal_those_of_diffusers() -> None:
    levels = [1 - index / 12 for index in range(13)]
    twin = diffusers.LTXEulerAncestralRFScheduler()
    twin.set_timesteps(sigmas=levels)
    twin.timesteps = twin.timesteps[:-1]

    result = _ours(SAMPLERS["euler_ancestral"].program, FLOW, NOISE, levels)

    assert relative_error(result, _theirs(twin, NOISE, FLOW)) < 3e-6


@pytest.mark.parametrize("space", [SD, FLOW], ids=["diffusion", "flow"])
def test_ddim_without_fresh_noise_is_euler(space: Space) -> None:
    levels = [space.at_share(1 - index / 8) for index in range(8)]

    ddim = _ours(SAMPLERS["ddim"].program, space, NOISE * levels[0], [*levels, 0.0])

    assert torch.equal(ddim, _ours(SAMPLERS["euler"].program, space, NOISE * levels[0], [*levels, 0.0]))


def test_ddpm_is_euler_with_ancestral_noise_in_diffusion_spaces() -> None:
    levels = [SD.at_share(1 - index / 8) for index in range(8)]

    ddpm = _ours(stochastic.ddpm, SD, NOISE * levels[0], [*levels, 0.0])

    ancestral = _ours(stochastic.euler_ancestral, SD, NOISE * levels[0], [*levels, 0.0])
    assert relative_error(ddpm, ancestral) < 3e-6


def test_variable_steps_make_ipndm_an_lms_that_ends_on_the_denoised_latent() -> None:
    levels = [SD.at_share(1 - index / 8) for index in range(8)]

    ipndm_v = _ours(multistep.ipndm_v, SD, NOISE * levels[0], levels)

    assert torch.equal(ipndm_v, _ours(multistep.lms, SD, NOISE * levels[0], levels))


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_name_finds_its_sampler(name: str) -> None:
    sampler = find_sampler(name)

    assert sampler.name == name
    assert sampler.summary.endswith(".")
    assert "Source:" in (sampler.program.__doc__ or "")


def test_a_misspelt_sampler_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownSamplerError) as caught:
        find_sampler("dpmp_2m")

    assert caught.value.code == "unknown-sampler"
    assert '"dpmpp_2m"' in caught.value.hint


@pytest.mark.parametrize("space", [SD, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_noted_number_of_evaluations_is_the_true_one(name: str, space: Space) -> None:
    # Neither a first step from pure noise nor a last step to 0: those may take one evaluation less.
    levels = [space.at_share(0.9 - index / 20) for index in range(11)]
    questions = 0

    def denoise(latent: torch.Tensor, sigma: float) -> torch.Tensor:
        nonlocal questions
        questions += 1
        return latent / (1 + sigma)

    finish(SAMPLERS[name](space, NOISE, levels, seeded(0, NOISE)), denoise)

    assert questions == 10 * SAMPLERS[name].evaluations


@pytest.mark.parametrize("name", SAMPLERS)
def test_only_samplers_marked_stochastic_draw_noise(name: str) -> None:
    levels = [1.0, 0.5, 0.2, 0.0]
    draws = 0

    def noise() -> torch.Tensor:
        nonlocal draws
        draws += 1
        return NOISE if SAMPLERS[name].is_stochastic else no_noise()

    finish(SAMPLERS[name](SD, NOISE, levels, noise), lambda latent, sigma: latent / (1 + sigma))

    assert (draws > 0) == SAMPLERS[name].is_stochastic


@pytest.mark.parametrize("space", [SD, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_only_adds_and_scales(name: str, space: Space) -> None:
    levels = [*(space.at_share(1 - index / 8) for index in range(8)), 0.0]
    draw, drawn_twice = seeded(0, NOISE), seeded(0, NOISE)

    once = finish(SAMPLERS[name](space, NOISE, levels, draw), lambda x, sigma: x / (1 + sigma))

    # Factors of two are exact, so the results agree bit for bit.
    twice = SAMPLERS[name](space, 2 * NOISE, levels, lambda: 2 * drawn_twice())
    assert torch.equal(finish(twice, lambda x, sigma: x / (1 + sigma)), 2 * once)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_treats_every_place_alike(name: str) -> None:
    levels = [*(SD.at_share(1 - index / 8) for index in range(8)), 0.0]
    draw, mirrored = seeded(0, NOISE), seeded(0, NOISE)

    straight = finish(SAMPLERS[name](SD, NOISE, levels, draw), lambda x, sigma: torch.tanh(x) / (1 + sigma))

    program = SAMPLERS[name](SD, NOISE.flip(-1), levels, lambda: mirrored().flip(-1))
    flipped = finish(program, lambda x, sigma: torch.tanh(x) / (1 + sigma))
    torch.testing.assert_close(flipped.flip(-1), straight, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("space", [SD, FLOW], ids=["diffusion", "flow"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_leaves_the_latent_it_was_given_as_it_was(name: str, space: Space) -> None:
    levels = [*(space.at_share(1 - index / 4) for index in range(4)), 0.0]
    given = NOISE.clone()

    finish(SAMPLERS[name](space, given, levels, seeded(0, given)), lambda x, sigma: x / (1 + sigma))

    assert torch.equal(given, NOISE)


@pytest.mark.parametrize("name", SAMPLERS)
def test_questions_never_go_back_to_more_noise_than_the_step_began_with(name: str) -> None:
    levels = [*(SD.at_share(1 - index / 6) for index in range(6)), 0.0]

    asked = trace(SAMPLERS[name](SD, NOISE, levels, seeded(0, NOISE)), lambda x, sigma: x / (1 + sigma))

    sigmas = [sigma for _, sigma in asked[:-1]]
    assert sigmas[0] == levels[0]
    assert set(levels[:-1]) <= set(sigmas)
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(sigmas))
