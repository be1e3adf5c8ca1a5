"""Schedules: which noise levels a sampler visits.

A schedule lists `steps` falling noise levels of a space; `schedule` appends the final 0. Where the literature
defines a schedule by training time steps, it is defined here on the share of the training time
(`Space.at_share`), so that it means the same in diffusion and flow spaces.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from weft_nodes.diffusion.errors import ScheduleError, UnknownScheduleError
from weft_nodes.diffusion.spaces import Space

Schedule = Callable[[Space, int], list[float]]


def schedule(name: str, space: Space, steps: int, *, denoise: float = 1.0) -> tuple[float, ...]:
    """List the noise levels of a sampling run.

    Args:
        name: One of `SCHEDULES`.
        space: The noise space of the model.
        steps: Steps to take, >= 1.
        denoise: Share of the whole path that is walked, 0..1. Below 1 the schedule is laid out for
            `int(steps / denoise)` steps and the last `steps` of them are kept; 0 walks nothing.

    Returns:
        `steps + 1` strictly falling levels, the last one 0; only `(0.0,)` for a `denoise` of 0.

    Raises:
        UnknownScheduleError: No schedule of that name.
        ScheduleError: `steps` or `denoise` is out of range, or asks for more levels than the space has.
    """
    if name not in SCHEDULES:
        raise UnknownScheduleError(name=name, known=SCHEDULES)
    if steps < 1 or not 0.0 <= denoise <= 1.0:
        raise ScheduleError(
            f"A schedule was asked for {steps} steps with denoise {denoise}.",
            hint="Steps are at least 1, denoise lies in 0..1.",
        )
    if denoise == 0.0:
        return (0.0,)
    total = max(steps, int(steps / denoise))
    levels = (*SCHEDULES[name](space, total), 0.0)
    if not is_falling(levels):
        raise ScheduleError(
            f"The schedule '{name}' has no {total} different noise levels in this space.",
            hint="Use fewer steps, a higher denoise, or the schedule 'karras'.",
        )
    return levels[-steps - 1 :]


def is_falling(levels: Sequence[float]) -> bool:
    """Tell whether noise levels are finite, not negative and strictly falling."""
    return all(a > b for a, b in pairwise(levels)) and levels[-1] >= 0.0 and math.isfinite(levels[0])


def _evenly(start: float, stop: float, count: int) -> list[float]:
    """Return `count` numbers from start to stop, both included; only start for a count of 1."""
    width = stop - start
    # The last one is exactly `stop`, whatever the rounding on the way.
    return [start + width * index / max(count - 1, 1) for index in range(count - 1)] + [
        stop if count > 1 else start
    ]


def simple(space: Space, steps: int) -> list[float]:
    """Take every n-th training level, counted from the noisy end.

    Source: `simple_scheduler` of ComfyUI; the "trailing" spacing of Lin et al. 2023, table 2. In flow spaces
    the levels are `linspace(1, 1/steps)` before the shift, as diffusers' flow pipelines pass them.
    """
    return space.trailing(steps)


def normal(space: Space, steps: int) -> list[float]:
    """Divide the training time evenly, both ends included.

    Source: `DiscreteSchedule.get_sigmas` of k-diffusion; the "linspace" spacing of Lin et al. 2023, table 2.
    """
    return [space.at_share(share) for share in _evenly(1.0, 0.0, steps)]


def sgm_uniform(space: Space, steps: int) -> list[float]:
    """Divide the training time evenly, leaving out its clean end.

    Source: the discretisation of Stability AI's generative-models ("legacy DDPM"); suits few-step distilled
    models.
    """
    return [space.at_share(share) for share in _evenly(1.0, 0.0, steps + 1)[:-1]]


def ddim_uniform(space: Space, steps: int) -> list[float]:
    """Take every n-th training level, counted from the clean end.

    Source: Song et al. 2021 (DDIM), section 4.3 and appendix D.2; the "leading" spacing that Stable
    Diffusion's scheduler configurations ask for.
    """
    return space.leading(steps)


def lcm(space: Space, steps: int) -> list[float]:
    """Take evenly from the 50 levels, counted from the noisy end, that a network was distilled at.

    Source: Luo et al. 2023 (LCM), section 4.3 with skips of 20; diffusers' `LCMScheduler` for up to 50 steps.
    More steps are taken from as many levels.
    """
    count = max(steps, 50)
    levels = space.trailing(count)
    return [levels[index * count // steps] for index in range(steps)]


def karras(space: Space, steps: int, *, rho: float = 7.0) -> list[float]:
    """Divide `sigma^(1/rho)` evenly.

    Source: Karras et al. 2022 (EDM), eq. 5 with rho = 7. In flow spaces on sigma itself, as in diffusers.
    """
    high, low = space.sigma_max ** (1 / rho), space.sigma_min ** (1 / rho)
    return [root**rho for root in _evenly(high, low, steps)]


def exponential(space: Space, steps: int) -> list[float]:
    """Divide `log sigma` evenly.

    Source: `get_sigmas_exponential` of k-diffusion; even steps in log-SNR, Lu et al. 2022 (DPM-Solver),
    section 3.3.
    """
    return [math.exp(log) for log in _evenly(math.log(space.sigma_max), math.log(space.sigma_min), steps)]


def beta(space: Space, steps: int, *, alpha: float = 0.6, beta: float = 0.6) -> list[float]:
    """Divide the training time by quantiles of a Beta distribution: dense at both ends.

    Source: Lee et al. 2024 ("Beta Sampling is All You Need"), with alpha = beta = 0.6. The quantiles are not
    rounded to whole training steps, so that every number of steps gives as many levels. diffusers'
    `use_beta_sigmas` puts the quantiles on sigma instead of time, which is another schedule.
    """
    return [space.at_share(beta_quantile(1 - index / steps, alpha, beta)) for index in range(steps)]


def linear_quadratic(space: Space, steps: int, *, threshold: float = 0.025) -> list[float]:
    """Take half the steps evenly through the first 2.5 % of the noise, then quadratically longer ones.

    Source: Genmo's Mochi; also Polyak et al. 2024 (Movie Gen), section 3.4.2. Written for sigma in 0..1; in
    diffusion spaces it is multiplied by `sigma_max`.
    """
    if steps == 1:
        return [space.sigma_max]
    half = steps // 2
    rest = steps - half
    excess = half - threshold * steps
    square = excess / (half * rest**2)
    slope = threshold / half - 2 * excess / rest**2
    linear = [index * threshold / half for index in range(half)]
    curved = [square * index**2 + slope * index + square * half**2 for index in range(half, steps)]
    return [space.sigma_max * (1 - gone) for gone in [*linear, *curved]]


def kl_optimal(space: Space, steps: int) -> list[float]:
    """Divide `atan(sigma / alpha)` evenly.

    Source: Sabour et al. 2024 (Align Your Steps), theorem 3.1: optimal in KL divergence for Gaussian data of
    unit variance. The theorem speaks of the noise-to-signal ratio, so flow spaces go through it: there, an
    infinite ratio is the angle pi/2.
    """
    angles = _evenly(_angle(space, space.sigma_max), _angle(space, space.sigma_min), steps)
    # A right angle is pure noise; its tangent is not a number worth computing.
    return [
        space.sigma_max if angle >= math.pi / 2 else space.sigma_at(-math.log(math.tan(angle)))
        for angle in angles
    ]


def _angle(space: Space, sigma: float) -> float:
    return math.atan2(sigma, space.alpha(sigma))


def beta_quantile(share: float, alpha: float, beta: float) -> float:
    """Invert the cumulative Beta distribution.

    Args:
        share: Probability, 0..1.
        alpha: First shape parameter, > 0.
        beta: Second shape parameter, > 0.

    Returns:
        The x in 0..1 below which a Beta(alpha, beta) variable lies with that probability, to about 1e-12.
    """
    if share <= 0.0 or share >= 1.0:
        return min(max(share, 0.0), 1.0)
    low, high, x = 0.0, 1.0, share
    log_norm = math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
    # Newton's method, kept inside a bracket that shrinks with every try.
    for _ in range(60):
        error = _beta_cumulative(x, alpha, beta) - share
        low, high = (low, x) if error > 0 else (x, high)
        density = math.exp(log_norm + (alpha - 1) * math.log(x) + (beta - 1) * math.log1p(-x))
        proposal = x - error / density
        following = proposal if low < proposal < high else (low + high) / 2
        if abs(following - x) <= 1e-14:
            return following
        x = following
    return x


def _beta_cumulative(x: float, alpha: float, beta: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22)."""
    if x > (alpha + 1) / (alpha + beta + 2):
        return 1 - _beta_cumulative(1 - x, beta, alpha)
    log_front = math.lgamma(alpha + beta) - math.lgamma(alpha) - math.lgamma(beta)
    log_front += alpha * math.log(x) + beta * math.log1p(-x)
    # Evaluated backwards from a depth at which the rest is below double precision for x < 0.6.
    fraction = 1.0
    for depth in range(40, 0, -1):
        half, odd = divmod(depth, 2)
        if odd:
            term = -(alpha + half) * (alpha + beta + half) * x / ((alpha + 2 * half) * (alpha + 2 * half + 1))
        else:
            term = half * (beta - half) * x / ((alpha + 2 * half - 1) * (alpha + 2 * half))
        fraction = 1 + term / fraction
    return math.exp(log_front) / (alpha * fraction)


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "simple": simple,
        "normal": normal,
        "karras": karras,
        "exponential": exponential,
        "sgm_uniform": sgm_uniform,
        "ddim_uniform": ddim_uniform,
        "beta": beta,
        "linear_quadratic": linear_quadratic,
        "kl_optimal": kl_optimal,
        "lcm": lcm,
    }
)
