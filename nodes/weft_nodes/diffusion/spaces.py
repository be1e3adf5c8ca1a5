"""Noise spaces: how a family mixes data and noise, and what its network's output means.

Every space writes the noisy latent as `x = alpha(sigma) * clean + sigma * noise`, and in every space the
probability-flow ODE is `dx/dsigma = (x - denoised) / sigma`. Two coordinate systems are enough:

- variance exploding, `alpha = 1`: all DDPM-style networks (eps, v and sample prediction) and EDM;
- rectified flow, `alpha = 1 - sigma`.

Noise levels are plain floats, so nothing here ever waits for a device. Spaces are immutable and hashable.
"""

import hashlib
import math
import operator
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from weft_nodes.diffusion.betas import (
    Initial,
    Prediction,
    betas_of,
    initial_of,
    integer,
    number,
    prediction_of,
    with_zero_terminal_snr,
)
from weft_nodes.diffusion.errors import SpaceError

# diffusers' own clamp for schedules whose last level is pure noise (Lin et al. 2023, "zero terminal SNR").
_SMALLEST_ALPHA_BAR = 2.0**-24


class Space(ABC):
    """How data and noise mix at a noise level, and what a network says about it."""

    __slots__ = ()

    @property
    @abstractmethod
    def sigma_min(self) -> float:
        """The lowest noise level the network was trained on."""

    @property
    @abstractmethod
    def sigma_max(self) -> float:
        """The highest noise level the network was trained on."""

    @property
    def key(self) -> str:
        """A digest that is equal for equal spaces, in every process."""
        return hashlib.blake2b(repr(self).encode(), digest_size=16).hexdigest()

    @abstractmethod
    def alpha(self, sigma: float) -> float:
        """Return the factor on the clean latent at a noise level."""

    @abstractmethod
    def log_snr(self, sigma: float) -> float:
        """Return lambda = log(alpha / sigma); +inf without noise, -inf without signal."""

    @abstractmethod
    def sigma_at(self, log_snr: float) -> float:
        """Return the noise level at which `log_snr` has the given value."""

    @abstractmethod
    def ancestral(self, sigma: float, target: float, eta: float) -> tuple[float, float, float]:
        """Split a step down to `target` into a longer step and fresh noise.

        Args:
            sigma: Noise level now.
            target: Noise level to arrive at, 0 < target < sigma.
            eta: Share of the noise that is replaced, 0 (none) .. 1 (all that the posterior allows).

        Returns:
            The level to step down to, the factor on the latent there, and the standard deviation of the noise
            to add.
        """

    @abstractmethod
    def timestep(self, sigma: float) -> float:
        """Return what the network is told about a noise level."""

    @abstractmethod
    def sigma_of_timestep(self, timestep: float) -> float:
        """Return the noise level of a time step; the inverse of `timestep`."""

    @abstractmethod
    def at_share(self, share: float) -> float:
        """Return the noise level at a share of the training time, 0 (`sigma_min`) .. 1 (`sigma_max`)."""

    @abstractmethod
    def trailing(self, steps: int) -> list[float]:
        """Return `steps` levels at equal distances in training time, counted from the noisy end."""

    @abstractmethod
    def leading(self, steps: int) -> list[float]:
        """Return `steps` levels at equal distances in training time, counted from the clean end."""

    def scale_input(self, x: Tensor, sigma: float) -> Tensor:  # noqa: ARG002 - spaces differ in what they need
        """Return the noisy latent in the scale the network was trained on."""
        return x

    @abstractmethod
    def to_denoised(self, output: Tensor, x: Tensor, sigma: float) -> Tensor:
        """Turn the network's raw output into the denoised latent.

        Args:
            output: What the network returned for `scale_input(x, sigma)`.
            x: The noisy latent, unscaled, same shape.
            sigma: Its noise level.

        Returns:
            The denoised latent, same shape as `x`.
        """

    def mix(self, clean: Tensor, noise: Tensor, sigma: float) -> Tensor:
        """Return `alpha(sigma) * clean + sigma * noise`: a clean latent with noise added."""
        return torch.add(clean * self.alpha(sigma), noise, alpha=sigma)

    @abstractmethod
    def first(self, noise: Tensor, sigma: float) -> Tensor:
        """Return the latent a picture from nothing begins with, at the noise level of its first step."""


