"""Inpainting on any network: what a mask keeps of the original, at every noise level.

Outside the mask the sampler sees the original with the noise of its own first draw, so that both parts are at
one noise level at every step; and what it is told of that part is the original itself, so that it ends there
exactly. Nothing is asked of the network.

A gradual mask says when a place is let go instead of how much it may change (differential diffusion; Levin &
Fried 2023, algorithm 1): a place of value m changes in the last share m of the steps.
"""

from collections.abc import Hashable

import torch
from torch import Tensor

from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.trajectories import tensor_digest

# Shares of steps are compared in units of steps, where rounding is far below this.
_ROUNDING = 1e-4


class KeptPart:
    """The part of an original that one job keeps.

    Args:
        mask_B1hw: Where the latent may change, 1 = repaint, 0 = keep.
        original_BChw: Clean latent to keep, on the same device.
        noise_BChw: Noise that stands for the original's at all levels.
        space: The noise space.
        steps: Steps of the job.
        is_gradual: Whether the mask says when places are let go, instead of how much they may change.
    """

    def __init__(
        self,
        mask_B1hw: Tensor,
        original_BChw: Tensor,
        noise_BChw: Tensor,
        *,
        space: Space,
        steps: int,
        is_gradual: bool = False,
    ) -> None:
        self._mask = mask_B1hw
        self._original = original_BChw
        self._noise = noise_BChw
        self._space = space
        self._steps = steps
        self._is_gradual = is_gradual
        self._digests: Hashable = None

    def noisy(self, x_BChw: Tensor, sigma: float, step: int) -> Tensor:
        """Return a noisy latent with the kept part put back at its noise level.

        Args:
            x_BChw: The latent.
            sigma: Its noise level.
            step: The step it belongs to, 0..steps-1.
        """
        return torch.lerp(self._space.mix(self._original, self._noise, sigma), x_BChw, self._mask_at(step))

    def clean(self, denoised_BChw: Tensor, step: int) -> Tensor:
        """Return a denoised latent with the kept part put back; see `noisy`."""
        return torch.lerp(self._original, denoised_BChw, self._mask_at(step))

    def identity(self, step: int) -> Hashable:
        """Return all that the result of `clean` depends on besides its latent, as a key."""
        if self._digests is None:
            self._digests = (tensor_digest(self._mask), tensor_digest(self._original))
        return (self._digests, (step, self._steps) if self._is_gradual else None)

    def _mask_at(self, step: int) -> Tensor:
        if not self._is_gradual:
            return self._mask
        is_free = self._mask * self._steps >= self._steps - step - _ROUNDING
        return is_free.to(self._mask.dtype)
