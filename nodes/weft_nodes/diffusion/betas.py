"""Noise schedules of training, as diffusers' scheduler configurations describe them."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor

from weft_nodes.diffusion.errors import SpaceError

Prediction = Literal["epsilon", "v_prediction", "sample"]
Initial = Literal["variance", "sigma"]

# Schedulers that begin with noise of exactly the first level where they are spaced so.
_EXPLODING = ("Euler", "Heun", "KDPM2", "LMS")
_FROM_NOISE = ("linspace", "trailing")

COSINE: Mapping[str, object] = MappingProxyType(
    {
        "_class_name": "EDMEulerScheduler",
        "sigma_min": 0.002,
        "sigma_max": 120.0,
        "sigma_data": 1.0,
        "prediction_type": "v_prediction",
    }
)
"""What CosXL by Stability AI was trained on, as its published pipeline has it: levels without end."""


def number(config: Mapping[str, object], name: str, default: float) -> float:
    """Read a number from a configuration.

    Args:
        config: The content of scheduler_config.json.
        name: The key.
        default: Taken where the key is missing.

    Raises:
        SpaceError: The value is no number.
    """
    value = config.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpaceError(
            f"The scheduler configuration has {name} = {value!r}, but needs a number.",
            hint="Repair scheduler_config.json.",
        )
    return float(value)


def integer(config: Mapping[str, object], name: str, default: int) -> int:
    """Read a whole number from a configuration; see `number`."""
    return int(number(config, name, default))


def prediction_of(config: Mapping[str, object]) -> Prediction:
    """Read what a network of the DDPM or EDM kind predicts.

    Args:
        config: The content of scheduler_config.json.

    Raises:
        SpaceError: The prediction is of no kind that is known here.
    """
    known: Mapping[str, Prediction] = {
        "epsilon": "epsilon",
        "v_prediction": "v_prediction",
        "sample": "sample",
    }
    name = str(config.get("prediction_type", "epsilon"))
    if name not in known:
        raise SpaceError(
            f"The scheduler configuration has the prediction type '{name}'.",
            hint=f"Known types: {', '.join(known)}, flow_prediction.",
        )
    return known[name]


def initial_of(config: Mapping[str, object]) -> Initial:
    """Read how large the first latent is; see `DiffusionSpace.initial`.

    Args:
        config: The content of scheduler_config.json; the spacing is "linspace" where it does not say it, as
            the schedulers of diffusers have it that follow k-diffusion.
    """
    is_exploding = str(config.get("_class_name", "")).startswith(_EXPLODING)
    return (
        "sigma" if is_exploding and config.get("timestep_spacing", "linspace") in _FROM_NOISE else "variance"
    )


def betas_of(config: Mapping[str, object]) -> Tensor:
    """Compute the variance added at each training step.

    In float32, as diffusers does, so that noise levels agree to the bit.

    Args:
        config: The content of scheduler_config.json; missing keys take diffusers' defaults.

    Returns:
        The betas, shape [training steps].

    Raises:
        SpaceError: Unknown `beta_schedule`.
    """
    trained = config.get("trained_betas")
    if isinstance(trained, Sequence):
        return torch.tensor(trained, dtype=torch.float32)
    start, end = number(config, "beta_start", 0.0001), number(config, "beta_end", 0.02)
    count = integer(config, "num_train_timesteps", 1000)
    makers: Mapping[str, Callable[[], Tensor]] = {
        "linear": lambda: torch.linspace(start, end, count, dtype=torch.float32),
        "scaled_linear": lambda: torch.linspace(start**0.5, end**0.5, count, dtype=torch.float32) ** 2,
        "squaredcos_cap_v2": lambda: _cosine_betas(count),
    }
    name = str(config.get("beta_schedule", "linear"))
    if name not in makers:
        raise SpaceError(
            f"The scheduler configuration has the beta schedule '{name}'.",
            hint=f"Known schedules: {', '.join(makers)}.",
        )
    return makers[name]()


def _cosine_betas(count: int) -> Tensor:
    """Betas of the cosine schedule (Nichol & Dhariwal 2021, eq. 17), capped at 0.999."""

    def alpha_bar(time: float) -> float:
        return math.cos((time + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - alpha_bar((step + 1) / count) / alpha_bar(step / count), 0.999) for step in range(count)]
    return torch.tensor(betas, dtype=torch.float32)


def with_zero_terminal_snr(betas: Tensor) -> Tensor:
    """Rescale betas so that the last level is pure noise.

    Source: Lin et al. 2023 ("Common diffusion noise schedules and sample steps are flawed"), algorithm 1.

    Args:
        betas: Variance added at each training step, shape [steps].
    """
    roots = torch.cumprod(1.0 - betas, dim=0).sqrt()
    first, last = roots[0].clone(), roots[-1].clone()
    roots = (roots - last) * (first / (first - last))
    alpha_bar = roots**2
    return 1 - torch.cat([alpha_bar[:1], alpha_bar[1:] / alpha_bar[:-1]])
