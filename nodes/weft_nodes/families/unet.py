"""How a conditional U-Net of diffusers is called; shared by all families that have one."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.spaces import Space

# Inputs that diffusers wants in a table of their own.
_ADDED = ("text_embeds", "time_ids")


class UNetNetwork:
    """A live U-Net as the sampling core sees it.

    Args:
        module: A `UNet2DConditionModel`, private to its handle.
        space: The noise space it was trained in.
        key: Key of its handle.
    """

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
        inputs = {name: tensor.to(self._dtype) for name, tensor in self._complete(x_BChw, conditions).items()}
        added = {name: inputs.pop(name) for name in _ADDED if name in inputs}
        with torch.no_grad():
            output = self.module(
                x_BChw.to(self._dtype),
                timestep_B,
                added_cond_kwargs=added or None,
                return_dict=False,
                **inputs,
            )[0]
        return cast("Tensor", output)

    def _complete(self, _: Tensor, conditions: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the conditions with what the prompts could not know."""
        return conditions
