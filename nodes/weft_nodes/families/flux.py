"""FLUX.1, dev and schnell: a rectified flow over packed tokens that reads T5 and CLIP's pooled state.

Both were distilled. What dev learned to be told, the guidance scale, is an input of its network, which a
prompt may carry as `guidance`; schnell was taught to need neither guidance nor many steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import torch
from torch import Tensor, nn

from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import Space
from weft_nodes.families.network import GUIDANCE, LiveNetwork
from weft_nodes.families.packing import packed, token_places, unpacked
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, clip_part, text_model_part, transformer_part
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack, hidden_states
from weft_nodes.models.wording import Wording

# Tokens of T5 that dev was trained on.
_LENGTH: Final = 512
# What dev is told where no prompt says it; the value its makers recommend.
_GUIDANCE: Final = 3.5
# The network multiplies by this again.
_TIMES: Final = 1000.0


class _Network(LiveNetwork):
    """A live `FluxTransformer2DModel`, which reads tokens with their places."""

    def __init__(self, module: nn.Module, *, space: Space, key: str) -> None:
        super().__init__(module, space=space, key=key)
        self._is_told_guidance = bool(cast("Any", module).config.guidance_embeds)

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        height, width = x_BChw.shape[-2:]
        told_B = inputs.pop(GUIDANCE, None)
        if told_B is None and self._is_told_guidance:
            told_B = torch.full_like(timestep_B, _GUIDANCE)
        tokens = inputs["encoder_hidden_states"].shape[1]
        output = self.module(
            hidden_states=packed(x_BChw).to(self._dtype),
            timestep=timestep_B / _TIMES,
            guidance=told_B,
            img_ids=token_places((height, width), self.device),
            txt_ids=torch.zeros(tokens, 3, device=self.device),
            return_dict=False,
            **inputs,
        )
        return unpacked(cast("Tensor", output[0]), (height, width))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flux(TransformerFamily):
    """The adapter of FLUX.1; see `TransformerFamily`."""

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        clip = clip_part("text_encoder", prefix="text_encoders.clip_l.transformer.")
        t5 = text_model_part("text_encoder_2", "T5EncoderModel", prefix="text_encoders.t5xxl.transformer.")
        return cls(
            id=name,
            network_part=transformer_part(
                "FluxTransformer2DModel",
                half="bfloat16",
                convert="convert_flux_transformer_checkpoint_to_diffusers",
            ),
            text_parts=(
                TextPart(clip, "tokenizer"),
                TextPart(t5, "tokenizer_2", load_sequence_tokenizer),
            ),
            vae_part=autoencoder_part(half="bfloat16"),
        )

    def network(self, module: nn.Module, *, space: Space, key: str) -> Network:
        """Wrap the live transformer; see `weft_nodes.models.adapter.Family`."""
        return _Network(module, space=space, key=key)

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only pooled states of CLIP are read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of T5, and `pooled_projections` [1, D], CLIP's
            state for the first chunk of the prompt.
        """
        clip, t5 = stacks
        return {
            "encoder_hidden_states": read_sequence(t5, wording, length=_LENGTH, is_masked=False).states_1TD,
            "pooled_projections": hidden_states(clip, wording).pooled_ND[:1],
        }
