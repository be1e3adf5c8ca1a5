"""Deterministic samplers that look at one step at a time.

They keep no history, so a run may be split at any step and its halves put together again without a trace.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.steps import Asking, NoiseSource, add_noise, slope, step


def euler(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:  # noqa: ARG001
    """Walk along the slope at the beginning of each step.

    Source: Karras et al. 2022 (EDM), algorithm 2 without its second-order part; the same as DDIM and as the
    Euler method of rectified flow. Order 1, one evaluation per step, deterministic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        x = step(x, sigma, target, denoised)
    return x


def ddim(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource, *, eta: float = 0.0) -> Asking:
    """Step to the denoised latent plus the predicted noise, part of which may be replaced by fresh noise.

    Source: Song et al. 2021 (DDIM), eq. 12 and 16. Without `eta` the same as `euler`; with `eta` 1 the same
    as `ddpm`. Order 1, one evaluation per step, stochastic only for `eta` > 0.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0 or eta == 0:
            x = step(x, sigma, target, denoised)
            continue
        mean, fresh = partly_renewed(space, x, (sigma, target), eta, denoised)
        x = add_noise(mean, 1.0, fresh, noise)
    return x


def partly_renewed(
    space: Space, x: Tensor, levels: tuple[float, float], eta: float, denoised: Tensor
) -> tuple[Tensor, float]:
    """Step to the denoised latent plus a part of the predicted noise.

    Args:
        space: The noise space.
        x: Noisy latent.
        levels: Its noise level, and the one to go to, > 0.
        eta: Share of the noise that is to be replaced, 0..1 of what the posterior allows.
        denoised: The denoised latent.

    Returns:
        The latent without fresh noise, and the standard deviation of the noise that it lacks.
    """
    sigma, target = levels
    # e^(-h), the quotient of the two noise-to-signal ratios; 0 when the step begins without any signal.
    quotient = math.exp(space.log_snr(sigma) - space.log_snr(target))
    fresh = eta * target * math.sqrt(1 - quotient * quotient)
    kept = math.sqrt(target * target - fresh * fresh)
    predicted = (x - space.alpha(sigma) * denoised) / sigma
    return space.alpha(target) * denoised + kept * predicted, fresh


def heun(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:  # noqa: ARG001
    """Average the slopes at both ends of each step.

    Source: Karras et al. 2022 (EDM), algorithm 1. Order 2, two evaluations per step (one in a last step to
    0), deterministic.
    """
    for sigma, target in pairwise(sigmas):
        denoised = yield x, sigma
        if target == 0:
            x = denoised
            continue
        first = slope(x, sigma, denoised)
        ahead = x + first * (target - sigma)
        denoised = yield ahead, target
        x = x + (first + slope(ahead, target, denoised)) * ((target - sigma) / 2)
    return x


def dpm_2(space: Space, x: Tensor, sigmas: Sequence[float], noise: NoiseSource) -> Asking:  # noqa: ARG001
    """Walk along the slope in the middle of each step, the middle taken in log sigma.

    Source: `sample_dpm_2` of k-diffusion, inspired by Lu et al. 2022 (DPM-Solver-2, algorithm 4 of Karras et
    al. 2022 with the middle as in their appendix D.2). Order 2, two evaluations per step (one in a last step
    to 0), deterministic.
    """
    for sigma, target in pairwise(sigmas):
        if target == 0:
            return (yield x, sigma)
        x = yield from midpoint_step(x, sigma, target)
    return x


def midpoint_step(x: Tensor, sigma: float, target: float) -> Asking:
    """Take one step of `dpm_2`.

    Args:
        x: Noisy latent.
        sigma: Its noise level.
        target: Level to go to, > 0.

    Returns:
        The latent at `target`.
    """
    denoised = yield x, sigma
    middle = math.sqrt(sigma * target)
    ahead = step(x, sigma, middle, denoised)
    denoised = yield ahead, middle
    return x + slope(ahead, middle, denoised) * (target - sigma)