class _VarianceExploding(Space):
    """What DDPM-style networks and EDM share: `x = clean + sigma * noise`."""

    __slots__ = ()

    def alpha(self, sigma: float) -> float:  # noqa: ARG002 - constant in these coordinates
        """Return the factor on the clean latent."""
        return 1.0

    def log_snr(self, sigma: float) -> float:
        """Return log(alpha / sigma)."""
        return -math.log(sigma) if sigma > 0 else math.inf

    def sigma_at(self, log_snr: float) -> float:
        """Return the noise level of a log-SNR."""
        return math.exp(-log_snr)

    def ancestral(self, sigma: float, target: float, eta: float) -> tuple[float, float, float]:
        """Split a step into a longer one and fresh noise; see `Space`."""
        up = min(
            target, eta * math.sqrt(target * target * (sigma * sigma - target * target) / (sigma * sigma))
        )
        return math.sqrt(target * target - up * up), 1.0, up


@dataclass(frozen=True, slots=True)
class DiffusionSpace(_VarianceExploding):
    """Networks trained on the discrete levels of a DDPM schedule, seen in variance-exploding coordinates.

    Args:
        sigmas: Noise level of each training time step, rising; `sqrt((1 - abar) / abar)`.
        prediction: What the network predicts: the noise ("epsilon"), the velocity ("v_prediction",
            Salimans & Ho 2022) or the clean latent ("sample").
        steps_offset: Added to the time steps of the leading spacing (1 for Stable Diffusion).
        initial: Size of the first latent: "variance" is `noise * sqrt(sigma^2 + 1)`, equal to unit noise in
            the variance-preserving coordinates of training; "sigma" is `noise * sigma`.

    Raises:
        SpaceError: Fewer than two levels, or levels that do not rise.
    """

    sigmas: tuple[float, ...]
    prediction: Prediction = "epsilon"
    steps_offset: int = 1
    initial: Initial = "variance"
    _logs: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rises = all(map(operator.lt, self.sigmas, self.sigmas[1:]))
        if len(self.sigmas) < 2 or self.sigmas[0] <= 0 or not rises:
            raise SpaceError(
                "The noise levels of a diffusion space must be positive and rise from step to step.",
                hint="Check the betas of the scheduler configuration.",
            )
        object.__setattr__(self, "_logs", tuple(map(math.log, self.sigmas)))

    @classmethod
    def from_betas(
        cls, betas: Tensor, *, prediction: Prediction = "epsilon", steps_offset: int = 1
    ) -> "DiffusionSpace":
        """Build the space of a DDPM noise schedule.

        Args:
            betas: Variance added at each training step, shape [steps], 0 < beta <= 1.
            prediction: See the class.
            steps_offset: See the class.
        """
        alphas_cumprod = torch.cumprod(1.0 - betas, dim=0)
        return cls.from_alphas_cumprod(alphas_cumprod, prediction=prediction, steps_offset=steps_offset)

    @classmethod
    def from_alphas_cumprod(
        cls, alphas_cumprod: Tensor, *, prediction: Prediction = "epsilon", steps_offset: int = 1
    ) -> "DiffusionSpace":
        """Build the space from `abar`, the share of signal variance left at each training step.

        Args:
            alphas_cumprod: Falling, shape [steps]; a last value of 0 (zero terminal SNR) is raised to 2^-24.
            prediction: See the class.
            steps_offset: See the class.
        """
        kept = alphas_cumprod.clamp_min(_SMALLEST_ALPHA_BAR)
        sigmas = ((1 - kept) / kept) ** 0.5
        return cls(tuple(sigmas.tolist()), prediction, steps_offset)

    @classmethod
    def from_scheduler_config(cls, config: Mapping[str, object]) -> "DiffusionSpace":
        """Read a diffusers `scheduler_config.json` of the DDPM kind.

        Args:
            config: Its content; missing keys take diffusers' defaults.

        Raises:
            SpaceError: Unknown `beta_schedule` or `prediction_type`.
        """
        betas = betas_of(config)
        if config.get("rescale_betas_zero_snr"):
            betas = with_zero_terminal_snr(betas)
        offset = integer(config, "steps_offset", 0)
        found = cls.from_betas(betas, prediction=prediction_of(config), steps_offset=offset)
        initial = initial_of(config)
        return found if found.initial == initial else replace(found, initial=initial)

    @property
    def sigma_min(self) -> float:
        """The level of the first training step."""
        return self.sigmas[0]

    @property
    def sigma_max(self) -> float:
        """The level of the last training step."""
        return self.sigmas[-1]

    def timestep(self, sigma: float) -> float:
        """Return the training time step, interpolated in log sigma as in k-diffusion, within its range."""
        logs = self._logs
        if sigma <= self.sigmas[0]:
            return 0.0
        if sigma >= self.sigmas[-1]:
            return float(len(logs) - 1)
        wanted = math.log(sigma)
        low = min(bisect_right(logs, wanted) - 1, len(logs) - 2)
        return low + (wanted - logs[low]) / (logs[low + 1] - logs[low])

    def sigma_of_timestep(self, timestep: float) -> float:
        """Return the level of a possibly fractional time step, 0..steps-1, interpolated in log sigma."""
        last = len(self._logs) - 1
        low = max(0, min(int(timestep), last - 1))
        share = min(max(timestep - low, 0.0), 1.0)
        if share in (0.0, 1.0):
            return self.sigmas[low + int(share)]
        return math.exp((1 - share) * self._logs[low] + share * self._logs[low + 1])

    def at_share(self, share: float) -> float:
        """Return the level at a share of the training time, 0..1."""
        return self.sigma_of_timestep(share * (len(self.sigmas) - 1))

    def trailing(self, steps: int) -> list[float]:
        """Return `steps` levels counted from the noisy end."""
        count = len(self.sigmas)
        return [self.sigmas[count - 1 - int(index * count / steps)] for index in range(steps)]

    def leading(self, steps: int) -> list[float]:
        """Return `steps` levels counted from the clean end."""
        count = len(self.sigmas)
        places = [min(index * (count // steps) + self.steps_offset, count - 1) for index in range(steps)]
        return [self.sigmas[place] for place in reversed(places)]

    def scale_input(self, x: Tensor, sigma: float) -> Tensor:
        """Return the latent in the variance-preserving scale of training."""
        return x * (1.0 / math.sqrt(sigma * sigma + 1.0))

    def to_denoised(self, output: Tensor, x: Tensor, sigma: float) -> Tensor:
        """Turn the raw output into the denoised latent."""
        if self.prediction == "epsilon":
            return torch.add(x, output, alpha=-sigma)
        if self.prediction == "sample":
            return output
        power = sigma * sigma + 1.0
        return torch.add(x / power, output, alpha=-sigma * power**-0.5)

    def first(self, noise: Tensor, sigma: float) -> Tensor:
        """Return the latent a picture from nothing begins with."""
        return noise * (math.sqrt(sigma * sigma + 1.0) if self.initial == "variance" else sigma)


@dataclass(frozen=True, slots=True)
class EDMSpace(_VarianceExploding):
    """Networks with the preconditioning of Karras et al. 2022, table 1 ("ours").

    Args:
        lowest_sigma: Lowest trained level.
        highest_sigma: Highest trained level.
        sigma_data: Standard deviation of the data.
        prediction: Sign of the output: "epsilon" as in the paper, or "v_prediction" (negated).
        told: What the network is told: "log" is `log(sigma) / 4` (the paper), "angle" is `2 atan(sigma) /
            pi`.
    """

    lowest_sigma: float = 0.002
    highest_sigma: float = 80.0
    sigma_data: float = 0.5
    prediction: Prediction = "epsilon"
    told: Literal["log", "angle"] = "log"

    @classmethod
    def from_scheduler_config(cls, config: Mapping[str, object]) -> "EDMSpace":
        """Read a diffusers `scheduler_config.json` of EDMEuler, EDMDPMSolver or CosineDPMSolver."""
        is_cosine = str(config.get("_class_name", "")).startswith("Cosine")
        return cls(
            lowest_sigma=number(config, "sigma_min", 0.3 if is_cosine else 0.002),
            highest_sigma=number(config, "sigma_max", 500.0 if is_cosine else 80.0),
            sigma_data=number(config, "sigma_data", 1.0 if is_cosine else 0.5),
            prediction=prediction_of({"prediction_type": "v_prediction", **config} if is_cosine else config),
            told="angle" if is_cosine else "log",
        )

    @property
    def sigma_min(self) -> float:
        """The lowest trained level."""
        return self.lowest_sigma

    @property
    def sigma_max(self) -> float:
        """The highest trained level."""
        return self.highest_sigma

    def timestep(self, sigma: float) -> float:
        """Return the network's noise input, `log(sigma) / 4` or `2 atan(sigma) / pi`."""
        return 0.25 * math.log(sigma) if self.told == "log" else math.atan(sigma) * 2 / math.pi

    def sigma_of_timestep(self, timestep: float) -> float:
        """Return the noise level of a time step."""
        return math.exp(4 * timestep) if self.told == "log" else math.tan(timestep * math.pi / 2)

    def at_share(self, share: float) -> float:
        """Return the level at a share of the range, even in log sigma: EDM has no training steps."""
        return math.exp((1 - share) * math.log(self.lowest_sigma) + share * math.log(self.highest_sigma))

    def trailing(self, steps: int) -> list[float]:
        """Return `steps` levels counted from the noisy end."""
        return [self.at_share(1 - index / steps) for index in range(steps)]

    def leading(self, steps: int) -> list[float]:
        """Return `steps` levels counted from the clean end."""
        return [self.at_share((steps - 1 - index) / steps) for index in range(steps)]

    def scale_input(self, x: Tensor, sigma: float) -> Tensor:
        """Return `c_in * x`."""
        return x * (1.0 / math.sqrt(sigma * sigma + self.sigma_data * self.sigma_data))

    def to_denoised(self, output: Tensor, x: Tensor, sigma: float) -> Tensor:
        """Turn the raw output into the denoised latent."""
        if self.prediction == "sample":
            return output
        data = self.sigma_data * self.sigma_data
        power = sigma * sigma + data
        sign = 1.0 if self.prediction == "epsilon" else -1.0
        return torch.add(x * (data / power), output, alpha=sign * sigma * self.sigma_data * power**-0.5)

    def first(self, noise: Tensor, sigma: float) -> Tensor:
        """Return the latent a picture from nothing begins with."""
        return noise * math.sqrt(sigma * sigma + 1.0)


@dataclass(frozen=True, slots=True)
class FlowSpace(Space):
    """Rectified flow: the network predicts `noise - clean`, and sigma runs from 1 (noise) to 0.

    Args:
        shift: Moves the training time towards noise, `shift * u / (1 + (shift - 1) * u)` (Esser et al. 2024,
            eq. 23); 1 leaves it even. Only schedules feel it.
        multiplier: What sigma 1 is called when telling the network.
        levels: Training levels in 0..1; decides `sigma_min`.
        terminal: Lowest level of the trailing spacing, which is stretched to end there; None leaves it alone.
    """

    shift: float = 1.0
    multiplier: float = 1000.0
    levels: int = 1000
    terminal: float | None = None

    @classmethod
    def from_scheduler_config(cls, config: Mapping[str, object]) -> "FlowSpace":
        """Read a diffusers `scheduler_config.json` of the flow-matching kind.

        With `use_dynamic_shifting` the shift depends on the picture: see `with_dynamic_shift`.
        """
        shift = number(config, "shift", number(config, "flow_shift", 1.0))
        levels = integer(config, "num_train_timesteps", 1000)
        # Missing, null and zero all mean that the levels are not stretched.
        terminal = number(config, "shift_terminal", 0.0) if config.get("shift_terminal") else None
        return cls(1.0 if config.get("use_dynamic_shifting") else shift, float(levels), levels, terminal)

    def with_dynamic_shift(self, mu: float) -> "FlowSpace":
        """Return the space with the shift `exp(mu)` that resolution-dependent families compute."""
        return replace(self, shift=math.exp(mu))

    def shifted(self, time: float) -> float:
        """Return the noise level at an unshifted training time, both 0..1."""
        return self.shift * time / (1 + (self.shift - 1) * time)

    @property
    def sigma_min(self) -> float:
        """The lowest training level above 0."""
        return self.shifted(1 / self.levels)

    @property
    def sigma_max(self) -> float:
        """1: nothing but noise."""
        return 1.0

    def alpha(self, sigma: float) -> float:
        """Return the factor on the clean latent."""
        return 1.0 - sigma

    def log_snr(self, sigma: float) -> float:
        """Return log(alpha / sigma)."""
        if sigma <= 0:
            return math.inf
        return -math.inf if sigma >= 1 else math.log((1 - sigma) / sigma)

    def sigma_at(self, log_snr: float) -> float:
        """Return the noise level of a log-SNR."""
        # Written for either sign, so that neither exponential overflows.
        return 1 / (1 + math.exp(log_snr)) if log_snr < 0 else math.exp(-log_snr) / (1 + math.exp(-log_snr))

    def ancestral(self, sigma: float, target: float, eta: float) -> tuple[float, float, float]:
        """Split a step into a longer one and fresh noise; see `Space`."""
        down = target * (1 + (target / sigma - 1) * eta)
        scale = (1 - target) / (1 - down)
        return down, scale, math.sqrt(max(0.0, target * target - (down * scale) ** 2))

    def timestep(self, sigma: float) -> float:
        """Return `sigma * multiplier`."""
        return sigma * self.multiplier

    def sigma_of_timestep(self, timestep: float) -> float:
        """Return the noise level of a time step."""
        return timestep / self.multiplier

    def at_share(self, share: float) -> float:
        """Return the level at a share of the training time, 0..1."""
        low = 1 / self.levels
        return self.shifted(low + share * (1 - low))

    def trailing(self, steps: int) -> list[float]:
        """Return `steps` levels counted from the noisy end."""
        levels = [self.shifted(1 - index / steps) for index in range(steps)]
        if self.terminal is None or levels[-1] == 1.0:
            return levels
        stretch = (1 - self.terminal) / (1 - levels[-1])
        return [1 - (1 - level) * stretch for level in levels]

    def leading(self, steps: int) -> list[float]:
        """Return `steps` levels counted from the clean end."""
        return [self.shifted((steps - 1 - index) / steps + 1 / self.levels) for index in range(steps)]

    def to_denoised(self, output: Tensor, x: Tensor, sigma: float) -> Tensor:
        """Turn the raw output into the denoised latent."""
        return torch.add(x, output, alpha=-sigma)

    def first(self, noise: Tensor, sigma: float) -> Tensor:
        """Return the latent a picture from nothing begins with."""
        return noise * sigma


def space_from_scheduler_config(config: Mapping[str, object]) -> Space:
    """Read a diffusers `scheduler_config.json` of any kind.

    Args:
        config: Its content, with `_class_name`.

    Returns:
        A flow space for flow-matching classes and `flow_prediction`, an EDM space for EDM classes, else a
        diffusion space.

    Raises:
        SpaceError: The configuration names a noise schedule or prediction that is not known here.
    """
    name = str(config.get("_class_name", ""))
    is_flow = name.startswith("FlowMatch") or config.get("use_flow_sigmas")
    if is_flow or config.get("prediction_type") == "flow_prediction":
        return FlowSpace.from_scheduler_config(config)
    if name.startswith(("EDM", "CosineDPM")):
        return EDMSpace.from_scheduler_config(config)
    return DiffusionSpace.from_scheduler_config(config)
