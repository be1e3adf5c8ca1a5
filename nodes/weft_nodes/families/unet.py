"""How a conditional U-Net of diffusers is called; shared by all families that have one."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter, methodcaller
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.controls import ControlRows, plane_mask, split_images
from weft_nodes.diffusion.sights import CONCAT
from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.network import GUIDANCE, LiveNetwork, added_up
from weft_nodes.models.controls import KIND_OF_HINTS, KIND_OF_UNION
from weft_nodes.models.image_readers import told_images

# Inputs that diffusers wants in a table of their own.
_ADDED = ("text_embeds", "time_ids")
# What latent consistency models are told where no prompt says it; the value of diffusers' pipeline.
_GUIDANCE: Final = 8.5


class UNetNetwork(LiveNetwork):
    """A live U-Net as the sampling core sees it; see `LiveNetwork`.

    Latent consistency models (Luo et al. 2023) are U-Nets that learned to be told the guidance.
    """

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        super().__init__(module, space=space, key=key)
        self._guidance_width = int(cast("Any", module).config.time_cond_proj_dim or 0)
        self._is_told_guidance = self._guidance_width > 0

    def _count_shown_channels(self) -> int:
        config = cast("Any", self.module).config
        return int(config.in_channels - config.out_channels)

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        seen_BChw = self._beside(x_BChw, inputs.pop(CONCAT, None))
        embedded = self._embedded(inputs.pop(GUIDANCE, None), timestep_B)
        return self._ask(seen_BChw, timestep_B, {**self._told(x_BChw, timestep_B, inputs), **embedded}, {})

    def _call_controlled(
        self,
        x_BChw: Tensor,
        timestep_B: Tensor,
        inputs: dict[str, Tensor],
        controls: Sequence[ControlRows],
    ) -> Tensor:
        seen_BChw = self._beside(x_BChw, inputs.pop(CONCAT, None))
        embedded = self._embedded(inputs.pop(GUIDANCE, None), timestep_B)
        told = self._told(x_BChw, timestep_B, inputs)
        found, hints = [], []
        for rows, net in _read_at_once(self._steerers(controls)):
            control, dtype = rows[0], rows[0].hint_BCHW.dtype
            if type(net).__name__ == KIND_OF_HINTS:
                hints.append(self._weighed(rows, net(_of_channels(net, control.hint_BCHW))))
                continue
            asked = {
                "sample": x_BChw.to(dtype),
                "timestep": timestep_B,
                **{name: _each(value, methodcaller("to", dtype)) for name, value in told.items()},
            }
            if type(net).__name__ == KIND_OF_UNION:
                answer = _union_residuals(net, rows, asked)
            else:
                down, middle = net(controlnet_cond=control.hint_BCHW, return_dict=False, **asked)
                answer = [*down, middle]
            found.append(self._weighed(rows, answer))
        residuals: dict[str, object] = {}
        if found:
            *down, residuals["mid_block_additional_residual"] = added_up(found)
            residuals["down_block_additional_residuals"] = tuple(down)
        if hints:
            residuals["down_intrablock_additional_residuals"] = added_up(hints)
        return self._ask(seen_BChw, timestep_B, {**told, **embedded}, residuals)

    def _beside(self, x_BChw: Tensor, shown_BChw: Tensor | None) -> Tensor:
        """Return the noisy latents with what prompts show beside them."""
        return x_BChw if shown_BChw is None else torch.cat([x_BChw, shown_BChw.to(x_BChw)], dim=1)

    def _weighed(self, controls: Sequence[ControlRows], residuals: Sequence[Tensor]) -> list[Tensor]:
        """Return residuals as strongly as a control asks for, and where, in the module's dtype."""
        if len(controls) > 1:
            # The network itself weighed what it read.
            return [residual.to(self._dtype) for residual in residuals]
        (control,) = controls
        masks = [plane_mask(control.mask_B1hw, residual.shape[-2:]) for residual in residuals]
        return [residual.to(self._dtype) for residual in map(control.scaled, residuals, masks)]

    def _embedded(self, told_B: Tensor | None, timestep_B: Tensor) -> Mapping[str, Tensor]:
        """Return the guidance as the network reads it: sines of many lengths (VDM, arXiv 2107.00630)."""
        if not self._is_told_guidance:
            return {}
        scale_B = torch.full_like(timestep_B, _GUIDANCE) if told_B is None else told_B.float()
        half = self._guidance_width // 2
        steps_F = torch.arange(half, device=scale_B.device) * -(math.log(10000.0) / (half - 1))
        angles_BF = (scale_B[:, None] - 1.0) * 1000.0 * torch.exp(steps_F)
        embedded_BD = torch.cat([torch.sin(angles_BF), torch.cos(angles_BF)], dim=1)
        return {"timestep_cond": embedded_BD.to(self._dtype)}

    def _ask(
        self, x_BChw: Tensor, timestep_B: Tensor, told: Mapping[str, object], residuals: Mapping[str, object]
    ) -> Tensor:
        output = self.module(x_BChw.to(self._dtype), timestep_B, return_dict=False, **told, **residuals)[0]
        return cast("Tensor", output)

    def _told(self, x_BChw: Tensor, timestep_B: Tensor, inputs: Mapping[str, Tensor]) -> dict[str, object]:
        """Return what the prompts say by the names of diffusers, in the module's dtype."""
        images, words = split_images(inputs)
        told = {name: tensor.to(self._dtype) for name, tensor in self._complete(x_BChw, words).items()}
        added = {name: told.pop(name) for name in _ADDED if name in told}
        seen = told_images(self.module, images, timestep_B)
        return {**told, "added_cond_kwargs": added or None, **seen}

    def _complete(self, _: Tensor, conditions: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the conditions with what the prompts could not know."""
        return conditions


def _of_channels(net: nn.Module, hint_BCHW: Tensor) -> Tensor:
    """Return a picture in grey for a network that was trained on such."""
    return hint_BCHW.mean(dim=1, keepdim=True) if cast("Any", net).config.in_channels == 1 else hint_BCHW


def _each(value: object, change: Callable[[Tensor], Tensor]) -> object:
    """Change a tensor, or each tensor of a table."""
    if isinstance(value, Tensor):
        return change(value)
    return {name: _each(one, change) for name, one in value.items()} if isinstance(value, dict) else value


def _read_at_once(
    steerers: Iterable[tuple[ControlRows, nn.Module]],
) -> list[tuple[list[ControlRows], nn.Module]]:
    """Put together the controls that a network reads in one forward.

    Only networks for several kinds read several pictures, and their answer cannot be parted by masks.
    """
    found: list[tuple[list[ControlRows], nn.Module]] = []
    joined: dict[str, list[ControlRows]] = {}
    for control, net in steerers:
        if type(net).__name__ != KIND_OF_UNION or control.mask_B1hw is not None:
            found.append(([control], net))
        elif control.key in joined:
            joined[control.key].append(control)
        else:
            joined[control.key] = [control]
            found.append((joined[control.key], net))
    return found


def _union_residuals(
    net: nn.Module, controls: Sequence[ControlRows], asked: Mapping[str, object]
) -> list[Tensor]:
    """Ask a network for several kinds of pictures; what it says of several is weighed by their strengths."""
    several = len(controls) > 1
    kinds_BK = torch.stack([control.kind_B for control in controls], dim=1)
    count = cast("Any", net).config.num_control_type
    told_BT = controls[0].hint_BCHW.new_zeros(len(kinds_BK), count).scatter_(1, kinds_BK, 1.0)

    def ask(rows: slice) -> list[Tensor]:
        down, middle = net(
            controlnet_cond=[control.hint_BCHW[rows] for control in controls],
            control_type=told_BT[rows],
            control_type_idx=[control.kind_B[rows] for control in controls],
            conditioning_scale=[control.strength_B[rows.start] if several else 1.0 for control in controls],
            return_dict=False,
            **{name: _each(value, itemgetter(rows)) for name, value in asked.items()},
        )
        return [*down, middle]

    if not several:
        return ask(slice(None))
    # Strengths weigh in before the first layer, where the network takes one for all rows.
    answers = [ask(slice(row, row + 1)) for row in range(len(kinds_BK))]
    return [torch.cat(residuals) for residuals in zip(*answers, strict=True)]
