"""Stochastic samplers: each step takes some noise away and puts fresh noise in its place.

They end on the denoised latent, and draw from the job's own stream, once or twice per step, in a fixed order.
So a picture depends on its seed, its steps and its prompt, never on its company.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from weft_nodes.diffusion.pixel_space import PixelSpace
from weft_nodes.diffusion.quadrature import integrate
from weft_nodes.diffusion.singlestep import midpoint_step, partly_renewed
from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.steps import Asking, NoiseSource, add_noise, step


def euler_ancestral(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Take an Euler step below the target, then add noise up to it.

    Source: `sample_euler_ancestral` of k-diffusion, the ancestral sampling of Song et al. 2021 (score SDE),
    appendix F; in flow spaces `sample_euler_ancestral_RF` of ComfyUI. Order 1, one evaluation per step,
    stochastic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        x = _renoise(space, x, (sigma, target), eta, denoised, noise)
    return x


def ddpm(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:
    """Draw each step from the posterior of the diffusion process.

    Source: Ho et al. 2020 (DDPM), eq. 6 and 7 with the variance `beta~`, or with `beta` where a model of
    pictures was published so (section 3.2); for flow spaces the same posterior written with the
    noise-to-signal ratio. Order 1, one evaluation per step, stochastic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        mean, fresh = partly_renewed(space, x, (sigma, target), 1.0, denoised)
        size = space.drawn(fresh, sigma, target) if isinstance(space, PixelSpace) else fresh
        x = add_noise(mean, 1.0, size, noise)
    return x


