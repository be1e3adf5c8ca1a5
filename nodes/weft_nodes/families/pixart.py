"""PixArt-Sigma: a diffusion transformer that reads T5 by cross attention, in the latents of SDXL.

Chen et al. 2024. Its prompts are lowered in case, as its training data were, and it is told what is padding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self, cast

from torch import Tensor

from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, text_model_part, transformer_part
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# Tokens of T5 that the model was trained on.
_LENGTH: Final = 300


class _Network(LiveNetwork):
    """A live `PixArtTransformer2DModel`, which may predict the variance along with the noise."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        output = self.module(
            x_BChw.to(self._dtype),
            timestep=timestep_B,
            # Sizes are told only by the alpha models.
            added_cond_kwargs={"resolution": None, "aspect_ratio": None},
            return_dict=False,
            **inputs,
        )
        return cast("Tensor", output[0])[:, : x_BChw.shape[1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixArtSigma(TransformerFamily):
    """The adapter of PixArt-Sigma; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        t5 = text_model_part("text_encoder", "T5EncoderModel", prefix="text_encoders.t5xxl.transformer.")
        return cls(
            id=name,
            network_part=transformer_part("PixArtTransformer2DModel"),
            text_parts=(TextPart(t5, "tokenizer", load_sequence_tokenizer),),
            vae_part=autoencoder_part(),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only the last layer of T5 is read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of T5, and `encoder_attention_mask` [1, T].
        """
        (t5,) = stacks
        found = read_sequence(t5, lowered(wording), length=_LENGTH, is_masked=True)
        return {"encoder_hidden_states": found.states_1TD, "encoder_attention_mask": found.mask_1T}


def lowered(wording: Wording) -> Wording:
    """Return a prompt in lower case, without spaces around it."""
    chunks = [[replace(span, text=span.text.lower()) for span in chunk] for chunk in wording.chunks]
    if chunks[0]:
        chunks[0][0] = replace(chunks[0][0], text=chunks[0][0].text.lstrip())
    if chunks[-1]:
        chunks[-1][-1] = replace(chunks[-1][-1], text=chunks[-1][-1].text.rstrip())
    return Wording(tuple(tuple(chunk) for chunk in chunks), wording.weighting)
