"""Controls as rows of a forward: which apply at a step, and the network inputs they become.

A control travels with a prompt. At each step the controls that apply are laid beside the prompt's tensors,
under names that hold the key of their network, so that rows under equal control networks share a forward,
whatever their pictures and strengths, and others do not. Image prompts travel in the same way.
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
from weft_nodes.diffusion.values import Control, ImagePrompt, Prompt, Steering

_CONTROL: Final = "control/"
_IMAGE: Final = "image/"


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


class ImageRows(NamedTuple):
    """One image prompt of all rows of a forward.

    Attributes:
        key: Key of the adapter whose layers read it.
        tokens_BTD: What they read; what an encoder sees of each picture [B, P, T, D], where the network makes
            tokens of it.
        strength_B: Factor of what they add.
        mask_B1hw: Where it applies, at latent resolution; None is everywhere.
        time_BD: The time of the tokens, as layers read it that depend on it.
    """

    key: str
    tokens_BTD: Tensor
    strength_B: Tensor
    mask_B1hw: Tensor | None
    time_BD: Tensor | None = None


def split_inputs(inputs: Mapping[str, Tensor]) -> tuple[tuple[ControlRows, ...], dict[str, Tensor]]:
    """Part the inputs of a forward into controls, in their order, and all others."""
    stems, others = _stems(inputs, _CONTROL, "hint")
    return tuple(
        ControlRows(
            key,
            inputs[f"{stem}/hint"],
            inputs[f"{stem}/strength"],
            inputs[f"{stem}/kind"],
            inputs.get(f"{stem}/mask"),
        )
        for stem, key in stems.items()
    ), others


def split_images(inputs: Mapping[str, Tensor]) -> tuple[tuple[ImageRows, ...], dict[str, Tensor]]:
    """Part the inputs of a forward into image prompts, in their order, and all others."""
    stems, others = _stems(inputs, _IMAGE, "tokens")
    return tuple(
        ImageRows(key, inputs[f"{stem}/tokens"], inputs[f"{stem}/strength"], inputs.get(f"{stem}/mask"))
        for stem, key in stems.items()
    ), others


def _stems(inputs: Mapping[str, Tensor], prefix: str, first: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the beginnings of names below a prefix, with the keys in them, and the inputs elsewhere."""
    others = {name: tensor for name, tensor in inputs.items() if not name.startswith(prefix)}
    found = [name.removesuffix(f"/{first}") for name in inputs if name.startswith(prefix)]
    return {stem: stem.split("/")[2] for stem in found if f"{stem}/{first}" in inputs}, others


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


def sequence_mask(mask_B1hw: Tensor | None, count: int) -> Tensor | None:
    """Bring a mask to the places of a layer [B, N, 1], averaged over each.

    Args:
        mask_B1hw: A mask at latent resolution.
        count: Places of the layer, whose sides are those of the latent halved some times, rounded up.

    Raises:
        ConditioningError: No halving leads to that many places.
    """
    if mask_B1hw is None:
        return None
    height, width = mask_B1hw.shape[-2:]
    while height * width > count:
        height, width = (height + 1) // 2, (width + 1) // 2
    if height * width != count:
        raise ConditioningError(
            f"A mask of {mask_B1hw.shape[-1]}x{mask_B1hw.shape[-2]} cannot be laid over {count} places.",
            hint="Use the image prompt without a mask with this model.",
        )
    return functional.interpolate(mask_B1hw, (height, width), mode="area").flatten(2).transpose(1, 2)


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
        self._passed_on: dict[Hashable, tuple[Steering, ...]] = {}
        self._inputs: dict[Steering, Mapping[str, Tensor]] = {}
        self._contents: dict[Steering, Hashable] = {}

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

    def _of_all(self, leaders: Sequence[Prompt]) -> tuple[Steering, ...]:
        members = tuple(id(entry) for entry in leaders)
        if members not in self._passed_on:
            # By content: what came out of a file is a control of its own in each prompt.
            found: dict[Hashable, Steering] = {}
            regions: dict[Hashable, list[Tensor | None]] = {}
            for entry in leaders:
                for control in entry.controls:
                    content = self._content(control)
                    found.setdefault(content, control)
                    regions.setdefault(content, []).append(entry.mask_hw)
            self._passed_on[members] = tuple(
                self._passed(control, regions[content]) for content, control in found.items()
            )
        return self._passed_on[members]

    def _content(self, control: Steering) -> Hashable:
        if control not in self._contents:
            mask = None if control.mask_hw is None else tensor_digest(control.mask_hw)
            if isinstance(control, ImagePrompt):
                shown, kind = control.tokens_1TD, -1
            else:
                shown, kind = control.hint_1CHW, control.kind
            steps = (control.start, control.end)
            self._contents[control] = (
                control.net.key,
                tensor_digest(shown),
                control.strength,
                steps,
                mask,
                kind,
            )
        return self._contents[control]

    def _passed(self, control: Steering, regions: Sequence[Tensor | None]) -> Steering:
        """Return what a negative prompt inherits: controls where they reach, pictures by their absence."""
        if isinstance(control, ImagePrompt):
            control = control.silenced()
        known = [at_size(region, self._size_hw) for region in regions if region is not None]
        if len(known) < len(regions):
            return control
        reached = torch.stack(known).amax(dim=0)
        if control.mask_hw is not None:
            reached = reached * at_size(control.mask_hw, self._size_hw)
        return replace(control, mask_hw=reached[0, 0])

    def _under(self, entry: Prompt, controls: Sequence[Steering], share: float) -> Prompt:
        active = tuple(control for control in controls if applies(control.start, control.end, share))
        if not active:
            return entry
        members = (id(entry), active)
        if members not in self._laid:
            inputs = {
                f"{_IMAGE if isinstance(control, ImagePrompt) else _CONTROL}{place}/{name}": tensor
                for place, control in enumerate(active)
                for name, tensor in self._inputs_of(control).items()
            }
            self._laid[members] = replace(entry, tensors={**entry.tensors, **inputs})
        return self._laid[members]

    def _inputs_of(self, control: Steering) -> Mapping[str, Tensor]:
        if control not in self._inputs:
            key = control.net.key
            inputs = {f"{key}/strength": torch.tensor([control.strength])}
            if isinstance(control, ImagePrompt):
                inputs[f"{key}/tokens"] = control.tokens_1TD
            else:
                self._check_size(control)
                inputs |= {f"{key}/hint": control.hint_1CHW, f"{key}/kind": torch.tensor([control.kind])}
            if control.mask_hw is not None:
                inputs[f"{key}/mask"] = at_size(control.mask_hw, self._size_hw)
            self._inputs[control] = {name: tensor.to(self._device) for name, tensor in inputs.items()}
        return self._inputs[control]

    def _check_size(self, control: Control) -> None:
        covered = tuple(side // control.cell for side in control.hint_1CHW.shape[-2:])
        if covered != self._size_hw:
            raise ConditioningError(
                f"The picture of a control covers {covered[1]}x{covered[0]} latent pixels, but the "
                f"latent has {self._size_hw[1]}x{self._size_hw[0]}.",
                hint="Resize the control's picture to the size of the picture that is sampled.",
            )


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
