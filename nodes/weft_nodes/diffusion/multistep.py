"""Deterministic samplers that learn from the steps before: one evaluation per step, higher order for free.

A run that is split begins its second half without a history, so its first steps are of lower order there.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from weft_nodes.diffusion.quadrature import lagrange_integrals
from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.steps import Asking, NoiseSource, slope, step


def lms(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, order: int = 4) -> Asking:  # noqa: ARG001
    """Integrate the polynomial through the last slopes.

    Source: `sample_lms` of k-diffusion: the Adams-Bashforth method with variable steps in sigma. Order 4,
    deterministic.
    """
    slopes: list[Tensor] = []
    for index, (sigma, target) in enumerate(pairwise(sigmas)):
        denoised = yield x, sigma
        slopes = [slope(x, sigma, denoised), *slopes[: order - 1]]
        nodes = [sigmas[index - back] for back in range(len(slopes))]
        for weight, gradient in zip(lagrange_integrals(nodes, sigma, target), slopes, strict=True):
            x = torch.add(x, gradient, alpha=weight)
    return x


# Adams-Bashforth coefficients for even steps, newest slope first (Hairer, Norsett & Wanner, section III.1,
# table 1.1).
_ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def ipndm(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, order: int = 4) -> Asking:  # noqa: ARG001
    """Combine the last slopes as if all steps were equally long.

    Source: Zhang & Chen 2023 (DEIS), appendix H.2 (iPNDM), the improved form of Liu et al. 2022 (PNDM), in
    sigma as in their `diff-solvers` code. Order 4 for even steps (1 otherwise), deterministic.
    """
    slopes: list[Tensor] = []
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        slopes = [slope(x, sigma, denoised), *slopes[: order - 1]]
        for weight, gradient in zip(_ADAMS_BASHFORTH[len(slopes) - 1], slopes, strict=True):
            x = torch.add(x, gradient, alpha=weight * (target - sigma))
    return x


def ipndm_v(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:
    """Combine the last slopes with the lengths of their steps, ending on the denoised latent.

    Source: the variable-step form of `ipndm`, which is `lms` except in a last step to 0. Order 4,
    deterministic.
    """
    levels = sigmas if sigmas[-1] > 0 else sigmas[:-1]
    if len(levels) > 1:
        x = yield from lms(space, x, levels, noise)
    return x if sigmas[-1] > 0 else (yield x, levels[-1])


def deis(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, order: int = 3) -> Asking:  # noqa: ARG001
    """Integrate the polynomial in log(sigma / alpha) through the last noise predictions.

    Source: Zhang & Chen 2023 (DEIS), eq. 15, with the polynomial in log rho as in diffusers'
    DEISMultistepScheduler. Order 3, deterministic.
    """
    past: list[tuple[float, Tensor]] = []  # (log rho, predicted noise), newest first
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        if space.alpha(sigma) == 0:
            x = step(x, sigma, target, denoised)
            continue
        begin, end = -space.log_snr(sigma), -space.log_snr(target)
        predicted = (x - space.alpha(sigma) * denoised) / sigma
        past = [(begin, predicted), *past[: order - 1]]
        # In the coordinates x / alpha and rho = sigma / alpha the predicted noise is the slope. The newest
        # one alone makes the common step; written as differences to it, the older ones do not cancel large
        # numbers.
        weights = lagrange_integrals([at for at, _ in past], begin, end, weight=math.exp)
        x = step(x, sigma, target, denoised)
        for weight, (_, older) in zip(weights[1:], past[1:], strict=True):
            x = torch.add(x, older - predicted, alpha=weight * space.alpha(target))
    return x


def dpmpp_2m(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:  # noqa: ARG001
    """Extrapolate the denoised latent from two evaluations to the middle of each step.

    Source: Lu et al. 2022 (DPM-Solver++), algorithm 2 (2M). Order 2, deterministic.
    """
    before: Tensor | None = None
    begin, length_before = space.log_snr(sigmas[0]), math.inf
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        end = space.log_snr(target)
        length = end - begin
        aim = denoised
        # An infinitely long step, from pure noise, says nothing about the rate of change.
        if before is not None and length_before != math.inf:
            aim = torch.lerp(before, denoised, 1 + length / (2 * length_before))
        x = step(x, sigma, target, aim)
        before, begin, length_before = denoised, end, length
    return x


def res_multistep(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:  # noqa: ARG001
    """Integrate the line through the last two denoised latents exactly in log-SNR.

    Source: Zhang et al. 2023 ("Improved order analysis and design of exponential integrator for diffusion
    models sampling", RES), the multistep method of section 4.2. Order 2, deterministic.
    """
    before: Tensor | None = None
    begin, length_before = space.log_snr(sigmas[0]), math.inf
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        end = space.log_snr(target)
        length = end - begin
        aim = denoised
        if before is not None and length_before != math.inf:
            # phi_2 / phi_1 is the mean place within the step, weighted by what each place adds to the result.
            phi_1 = -math.expm1(-length) / length
            phi_2 = (1 - phi_1) / length
            aim = torch.lerp(before, denoised, 1 + phi_2 / phi_1 * length / length_before)
        x = step(x, sigma, target, aim)
        before, begin, length_before = denoised, end, length
    return x


def gradient_estimation(
    space: Space,  # noqa: ARG001
    x: Tensor,
    sigmas: Sequence[float],
    noise: NoiseSource,  # noqa: ARG001
    *,
    gamma: float = 2.0,
) -> Asking:
    """Walk along a slope that overshoots its change since the last step.

    Source: Permenter & Yuan 2024 ("Interpreting and improving diffusion models from an optimization
    perspective"), algorithm 2 with gamma = 2. Order 1, deterministic.
    """
    before: Tensor | None = None
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            return denoised
        here = slope(x, sigma, denoised)
        estimate = here if before is None else torch.lerp(before, here, gamma)
        x = torch.add(x, estimate, alpha=target - sigma)
        before = here
    return x


def uni_pc(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, order: int = 3) -> Asking:  # noqa: ARG001
    """Predict each step, and correct it with the evaluation that the next step needs anyway.

    Source: Zhao et al. 2023 (UniPC), algorithms 1 and 2 in data prediction, with `B(h) = h` (bh1). Predictor
    of order 3, corrector of one more, deterministic.
    """
    return (yield from _unified(space, x, sigmas, order, "bh1"))


def uni_pc_bh2(
    space: Space,
    x: Tensor,
    sigmas: Sequence[float],
    noise: NoiseSource,  # noqa: ARG001
    *,
    order: int = 3,
) -> Asking:
    """Do as `uni_pc`, with `B(h) = e^h - 1`: steadier at strong guidance and few steps.

    Source: Zhao et al. 2023 (UniPC), section 3.1 (bh2). Predictor of order 3, corrector of one more,
    deterministic.
    """
    return (yield from _unified(space, x, sigmas, order, "bh2"))


def _unified(
    space: Space, x: Tensor, sigmas: Sequence[float], order: int, variant: Literal["bh1", "bh2"]
) -> Asking:
    history: list[tuple[float, Tensor]] = []  # (log-SNR, denoised), newest first
    last: tuple[Tensor, float, int] | None = None  # where the predictor stood: latent, level, order
    for index, (sigma, target) in enumerate(pairwise(sigmas)):
        denoised = yield x, sigma
        if last is not None:
            stood, level, used = last
            x = _unified_step(space, stood, (level, sigma), history[:used], denoised, variant)
        history = [(space.log_snr(sigma), denoised), *history[: order - 1]]
        if target == 0:
            return denoised
        if space.alpha(sigma) == 0:
            # No signal yet: one plain step, and no history to build on.
            x, last, history = step(x, sigma, target, denoised), None, []
            continue
        used = min(order, len(sigmas) - 1 - index, len(history))
        last = (x, sigma, used)
        x = _unified_step(space, x, (sigma, target), history[:used], None, variant)
    return x


def _unified_step(
    space: Space,
    x: Tensor,
    levels: tuple[float, float],
    history: Sequence[tuple[float, Tensor]],
    ahead: Tensor | None,
    variant: str,
) -> Tensor:
    """Predict one step of UniPC, or correct it if the denoised latent `ahead` at its target is known."""
    sigma, target = levels
    begin, newest = history[0]
    length = space.log_snr(target) - begin
    places = [(at - begin) / length for at, _ in history[1:]]
    changes = [latent - newest for _, latent in history[1:]]
    if ahead is not None:
        places, changes = [*places, 1.0], [*changes, ahead - newest]
    scale = -length if variant == "bh1" else math.expm1(-length)
    result = step(x, sigma, target, newest)
    for weight, place, change in zip(_unified_weights(places, length, scale), places, changes, strict=True):
        result = torch.add(result, change, alpha=-space.alpha(target) * scale * weight / place)
    return result


def _unified_weights(places: Sequence[float], length: float, scale: float) -> list[float]:
    """Solve the order conditions (eq. 10): `sum_k weight_k place_k^(i-1) = i! phi_(i+1)(h) / B(h)`."""
    # Of a single difference the paper and its code take half, which keeps the order.
    if len(places) < 2:
        return [0.5] * len(places)
    right, factorial, phi = [], 1.0, math.expm1(-length) / -length - 1
    for power in range(1, len(places) + 1):
        right.append(phi * factorial / scale)
        factorial *= power + 1
        phi = phi / -length - 1 / factorial
    matrix = torch.tensor(
        [[place**power for place in places] for power in range(len(places))], dtype=torch.float64
    )
    solved: list[float] = torch.linalg.solve(matrix, torch.tensor(right, dtype=torch.float64)).tolist()
    return solved
