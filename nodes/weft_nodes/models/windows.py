"""The patch by which a model sees large latents through windows: it changes how the network is asked."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.windows import WindowedNetwork, Windows
from weft_nodes.models.patches import DENOISER, Patch


@dataclass(frozen=True, slots=True)
class WindowPatch:
    """Windows of a size, in latent pixels; see `Windows`. Of several the last one counts.

    Args:
        windows: How latents are cut.
    """

    windows: Windows

    @property
    def part(self) -> str:
        """Return the denoising network."""
        return DENOISER

    @property
    def key(self) -> str:
        """Return a digest of the numbers."""
        words = ("windows", self.windows.size, self.windows.overlap, self.windows.multiple)
        return hashlib.blake2b(json.dumps(words).encode(), digest_size=16).hexdigest()

    def apply(self, net: nn.Module) -> None:
        """Leave the layers as they are; see `behind_windows`."""


def behind_windows(network: Network, patches: Sequence[Patch]) -> Network:
    """Put a live network behind the windows among its patches; without any it stays as it is."""
    found = _windows(patches)
    return network if found is None else WindowedNetwork(network, found)


def seen_size(size_hw: tuple[int, int] | None, patches: Sequence[Patch]) -> tuple[int, int] | None:
    """Return height and width of what a network sees of a latent at once; None stays None."""
    found = _windows(patches)
    return size_hw if size_hw is None or found is None else found.seen(size_hw)


def _windows(patches: Sequence[Patch]) -> Windows | None:
    found = [patch.windows for patch in patches if isinstance(patch, WindowPatch)]
    return found[-1] if found else None
