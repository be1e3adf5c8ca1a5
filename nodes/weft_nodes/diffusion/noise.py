"""Noise that depends on a seed alone: not on the device, the batch or the company."""

from collections.abc import Sequence

import torch
from torch import Tensor

from weft_nodes.diffusion.errors import JobError

_LARGEST_SEED = 2**64 - 1


class SeededNoise:
    """The stream of noise of one picture.

    Numbers are drawn on the CPU in float32, so a seed gives the same picture on every device. The first draw
    is the initial noise; stochastic samplers go on with the same stream, one draw for each call.

    Args:
        seed: 0..2^64-1.
        shape: Shape of every draw.
        device: Where the draws are put.

    Raises:
        JobError: The seed is out of range.
    """

    def __init__(self, seed: int, shape: Sequence[int], device: torch.device) -> None:
        if not 0 <= seed <= _LARGEST_SEED:
            raise JobError(f"The seed is {seed}.", hint="A seed lies in 0..2^64-1.")
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._shape = tuple(shape)
        self._device = device

    def __call__(self) -> Tensor:
        """Draw the next standard normal noise."""
        noise = torch.randn(self._shape, generator=self._generator, dtype=torch.float32)
        return noise if self._device.type == "cpu" else noise.to(self._device, non_blocking=True)

    def skip(self, draws: int) -> None:
        """Throw draws away, to go on where an earlier stage stopped.

        Args:
            draws: How many, >= 0.
        """
        for _ in range(draws):
            self()


def item_seed(seed: int, index: int) -> int:
    """Return the seed of one item of a batch.

    Item k of a batch uses `seed + k`, so a batch equals single runs at consecutive seeds. Past the largest
    seed it starts again at 0.

    Args:
        seed: Seed of the batch, 0..2^64-1.
        index: Place in the batch, from 0.
    """
    return (seed + index) % (_LARGEST_SEED + 1)
