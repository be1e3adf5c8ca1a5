"""Stable Diffusion 3 and 3.5: a multimodal transformer that reads two CLIPs and, where it is there, T5.

Esser et al. 2024, section 4. The states of both CLIPs stand side by side, filled up with zeros to the width
of T5, and T5's follow behind them. Without T5 as many zeros follow: that is how the model was trained to do
without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.diffusion.controls import ControlRows, split_images, token_mask
from weft_nodes.families.facts import FACTS
from weft_nodes.families.layouts import CONFIGS, fit_sd3
from weft_nodes.families.network import LiveNetwork, added_up
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, clip_part, text_model_part, transformer_part
from weft_nodes.models.image_readers import told_images
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack, read_side_by_side
from weft_nodes.models.wording import Wording

# Tokens of T5 that the model was trained on.
_LENGTH: Final = 256


class _Network(LiveNetwork):
    """A live `SD3Transformer2DModel`, which reads latents as they are."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        return self._ask(x_BChw, timestep_B, inputs)

    def _call_controlled(
        self,
        x_BChw: Tensor,
        timestep_B: Tensor,
        inputs: dict[str, Tensor],
        controls: Sequence[ControlRows],
    ) -> Tensor:
        found = []
        for control, net in self._steerers(controls):
            config, dtype = cast("Any", net).config, control.hint_BCHW.dtype
            pooled_BD = inputs["pooled_projections"].to(dtype)
            (residuals,) = net(
                hidden_states=x_BChw.to(dtype),
                timestep=timestep_B,
                encoder_hidden_states=inputs["encoder_hidden_states"].to(dtype),
                pooled_projections=torch.zeros_like(pooled_BD)
                if config.force_zeros_for_pooled_projection
                else pooled_BD,
                controlnet_cond=control.hint_BCHW,
                return_dict=False,
            )
            mask_BN1 = token_mask(control.mask_B1hw, FACTS["sd3"].patch)
            scaled = [control.scaled(residual, mask_BN1).to(self._dtype) for residual in residuals]
            found.append(self._spread(scaled))
        return self._ask(x_BChw, timestep_B, inputs, block_controlnet_hidden_states=added_up(found))

    def _spread(self, residuals: Sequence[Tensor]) -> list[Tensor]:
        """Repeat residuals so that there is one per block, as the network itself would."""
        blocks = len(cast("Any", self.module).transformer_blocks)
        return [residuals[int(block / (blocks / len(residuals)))] for block in range(blocks)]

    def _ask(
        self, x_BChw: Tensor, timestep_B: Tensor, inputs: Mapping[str, Tensor], **residuals: list[Tensor]
    ) -> Tensor:
        images, words = split_images(inputs)
        output = self.module(
            hidden_states=x_BChw.to(self._dtype),
            timestep=timestep_B,
            return_dict=False,
            **words,
            **told_images(self.module, images, timestep_B),
            **residuals,
        )
        return cast("Tensor", output[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class StableDiffusion3(TransformerFamily):
    """The adapter of Stable Diffusion 3 and 3.5; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        t5 = text_model_part("text_encoder_3", "T5EncoderModel", prefix="text_encoders.t5xxl.transformer.")
        return cls(
            id=name,
            network_part=transformer_part(
                "SD3Transformer2DModel",
                convert="convert_sd3_transformer_checkpoint_to_diffusers",
                fit=fit_sd3,
            ),
            text_parts=(
                TextPart(_clip("text_encoder", "l"), "tokenizer", name="clip_l"),
                TextPart(_clip("text_encoder_2", "g"), "tokenizer_2", name="clip_g"),
                TextPart(t5, "tokenizer_3", load_sequence_tokenizer, name="t5", is_optional=True),
            ),
            vae_part=autoencoder_part(),
            configs=CONFIGS / name,
        )

    def encode(
        self, stacks: tuple[TextStack, ...], wording: Wording, *, skipped_layers: int
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer but one of both CLIPs and then T5's last, and
            `pooled_projections` [1, D], the pooled states of both CLIPs for the first chunk of the prompt.
        """
        clip_1TD, pooled_1D = read_side_by_side(stacks[:2], wording, skipped_layers=skipped_layers)
        if len(stacks) > 2:
            t5_1TD = read_sequence(stacks[2], wording, length=_LENGTH, is_masked=False).states_1TD
        else:
            t5_1TD = clip_1TD.new_zeros(1, _LENGTH, FACTS[self.id].text_width)
        padded_1TD = functional.pad(clip_1TD, (0, t5_1TD.shape[-1] - clip_1TD.shape[-1]))
        return {
            "encoder_hidden_states": torch.cat([padded_1TD.to(t5_1TD), t5_1TD], dim=1),
            "pooled_projections": torch.cat(pooled_1D, dim=-1),
        }


def _clip(name: str, kind: str) -> ModulePart:
    return clip_part(name, prefix=f"text_encoders.clip_{kind}.transformer.", projection=True)
