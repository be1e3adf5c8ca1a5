"""Stable Diffusion XL, base and refiner: two text encoders, a pooled prompt, and the picture's size.

Podell et al. 2023, sections 2.1 and 2.2: the network is told the original size, the crop and the target size
of a picture. Where a prompt does not say a size, that of the latent is told, uncropped.

CosXL and CosXL Edit are the same network, trained anew on other noise levels. Edit reads the picture to
change normalised, and other such networks of this family as the autoencoder gives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import EDMSpace, Space, space_from_scheduler_config
from weft_nodes.families.sides import SCORE, SIZES
from weft_nodes.families.unet import UNetNetwork
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, clip_part, open_clip_part, unet_part
from weft_nodes.models.text import TextStack, read_side_by_side
from weft_nodes.models.wording import Wording

# What a refiner is told where no prompt says it, as of a positive one.
_SCORE: Final = 6.0
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
        score_B1 = conditions.pop(SCORE, None)
        ids_B6 = self._size_ids(x_BChw, conditions.get(SIZES))
        if not self._is_refiner:
            return {**conditions, SIZES: ids_B6}
        if score_B1 is None:
            score_B1 = torch.full((x_BChw.shape[0], 1), _SCORE)
        return {**conditions, SIZES: torch.cat([ids_B6[:, :4], score_B1.to(ids_B6)], dim=1)}

    def _size_ids(self, x_BChw: Tensor, told_B6: Tensor | None) -> Tensor:
        height, width = (float(side * self._reduction) for side in x_BChw.shape[-2:])
        known = [height, width, 0.0, 0.0, height, width]
        ids_B6 = torch.tensor([known], device=self.device).expand(x_BChw.shape[0], -1)
        return ids_B6 if told_B6 is None else torch.where(told_B6 == 0, ids_B6, told_B6.to(ids_B6))


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
            return (TextPart(second, "tokenizer_2", name="clip_g"),)
        first = clip_part("text_encoder", prefix="conditioner.embedders.0.transformer.")
        return (
            TextPart(first, "tokenizer", name="clip_l"),
            TextPart(second, "tokenizer_2", name="clip_g"),
        )

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
        found = read_side_by_side(stacks, wording, skipped_layers=skipped_layers)
        return {"encoder_hidden_states": found.states_1TD, "text_embeds": found.pooled_1D[-1]}
