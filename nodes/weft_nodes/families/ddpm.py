"""DDPM and DDIM in pixel space: a U-Net that reads no text, and pictures that no autoencoder folds.

Ho et al. 2020 and Song et al. 2021, where it all began. What other families ask of a text encoder and of an
autoencoder is there and does nothing, so that a prompt has no effect and a latent is a picture in -1..1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.pixel_space import PixelSpace
from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.facts import FACTS, LatentPatchError
from weft_nodes.families.network import LiveNetwork
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, transformer_part
from weft_nodes.models.identity import identity_part
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording


class _Network(LiveNetwork):
    """A live `UNet2DModel`, which halves the sides of a picture as often as it was trained to."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:  # noqa: ARG002 - it reads nothing else
        height, width = x_BChw.shape[-2:]
        multiple = 2 ** (len(cast("Any", self.module).config.block_out_channels) - 1)
        if height % multiple or width % multiple:
            raise LatentPatchError(
                title="this U-Net", size_hw=(int(height), int(width)), reduction=1, multiple=multiple
            )
        output = self.module(x_BChw.to(self._dtype), timestep_B, return_dict=False)[0]
        return cast("Tensor", output)


@dataclass(frozen=True, slots=True)
class UnconditionalDiffusion:
    """The adapter of DDPM and DDIM.

    Args:
        id: Id of the family.
        configs: Folder of configurations for single files; there are none.
    """

    id: str
    configs: Path | None = None

    @property
    def latent_space(self) -> str:
        """Return the id of the space of pictures."""
        return FACTS[self.id].latent_space

    @property
    def network_part(self) -> ModulePart:
        """Return the U-Net; folders of its time name attention as old autoencoders do."""
        return replace(transformer_part("UNet2DModel", name="unet"), rename=autoencoder_part().rename)

    @property
    def text_parts(self) -> tuple[TextPart, ...]:
        """Return that there are no text encoders."""
        return ()

    @property
    def vae_part(self) -> ModulePart:
        """Return what stands for an autoencoder."""
        return identity_part()

    def space(self, config: Mapping[str, object], **_: object) -> Space:
        """Read the noise space, which is the same for all sizes; see `weft_nodes.models.adapter.Family`."""
        return PixelSpace.from_scheduler_config(config)

    def network(self, module: nn.Module, *, space: Space, key: str) -> Network:
        """Wrap the live U-Net; see `weft_nodes.models.adapter.Family`."""
        return _Network(module, space=space, key=key)

    def encode(
        self,
        stacks: tuple[TextStack, ...],  # noqa: ARG002 - there are none
        wording: Wording,  # noqa: ARG002 - it is read by nobody
        *,
        skipped_layers: int,  # noqa: ARG002
    ) -> Mapping[str, Tensor]:
        """Return that a prompt says nothing; see `weft_nodes.models.adapter.Family`."""
        return {}
