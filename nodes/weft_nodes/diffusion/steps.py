"""What samplers are made of: their type, and the one step that all of them share."""

from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor

from weft_nodes.diffusion.spaces import Space

# A sampler under way: it yields (noisy latent, noise level), is sent the denoised latent, and returns the
# result.
Asking = Generator[tuple[Tensor, float], Tensor, Tensor]

# Draws fresh standard normal noise of the latent's shape.
NoiseSource = Callable[[], Tensor]

# A sampler: (space, first latent, falling noise levels, noise) -> a sampler under way.
Program = Callable[[Space, Tensor, Sequence[float], NoiseSource], Asking]


def step(x: Tensor, sigma: float, target: float, denoised: Tensor) -> Tensor:
    """Follow the ODE from one noise level to another as if the denoised latent stayed what it is.

    This is the exact solution then: Euler's method in sigma, DDIM and first-order DPM-Solver++ are this same
    step. With `alpha` either 1 or `1 - sigma`, its two coefficients add up to 1 in every space, so it is a
    linear interpolation.

    Args:
        x: Noisy latent at `sigma`.
        sigma: Noise level now, > 0.
        target: Noise level to go to.
        denoised: Denoised latent.

    Returns:
        The latent at `target`; exactly `denoised` for a target of 0.
    """
    return torch.lerp(denoised, x, target / sigma)


def slope(x: Tensor, sigma: float, denoised: Tensor) -> Tensor:
    """Return `dx/dsigma` of the probability-flow ODE (Karras et al. 2022, eq. 1; the same in flow spaces)."""
    return (x - denoised) / sigma


def add_noise(x: Tensor, scale: float, size: float, noise: NoiseSource) -> Tensor:
    """Return `x * scale + size * noise`; draws nothing for a size of 0."""
    scaled = x if scale == 1.0 else x * scale
    return torch.add(scaled, noise(), alpha=size) if size > 0 else scaled
