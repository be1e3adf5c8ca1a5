"""How a live network of diffusers is called; shared by all families."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.spaces import Space

GUIDANCE = "guidance"
"""Name of the input by which a prompt says its guidance to networks that learned to be told."""


class LiveNetwork(ABC):
    """A live network as the sampling core sees it; a family says in `_call` how its own is asked.

    Args:
        module: A network of diffusers, private to its handle.
        space: The noise space it was trained in.
        key: Key of its handle.
    """

    # Whether the network learned to be told the guidance; what a prompt says of it is kept from others.
    _is_told_guidance = False

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        self.module = module
        self.space = space
        self._key = key
        parameter = next(module.parameters())
        self._device, self._dtype = parameter.device, parameter.dtype

    @property
    def batch_key(self) -> str:
        """Return the key of the handle: rows of equal keys may share a forward."""
        return self._key

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        return self._device

    def predict(self, x_BChw: Tensor, timestep_B: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Run the network once; see `weft_nodes.diffusion.denoiser.Network`."""
        inputs = {
            name: tensor.to(self._dtype) if tensor.is_floating_point() else tensor
            for name, tensor in conditions.items()
            if name != GUIDANCE or self._is_told_guidance
        }
        with torch.no_grad():
            return self._call(x_BChw, timestep_B, inputs)

    @abstractmethod
    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        """Ask the module.

        Args:
            x_BChw: Noisy latents, float32.
            timestep_B: What `Space.timestep` says of each row, float32.
            inputs: What the prompts carry; floats are in the module's dtype. The dictionary may be changed.

        Returns:
            The raw prediction, shape of `x_BChw`, any float dtype.
        """
