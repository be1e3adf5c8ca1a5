"""Latents larger than a network was trained for, seen through overlapping windows of that size.

At every step the network predicts each window alone, and where windows overlap their predictions are averaged
(MultiDiffusion; Bar-Tal et al. 2023, eq. 5), with weights that fall towards a window's edges so that no seam
shows. A denoised latent is linear in the prediction, and so this is the average of the denoised windows too.
Everything else of a step (guidance, regions, masks, samplers) sees the whole latent.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.sights import CONCAT

# Ends of the names of inputs that lie over the latent, in its size or a multiple of it.
_LAID_OVER = ("/hint", "/mask")


@dataclass(frozen=True, slots=True)
class Windows:
    """How a latent is cut.

    Args:
        size: Side of a window in latent pixels, a multiple of `multiple`.
        overlap: Least overlap of neighbours in latent pixels, likewise, at most half the size.
        multiple: Windows begin at multiples of this number: the side of a token of the network.

    Raises:
        JobError: The numbers do not divide, or windows overlap by more than half.
    """

    size: int
    overlap: int
    multiple: int = 1

    def __post_init__(self) -> None:
        divides = self.size % self.multiple == 0 and self.overlap % self.multiple == 0
        if self.size < self.multiple or not divides or not 0 <= self.overlap * 2 <= self.size:
            raise JobError(
                f"Windows of {self.size} latent pixels overlap by {self.overlap}.",
                hint=f"Use multiples of {self.multiple}, and let them overlap by at most half.",
            )

    def starts(self, length: int) -> tuple[int, ...]:
        """Return where windows begin along an axis: as few as can be, at even distances.

        Args:
            length: Length of the axis in latent pixels, a multiple of `multiple`.
        """
        last = length - self.size
        if last <= 0:
            return (0,)
        count = -(-last // (self.size - self.overlap)) + 1
        units = last // self.multiple
        return tuple(units * place // (count - 1) * self.multiple for place in range(count))

    def seen(self, size_hw: tuple[int, int]) -> tuple[int, int]:
        """Return height and width of what the network sees of a latent at once."""
        return min(size_hw[0], self.size), min(size_hw[1], self.size)


class _Window(NamedTuple):
    rows: slice
    columns: slice
    weight_hw: Tensor


class WindowedNetwork:
    """A network that sees latents through windows; small latents it sees whole.

    Args:
        network: The network.
        windows: How latents are cut.
    """

    def __init__(self, network: Network, windows: Windows) -> None:
        self._network = network
        self._windows = windows

    @property
    def batch_key(self) -> Hashable:
        """Return a name of network and windows; see `Network`."""
        return (self._network.batch_key, self._windows)

    @property
    def device(self) -> torch.device:
        """Return where the network is."""
        return self._network.device

    def with_controls(self, controls: Mapping[str, nn.Module]) -> WindowedNetwork:
        """Return this network with live control networks beside it, each shown its part of the picture."""
        steerable = getattr(self._network, "with_controls", None)
        if steerable is None:
            raise JobError(
                "This network reads no controls.", hint="Disconnect them, or use a model that reads them."
            )
        return WindowedNetwork(steerable(controls), self._windows)

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Run the network once for each window; see `Network`."""
        size = int(x_BChw.shape[-2]), int(x_BChw.shape[-1])
        if self._windows.seen(size) == size:
            return self._network.predict(x_BChw, timestep_B, conditions)
        total = torch.zeros_like(x_BChw, dtype=torch.float32)
        weights = torch.zeros(size, device=x_BChw.device)
        for rows, columns, weight_hw in self._cut(size, x_BChw.device):
            part = {
                name: _part(tensor, size, rows, columns) if _lies_over(name) else tensor
                for name, tensor in conditions.items()
            }
            predicted = self._network.predict(x_BChw[..., rows, columns], timestep_B, part)
            total[..., rows, columns] += predicted.float() * weight_hw
            weights[rows, columns] += weight_hw
        return total / weights

    def _cut(self, size_hw: tuple[int, int], device: torch.device) -> list[_Window]:
        height, width = self._windows.seen(size_hw)
        down, across = (self._weights(side, device) for side in (height, width))
        return [
            _Window(slice(top, top + height), slice(left, left + width), down[:, None] * across)
            for top in self._windows.starts(size_hw[0])
            for left in self._windows.starts(size_hw[1])
        ]

    def _weights(self, side: int, device: torch.device) -> Tensor:
        """Return weights that rise from the edges over the overlap, and are even in between."""
        places = torch.arange(side, device=device)
        return (
            torch.minimum(places, side - 1 - places).add(1).clamp_max(max(1, self._windows.overlap)).float()
        )


def _lies_over(name: str) -> bool:
    return name == CONCAT or name.endswith(_LAID_OVER)


def _part(tensor: Tensor, size_hw: tuple[int, int], rows: slice, columns: slice) -> Tensor:
    """Cut the part that lies over a window out of an input of the size of the latent, or a multiple."""
    down, across = tensor.shape[-2] // size_hw[0], tensor.shape[-1] // size_hw[1]
    return tensor[
        ..., rows.start * down : rows.stop * down, columns.start * across : columns.stop * across
    ].contiguous()
