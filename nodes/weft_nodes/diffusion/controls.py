"""Controls as rows of a forward: which apply at a step, and the network inputs they become.

A control travels with a prompt. At each step the controls that apply are laid beside the prompt's tensors,
under names that hold the key of their network, so that rows under equal control networks share a forward,
whatever their pictures and strengths, and others do not.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.guidance import applies
from weft_nodes.diffusion.trajectories import tensor_digest
from weft_nodes.diffusion.values import Control, Prompt

_PREFIX: Final = "control/"


class ControlRows(NamedTuple):
    """One control of all rows of a forward.

    Attributes:
        key: Key of the control network.
        hint_BCHW: What it is shown.
        strength_B: Factor of its residuals.
        kind_B: What the pictures show, for networks that read several kinds; int64.
        mask_B1hw: Where it applies, at latent resolution; None is everywhere.
    """

    key: str
    hint_BCHW: Tensor
    strength_B: Tensor
    kind_B: Tensor
    mask_B1hw: Tensor | None

    def scaled(self, residual: Tensor, mask: Tensor | None) -> Tensor:
        """Weigh a residual of the control network.

        Args:
            residual: Float tensor, rows first.
            mask: The mask in the shape of the residual; None is everywhere.
        """
        strength = self.strength_B.view(-1, *[1] * (residual.ndim - 1))
        # A number per row multiplies in float32, as a plain number would.
        scaled = residual * strength
        return scaled if mask is None else scaled * mask.to(scaled)


def split_inputs(inputs: Mapping[str, Tensor]) -> tuple[tuple[ControlRows, ...], dict[str, Tensor]]:
    """Part the inputs of a forward into controls, in their order, and all others."""
    others = {name: tensor for name, tensor in inputs.items() if not name.startswith(_PREFIX)}
    found: list[ControlRows] = []
    for name, tensor in inputs.items():
        if name.startswith(_PREFIX) and name.endswith("/hint"):
            stem = name.removesuffix("/hint")
            found.append(
                ControlRows(
                    stem.split("/")[2],
                    tensor,
                    inputs[f"{stem}/strength"],
                    inputs[f"{stem}/kind"],
                    inputs.get(f"{stem}/mask"),
                )
            )
    return tuple(found), others


def plane_mask(mask_B1hw: Tensor | None, size_hw: Sequence[int]) -> Tensor | None:
    """Bring a mask to the size of a residual of planes, averaged over areas."""
    return None if mask_B1hw is None else functional.interpolate(mask_B1hw, tuple(size_hw), mode="area")


def token_mask(mask_B1hw: Tensor | None, patch: int) -> Tensor | None:
    """Bring a mask to tokens [B, N, 1], averaged over each.

    Args:
        mask_B1hw: A mask at latent resolution.
        patch: Side of a token in latent pixels.
    """
    return None if mask_B1hw is None else functional.avg_pool2d(mask_B1hw, patch).flatten(2).transpose(1, 2)


class ControlledPrompts:
    """Lays the controls of a job's prompts beside their tensors, once for each company they appear in.

    Args:
        size_hw: Height and width of the latent.
        device: Where the network wants its tensors.
    """

    def __init__(self, size_hw: tuple[int, int], device: torch.device) -> None:
        self._size_hw = size_hw
        self._device = device
        self._laid: dict[Hashable, Prompt] = {}
        self._passed_on: dict[Hashable, tuple[Control, ...]] = {}
        self._inputs: dict[Control, Mapping[str, Tensor]] = {}
        self._contents: dict[Control, Hashable] = {}

    def own(self, prompts: Sequence[Prompt], share: float) -> list[Prompt]:
        """Return prompts under the controls of their own that apply after a share of the steps."""
        return [self._under(entry, entry.controls, share) for entry in prompts]

    def following(self, prompts: Sequence[Prompt], leaders: Sequence[Prompt], share: float) -> list[Prompt]:
        """Return prompts under their own controls or, where they have none, those of other prompts.

        Args:
            prompts: What a picture is guided away from.
            leaders: The positive prompts of the same step; controls of a region apply there only.
            share: Steps done before this one, divided by all steps.
        """
        inherited = self._of_all(leaders)
        return [self._under(entry, entry.controls or inherited, share) for entry in prompts]

    def _of_all(self, leaders: Sequence[Prompt]) -> tuple[Control, ...]:
        members = tuple(id(entry) for entry in leaders)
        if members not in self._passed_on:
            # By content: what came out of a file is a control of its own in each prompt.
            found: dict[Hashable, Control] = {}
            regions: dict[Hashable, list[Tensor | None]] = {}
            for entry in leaders:
                for control in entry.controls:
                    content = self._content(control)
                    found.setdefault(content, control)
                    regions.setdefault(content, []).append(entry.mask_hw)
            self._passed_on[members] = tuple(
                self._within(control, regions[content]) for content, control in found.items()
            )
        return self._passed_on[members]

    def _content(self, control: Control) -> Hashable:
        if control not in self._contents:
            mask = None if control.mask_hw is None else tensor_digest(control.mask_hw)
            picture = tensor_digest(control.hint_1CHW)
            steps = (control.start, control.end)
            self._contents[control] = (control.net.key, picture, control.strength, steps, mask, control.kind)
        return self._contents[control]

    def _within(self, control: Control, regions: Sequence[Tensor | None]) -> Control:
        """Limit a control to the places where any of the prompts that it came with applies."""
        known = [at_size(region, self._size_hw) for region in regions if region is not None]
        if len(known) < len(regions):
            return control
        reached = torch.stack(known).amax(dim=0)
        if control.mask_hw is not None:
            reached = reached * at_size(control.mask_hw, self._size_hw)
        return replace(control, mask_hw=reached[0, 0])

    def _under(self, entry: Prompt, controls: Sequence[Control], share: float) -> Prompt:
        active = tuple(control for control in controls if applies(control.start, control.end, share))
        if not active:
            return entry
        members = (id(entry), active)
        if members not in self._laid:
            inputs = {
                f"{_PREFIX}{place}/{name}": tensor
                for place, control in enumerate(active)
                for name, tensor in self._inputs_of(control).items()
            }
            self._laid[members] = replace(entry, tensors={**entry.tensors, **inputs})
        return self._laid[members]

    def _inputs_of(self, control: Control) -> Mapping[str, Tensor]:
        if control not in self._inputs:
            key = control.net.key
            covered = tuple(side // control.cell for side in control.hint_1CHW.shape[-2:])
            if covered != self._size_hw:
                raise ConditioningError(
                    f"The picture of a control covers {covered[1]}x{covered[0]} latent pixels, but the "
                    f"latent has {self._size_hw[1]}x{self._size_hw[0]}.",
                    hint="Resize the control's picture to the size of the picture that is sampled.",
                )
            inputs = {
                f"{key}/hint": control.hint_1CHW,
                f"{key}/strength": torch.tensor([control.strength]),
                f"{key}/kind": torch.tensor([control.kind]),
            }
            if control.mask_hw is not None:
                inputs[f"{key}/mask"] = at_size(control.mask_hw, self._size_hw)
            self._inputs[control] = {name: tensor.to(self._device) for name, tensor in inputs.items()}
        return self._inputs[control]


def at_size(mask_hw: Tensor, size_hw: Sequence[int]) -> Tensor:
    """Bring a mask to latent resolution, averaged over the area of each latent pixel.

    Args:
        mask_hw: A mask of any size.
        size_hw: Height and width of the latent.

    Returns:
        Float32 [1, 1, h, w] on the CPU.
    """
    mask_11hw = mask_hw.to("cpu", torch.float32)[None, None]
    if mask_11hw.shape[-2:] == tuple(size_hw):
        return mask_11hw
    return functional.interpolate(mask_11hw, size=tuple(size_hw), mode="area")
