"""How a conditional U-Net of diffusers is called; shared by all families that have one."""

from collections.abc import Mapping
from typing import cast

from torch import Tensor

from weft_nodes.families.network import LiveNetwork

# Inputs that diffusers wants in a table of their own.
_ADDED = ("text_embeds", "time_ids")


class UNetNetwork(LiveNetwork):
    """A live U-Net as the sampling core sees it; see `LiveNetwork`."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        inputs = {name: tensor.to(self._dtype) for name, tensor in self._complete(x_BChw, inputs).items()}
        added = {name: inputs.pop(name) for name in _ADDED if name in inputs}
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
