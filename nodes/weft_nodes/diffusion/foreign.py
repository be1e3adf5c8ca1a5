"""Any scheduler of diffusers as a sampler of our kind.

A scheduler keeps the state of its run and speaks of raw network outputs, in coordinates of its own; a sampler
is told denoised latents in those of the space. Both are linear in each other, so going from one to the other
costs a rounding.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from weft_nodes.diffusion.betas import prediction_of
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.spaces import DiffusionSpace, FlowSpace, Space
from weft_nodes.diffusion.steps import Asking, NoiseSource, Program


class Scheduler(Protocol):
    """What is asked of a scheduler of diffusers."""

    timesteps: Tensor

    @property
    def config(self) -> Mapping[str, object]:
        """Its configuration."""

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor) -> object:
        """Take a step; the result holds the next latent as `prev_sample`."""


def scheduler_levels(scheduler: Scheduler) -> tuple[float, ...]:
    """Return the noise levels that a scheduler goes through, the last one included.

    Args:
        scheduler: With its time steps set.
    """
    sigmas = getattr(scheduler, "sigmas", None)
    if sigmas is not None:
        return tuple(float(sigma) for sigma in sigmas)
    kept = scheduler.alphas_cumprod[scheduler.timesteps]  # type: ignore[attr-defined]
    return (*(float(sigma) for sigma in ((1 - kept) / kept).sqrt()), 0.0)


def scheduler_program(scheduler: Scheduler) -> Program:
    """Make a sampler of a scheduler.

    Args:
        scheduler: With its time steps set, for one run: its state is that of the run. It must take one
            evaluation a step and draw no noise.

    Returns:
        A sampler for the levels of `scheduler_levels`, in a diffusion or flow space.
    """

    def run(space: Space, x: Tensor, sigmas: Sequence[float], _: NoiseSource) -> Asking:
        if len(scheduler.timesteps) != len(sigmas) - 1:
            raise JobError(
                f"A scheduler with {len(scheduler.timesteps)} time steps was given {len(sigmas) - 1} steps.",
                hint="Use a scheduler of one evaluation a step, at the levels of `scheduler_levels`.",
            )
        # Schedulers of the DDPM kind mix data and noise so that the variance is kept; Euler's do not.
        is_kept = isinstance(space, DiffusionSpace) and float(scheduler.init_noise_sigma) == 1.0  # type: ignore[attr-defined]
        sample = x * _kept_scale(sigmas[0]) if is_kept else x
        for time, sigma in zip(scheduler.timesteps, sigmas, strict=False):
            x = sample / _kept_scale(sigma) if is_kept else sample
            denoised = yield x, sigma
            if hasattr(scheduler, "scale_model_input"):
                # Only noted by the scheduler: the space has scaled what the network read.
                scheduler.scale_model_input(sample, time)
            output = raw_output(scheduler.config, space, x, sigma, denoised)
            sample = torch.as_tensor(scheduler.step(output, time, sample).prev_sample)  # type: ignore[attr-defined]
        return sample

    return run


def raw_output(
    config: Mapping[str, object], space: Space, x: Tensor, sigma: float, denoised: Tensor
) -> Tensor:
    """Return what the network must have said; the inverse of `Space.to_denoised` for a scheduler.

    Args:
        config: The scheduler's; it says what the network predicts.
        space: A diffusion or flow space.
        x: The noisy latent in the coordinates of the space.
        sigma: Its noise level, > 0.
        denoised: The denoised latent.
    """
    noise = (x - denoised) / sigma
    if isinstance(space, FlowSpace):
        return noise
    prediction = prediction_of(config)
    if prediction == "epsilon":
        return noise
    if prediction == "sample":
        return denoised
    scale = _kept_scale(sigma)
    return noise * scale - denoised * (sigma * scale)


def _kept_scale(sigma: float) -> float:
    """Return the factor from variance-exploding to variance-preserving coordinates."""
    return 1.0 / math.sqrt(sigma * sigma + 1.0)