def lcm(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:
    """Jump to the denoised latent and add fresh noise for the next level.

    Source: Song et al. 2023 (consistency models), algorithm 1; Luo et al. 2023 (LCM). For networks distilled
    for it. One evaluation per step, stochastic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        x = add_noise(denoised, space.alpha(target), target, noise)
    return x


def dpm_2_ancestral(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Take a `dpm_2` step below the target, then add noise up to it.

    Source: `sample_dpm_2_ancestral` of k-diffusion. Order 2 for `eta` 0, two evaluations per step (one in the
    last), stochastic.
    """
    for sigma, target in pairwise(sigmas):
        if target == 0:
            return (yield x, sigma)
        down, scale, up = space.ancestral(sigma, target, eta)
        x = yield from midpoint_step(x, sigma, down)
        x = add_noise(x, scale, up, noise)
    return x


def dpmpp_2s_ancestral(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Take a second-order single step below the target, then add noise up to it.

    Source: Lu et al. 2022 (DPM-Solver++), algorithm 1 (2S) with r = 1/2; ancestral as in k-diffusion. Order 2
    for `eta` 0, two evaluations per step (one in the last, and in a first step from pure noise), stochastic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        down, scale, up = space.ancestral(sigma, target, eta)
        begin = space.log_snr(sigma)
        # From pure noise the middle of the step lies infinitely far away: one evaluation says all.
        if math.isfinite(begin):
            middle = space.sigma_at((begin + space.log_snr(down)) / 2)
            denoised = yield step(x, sigma, middle, denoised), middle
        x = add_noise(step(x, sigma, down, denoised), scale, up, noise)
    return x


def dpmpp_sde(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Take a second-order single step with noise at its middle and at its end.

    Source: `sample_dpmpp_sde` of k-diffusion (r = 1/2), DPM-Solver++ for the SDE, Lu et al. 2022, section 5.
    The noises are independent draws, not a Brownian path. Two evaluations per step (one in the last, and in a
    first step from pure noise), stochastic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        begin = space.log_snr(sigma)
        if math.isfinite(begin):
            middle = space.sigma_at((begin + space.log_snr(target)) / 2)
            halfway = _renoise(space, x, (sigma, middle), eta, denoised, noise)
            denoised = yield halfway, middle
        x = _renoise(space, x, (sigma, target), eta, denoised, noise)
    return x


def dpmpp_2m_sde(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Extrapolate the denoised latent from two evaluations, and replace part of the noise.

    Source: Lu et al. 2022 (DPM-Solver++), section 5, SDE-DPM-Solver++(2M), midpoint form as in k-diffusion.
    One evaluation per step, stochastic.
    """
    before: Tensor | None = None
    length_before = math.inf
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        length = space.log_snr(target) - space.log_snr(sigma)
        if math.isinf(length):
            x = _renoise(space, x, (sigma, target), eta, denoised, noise)
            continue
        aim = denoised
        if before is not None:
            aim = torch.lerp(before, denoised, 1 + length / (2 * length_before))
        x = _exponential_step(space, x, (sigma, target), eta, aim)
        x = add_noise(x, 1.0, _fresh(target, eta * length), noise)
        before, length_before = denoised, length
    return x


def dpmpp_3m_sde(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Fit a parabola to the last three evaluations, and replace part of the noise.

    Source: `sample_dpmpp_3m_sde` of k-diffusion, the three-step member of SDE-DPM-Solver++ (Lu et al. 2022).
    Its published third term is half of what the Taylor series asks for, so its order is 2, with a small
    constant; the published numbers are kept. One evaluation per step, stochastic.
    """
    past: list[tuple[Tensor, float]] = []
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        length = space.log_snr(target) - space.log_snr(sigma)
        if math.isinf(length):
            x = _renoise(space, x, (sigma, target), eta, denoised, noise)
            continue
        x = _exponential_step(space, x, (sigma, target), eta, denoised)
        x = x + space.alpha(target) * _curvature(denoised, past, length, (1 + eta) * length)
        x = add_noise(x, 1.0, _fresh(target, eta * length), noise)
        past = [(denoised, length), *past[:1]]
    return x


def _curvature(
    denoised: Tensor, past: Sequence[tuple[Tensor, float]], length: float, reach: float
) -> Tensor | float:
    """Return the second- and third-order terms of `dpmpp_3m_sde`."""
    if not past:
        return 0.0
    phi_2 = math.expm1(-reach) / reach + 1
    ratio = past[0][1] / length
    newer = (denoised - past[0][0]) / ratio
    if len(past) == 1:
        return phi_2 * newer
    phi_3 = phi_2 / reach - 0.5
    older_ratio = past[1][1] / length
    older = (past[0][0] - past[1][0]) / older_ratio
    bend = (newer - older) / (ratio + older_ratio)
    return phi_2 * (newer + bend * ratio) - phi_3 * bend


def seeds_2(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 1.0
) -> Asking:
    """Solve the SDE with an exponential method of two stages, whose noises fit together.

    Source: Gonzalez et al. 2023 (SEEDS), algorithm 2 (SEEDS-2, r = 1/2). Two evaluations per step (one in the
    last, and in a first step from pure noise), stochastic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        begin = space.log_snr(sigma)
        length = space.log_snr(target) - begin
        if math.isinf(length):
            x = _renoise(space, x, (sigma, target), eta, denoised, noise)
            continue
        middle = space.sigma_at(begin + length / 2)
        early, late = noise(), noise()
        size = _fresh(1.0, eta * length / 2)
        halfway = _exponential_step(space, x, (sigma, middle), eta, denoised) + (middle * size) * early
        denoised = yield halfway, middle
        # The early noise has faded on the way from the middle to the target.
        x = _exponential_step(space, x, (sigma, target), eta, denoised)
        x = x + (target * size) * (math.exp(-eta * length / 2) * early + late)
    return x


def er_sde(
    space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, max_stage: int = 3
) -> Asking:
    """Solve the extended reverse-time SDE with up to three stages.

    Source: Cui et al. 2023 (ER-SDE-Solvers), algorithms 1 to 3, with the noise scale of ER-SDE 5, `phi(x) = x
    (e^(x^0.3) + 10)`. The paper's sums are integrated by Gauss-Legendre here. Order up to 3 in the mean, one
    evaluation per step, stochastic.
    """
    ratios: list[float] = []  # noise-to-signal ratios of past steps, newest first
    past: list[Tensor] = []  # the last denoised latent and its last divided difference
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        if space.alpha(sigma) == 0:
            # Pure noise holds no signal to step from: place the denoised latent under fresh noise.
            x = add_noise(denoised, space.alpha(target), target, noise)
            continue
        start, stop = sigma / space.alpha(sigma), target / space.alpha(target)
        shrink = _er_scale(stop) / _er_scale(start)
        move = (x * (shrink / space.alpha(sigma))) + (1 - shrink) * denoised
        higher, past = _er_stages(denoised, past, [start, *ratios[:2]], stop, max_stage)
        size = math.sqrt(max(0.0, stop * stop - (start * shrink) ** 2))
        x = add_noise((move + higher) * space.alpha(target), 1.0, size * space.alpha(target), noise)
        ratios = [start, *ratios[:1]]
    return x


def _er_stages(
    denoised: Tensor, past: list[Tensor], ratios: list[float], stop: float, max_stage: int
) -> tuple[Tensor | float, list[Tensor]]:
    """Return the second and third stage of `er_sde`, and what the next step must remember."""
    start = ratios[0]
    if not past or max_stage < 2:
        return 0.0, [denoised]
    gap = stop - start
    scale = _er_scale(stop)
    first = (denoised - past[0]) / (start - ratios[1])
    higher: Tensor = (gap + scale * integrate(lambda at: 1 / _er_scale(at), stop, start)) * first
    if len(past) > 1 and max_stage > 2:
        second = (first - past[1]) / ((start - ratios[2]) / 2)
        moment = integrate(lambda at: (at - start) / _er_scale(at), stop, start)
        higher = higher + (gap * gap / 2 + scale * moment) * second
    return higher, [denoised, first]


def _er_scale(ratio: float) -> float:
    return ratio * (math.exp(ratio**0.3) + 10.0)


def _renoise(
    space: Space, x: Tensor, levels: tuple[float, float], eta: float, denoised: Tensor, noise: NoiseSource
) -> Tensor:
    """Step below the target, then add noise back up to it; a target of 0 gets the denoised latent."""
    sigma, target = levels
    if target == 0:
        return denoised
    down, scale, up = space.ancestral(sigma, target, eta)
    return add_noise(step(x, sigma, down, denoised), scale, up, noise)


def _exponential_step(
    space: Space, x: Tensor, levels: tuple[float, float], eta: float, denoised: Tensor
) -> Tensor:
    """Solve the mean of the reverse SDE for a denoised latent that stays what it is."""
    sigma, target = levels
    length = space.log_snr(target) - space.log_snr(sigma)
    towards = -space.alpha(target) * math.expm1(-(1 + eta) * length)
    return torch.add(x * (target / sigma * math.exp(-eta * length)), denoised, alpha=towards)


def _fresh(target: float, length: float) -> float:
    """Return the standard deviation of the noise that a step of the reverse SDE adds."""
    return target * math.sqrt(-math.expm1(-2 * length))
