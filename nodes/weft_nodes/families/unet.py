"""How a conditional U-Net of diffusers is called; shared by all families that have one."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from weft_nodes.diffusion.controls import ControlRows, plane_mask
from weft_nodes.diffusion.sights import CONCAT
from weft_nodes.families.network import LiveNetwork, added_up

# Inputs that diffusers wants in a table of their own.
_ADDED = ("text_embeds", "time_ids")


class UNetNetwork(LiveNetwork):
    """A live U-Net as the sampling core sees it; see `LiveNetwork`."""

    def _count_shown_channels(self) -> int:
        config = cast("Any", self.module).config
        return int(config.in_channels - config.out_channels)

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        seen_BChw = _beside(x_BChw, inputs.pop(CONCAT, None))
        return self._ask(seen_BChw, timestep_B, self._told(x_BChw, inputs), {})

    def _call_controlled(
        self,
        x_BChw: Tensor,
        timestep_B: Tensor,
        inputs: dict[str, Tensor],
        controls: Sequence[ControlRows],
    ) -> Tensor:
        seen_BChw = _beside(x_BChw, inputs.pop(CONCAT, None))
        told = self._told(x_BChw, inputs)
        found = []
        for control, net in self._steerers(controls):
            asked = {name: _cast(value, control.hint_BCHW.dtype) for name, value in told.items()}
            down, middle = net(
                x_BChw.to(control.hint_BCHW.dtype),
                timestep_B,
                controlnet_cond=control.hint_BCHW,
                return_dict=False,
                **asked,
            )
            masks = [plane_mask(control.mask_B1hw, residual.shape[-2:]) for residual in (*down, middle)]
            weighed = map(control.scaled, (*down, middle), masks)
            found.append([residual.to(self._dtype) for residual in weighed])
        *down, middle = added_up(found)
        residuals = {
            "down_block_additional_residuals": tuple(down),
            "mid_block_additional_residual": middle,
        }
        return self._ask(seen_BChw, timestep_B, told, residuals)

    def _ask(
        self, x_BChw: Tensor, timestep_B: Tensor, told: Mapping[str, object], residuals: Mapping[str, object]
    ) -> Tensor:
        output = self.module(x_BChw.to(self._dtype), timestep_B, return_dict=False, **told, **residuals)[0]
        return cast("Tensor", output)

    def _told(self, x_BChw: Tensor, inputs: Mapping[str, Tensor]) -> dict[str, object]:
        """Return what the prompts say by the names of diffusers, in the module's dtype."""
        told = {name: tensor.to(self._dtype) for name, tensor in self._complete(x_BChw, inputs).items()}
        added = {name: told.pop(name) for name in _ADDED if name in told}
        return {**told, "added_cond_kwargs": added or None}

    def _complete(self, _: Tensor, conditions: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the conditions with what the prompts could not know."""
        return conditions


def _beside(x_BChw: Tensor, shown_BChw: Tensor | None) -> Tensor:
    return x_BChw if shown_BChw is None else torch.cat([x_BChw, shown_BChw.to(x_BChw)], dim=1)


def _cast(value: object, dtype: torch.dtype) -> object:
    if isinstance(value, Tensor):
        return value.to(dtype)
    return {name: _cast(one, dtype) for name, one in value.items()} if isinstance(value, dict) else value
