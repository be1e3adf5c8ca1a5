"""How a live network of diffusers is called; shared by all families."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Self

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.controls import ControlRows, split_inputs
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.sights import CONCAT, references_of
from weft_nodes.diffusion.spaces import Space
from weft_nodes.models.errors import ControlMismatchError

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
    # Whether it reads whole latents that prompts show as further tokens.
    _reads_references = False

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        self.module = module
        self.space = space
        self._key = key
        parameter = next(module.parameters())
        self._device, self._dtype = parameter.device, parameter.dtype
        self._controls: Mapping[str, nn.Module] = MappingProxyType({})
        self._shown_channels = self._count_shown_channels()

    def with_controls(self, controls: Mapping[str, nn.Module]) -> Self:
        """Return this network with live control networks beside it.

        Args:
            controls: Control networks by the keys under which rows ask for them.
        """
        beside = copy.copy(self)
        beside._controls = MappingProxyType(dict(controls))  # noqa: SLF001 - of its own class
        return beside

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
        controls, others = split_inputs(conditions)
        self._check_sights(x_BChw, others)
        inputs = {
            name: tensor.to(self._dtype) if tensor.is_floating_point() else tensor
            for name, tensor in others.items()
            if name != GUIDANCE or self._is_told_guidance
        }
        with torch.no_grad():
            if controls:
                return self._call_controlled(x_BChw, timestep_B, inputs, controls)
            return self._call(x_BChw, timestep_B, inputs)

    def _count_shown_channels(self) -> int:
        """Count the channels that the module reads beside the noisy latent, to be shown by prompts."""
        return 0

    def _check_sights(self, x_BChw: Tensor, inputs: Mapping[str, Tensor]) -> None:
        """Refuse what the module cannot read, and miss what it cannot do without."""
        name = type(self.module).__name__
        if references_of(inputs) and not self._reads_references:
            raise ConditioningError(
                f"The prompt shows reference pictures, but this {name} reads none.",
                hint="Use a model that was made for editing, such as FLUX.1 Kontext.",
            )
        shown = inputs.get(CONCAT)
        channels = 0 if shown is None else shown.shape[1]
        if channels != self._shown_channels:
            raise ConditioningError(
                f"The prompt shows {channels} channels beside the noise, but this {name} reads "
                f"{self._shown_channels}.",
                hint="Show the picture and the mask to inpainting models, and to no others.",
            )
        if shown is not None and shown.shape[-2:] != x_BChw.shape[-2:]:
            sizes = [f"{each.shape[-1]}x{each.shape[-2]}" for each in (shown, x_BChw)]
            raise ConditioningError(
                f"The prompt shows {sizes[0]} latent pixels, but the latent has {sizes[1]}.",
                hint="Resize the picture that is shown to the size of the picture that is sampled.",
            )

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

    def _call_controlled(
        self,
        x_BChw: Tensor,  # noqa: ARG002 - for families that read controls
        timestep_B: Tensor,  # noqa: ARG002
        inputs: dict[str, Tensor],  # noqa: ARG002
        controls: Sequence[ControlRows],  # noqa: ARG002
    ) -> Tensor:
        """Ask the module together with control networks; see `_call`.

        Raises:
            ControlMismatchError: The family has no control networks.
        """
        raise ControlMismatchError(problem=f"{type(self.module).__name__} reads no controls")

    def _steerers(self, controls: Sequence[ControlRows]) -> Iterator[tuple[ControlRows, nn.Module]]:
        """Yield each control with its live network, the hint in that network's dtype."""
        for control in controls:
            net = self._controls[control.key]
            yield control._replace(hint_BCHW=control.hint_BCHW.to(next(net.parameters()).dtype)), net


def added_up(residuals: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Add the residuals of several control networks, place by place.

    Args:
        residuals: One equally long sequence per control network, at least one.
    """
    total, *others = (list(each) for each in residuals)
    for each in others:
        total = [first + second for first, second in zip(total, each, strict=True)]
    return total
