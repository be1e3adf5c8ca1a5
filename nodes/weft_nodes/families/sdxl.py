"""Stable Diffusion XL, base and refiner: two text encoders, a pooled prompt, and the picture's size.

Podell et al. 2023, sections 2.1 and 2.2: the network is told the original size, the crop and the target size
of a picture. A prompt does not know the size; unless it carries `time_ids` itself, the size of the latent is
told, uncropped.

CosXL and CosXL Edit are the same network, trained anew on other noise levels. Edit reads the picture to
change normalised, and other such networks of this family as the autoencoder gives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import EDMSpace, Space, space_from_scheduler_config
from weft_nodes.families.unet import UNetNetwork
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, clip_part, open_clip_part, unet_part
from weft_nodes.models.text import TextStack, hidden_states, weighted
from weft_nodes.models.wording import Wording

# What a refiner is told of a picture's beauty, 0..10; diffusers' default for positive prompts.
_AESTHETIC_SCORE = 6.0
# Of the family's autoencoder.
_SCALING = 0.13025


class XLNetwork(UNetNetwork):
    """A live SDXL U-Net, which also reads the size of the picture.

    Args:
        module: A `UNet2DConditionModel`, private to its handle.
        space: The noise space it was trained in.
        key: Key of its handle.
        reduction: Pixels per latent pixel.
        is_refiner: Whether it reads an aesthetic score in place of the target size.
    """

    def __init__(
        self, module: nn.Module, *, space: Space, key: str, reduction: int, is_refiner: bool
    ) -> None:
        super().__init__(module, space=space, key=key)
        self._reduction = reduction
        self._is_refiner = is_refiner

    def _beside(self, x_BChw: Tensor, shown_BChw: Tensor | None) -> Tensor:
        if shown_BChw is not None and isinstance(self.space, EDMSpace):
            shown_BChw = shown_BChw * _SCALING
        return super()._beside(x_BChw, shown_BChw)

    def _complete(self, x_BChw: Tensor, conditions: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        conditions = dict(conditions)
        score_B1 = conditions.pop("aesthetic_score", None)
        if "time_ids" not in conditions:
            conditions["time_ids"] = self._size_ids(x_BChw, score_B1)
        return conditions

    def _size_ids(self, x_BChw: Tensor, score_B1: Tensor | None) -> Tensor:
        rows = x_BChw.shape[0]
        height, width = (float(side * self._reduction) for side in x_BChw.shape[-2:])
        known = [height, width, 0.0, 0.0] + ([] if self._is_refiner else [height, width])
        ids_BN = torch.tensor([known], device=self.device).expand(rows, -1)
        if not self._is_refiner:
            return ids_BN
        if score_B1 is None:
            score_B1 = torch.full((rows, 1), _AESTHETIC_SCORE)
        return torch.cat([ids_BN, score_B1.reshape(rows, 1).to(ids_BN)], dim=1)


@dataclass(frozen=True, slots=True)
class StableDiffusionXL:
    """The adapter of SDXL.

    Args:
        id: Id of the family.
        latent_space: Id of its latent space.
        configs: Folder of configurations for single files.
        is_refiner: Whether it is the refiner, which has the second text encoder only.
        reduction: Pixels per latent pixel.
    """

    id: str
    latent_space: str
    configs: Path | None
    is_refiner: bool = False
    reduction: int = 8

    @property
    def network_part(self) -> ModulePart:
        """Return the U-Net."""
        return unet_part()

    @property
    def text_parts(self) -> tuple[TextPart, ...]:
        """Return CLIP ViT-L and OpenCLIP ViT-bigG, or the latter alone."""
        place = 0 if self.is_refiner else 1
        second = open_clip_part(
            "text_encoder_2", prefix=f"conditioner.embedders.{place}.model.", projection=True
        )
        if self.is_refiner:
            return (TextPart(second, "tokenizer_2"),)
        first = clip_part("text_encoder", prefix="conditioner.embedders.0.transformer.")
        return (TextPart(first, "tokenizer"), TextPart(second, "tokenizer_2"))

    @property
    def vae_part(self) -> ModulePart:
        """Return the autoencoder."""
        return autoencoder_part()

    def space(self, config: Mapping[str, object], **_: object) -> Space:
        """Read the noise space, which is the same for all sizes; see `weft_nodes.models.adapter.Family`."""
        return space_from_scheduler_config(config)

    def network(self, module: nn.Module, *, space: Space, key: str) -> Network:
        """Wrap the live U-Net; see `weft_nodes.models.adapter.Family`."""
        return XLNetwork(module, space=space, key=key, reduction=self.reduction, is_refiner=self.is_refiner)

    def encode(
        self, stacks: tuple[TextStack, ...], wording: Wording, *, skipped_layers: int
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer but one of every encoder side by side, and
            `text_embeds` [1, D], the pooled state of the last encoder for the first chunk of the prompt.
        """
        found = [hidden_states(stack, wording) for stack in stacks]
        read = [
            weighted(states, states.layers[-2 - min(skipped_layers, len(states.layers) - 2)])
            for states in found
        ]
        return {
            "encoder_hidden_states": torch.cat(read, dim=-1),
            "text_embeds": found[-1].pooled_ND[:1],
        }
