"""Lumina Image 2.0: a rectified flow in the latents of FLUX.1 over one stream of words and pixels.

Qin et al. 2025. Its clock runs the other way, from noise at 0 to the picture at 1. A prompt stands behind a
sentence that tells Gemma 2 what it is for; an empty one is read without it, as the negative prompt of
diffusers' pipeline is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self, cast

from torch import Tensor, nn

from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.sana import load_gemma_tokenizer
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import ModulePart, TextPart
from weft_nodes.models.architectures import autoencoder_part, text_model_part, transformer_part
from weft_nodes.models.sequences import read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Span, Wording

# Tokens that the network was trained on, with the sentence, and which of the states it reads.
_LENGTH: Final = 256
_LAYER: Final = -2
_SENTENCE: Final = (
    "You are an assistant designed to generate superior images with the superior degree of image-text "
    "alignment based on textual prompts or user prompts. <Prompt Start> "
)
_TIMES: Final = 1000.0
# Places of words; the published 300 would be too few for long prompts, and places are computed, not learned.
_PLACES: Final = 4096


class _Network(LiveNetwork):
    """A live `Lumina2Transformer2DModel`, which takes as many words from the front as the mask counts."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        states_BTD, mask_BT = inputs["encoder_hidden_states"], inputs["encoder_attention_mask"]
        # Joined prompts have padding between their words.
        order_BT = mask_BT.argsort(dim=1, descending=True, stable=True)
        output = self.module(
            hidden_states=x_BChw.to(self._dtype),
            timestep=1.0 - timestep_B / _TIMES,
            encoder_hidden_states=states_BTD.gather(1, order_BT[..., None].expand_as(states_BTD)),
            encoder_attention_mask=mask_BT.gather(1, order_BT),
            return_dict=False,
        )
        return -cast("Tensor", output[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lumina2(TransformerFamily):
    """The adapter of Lumina Image 2.0; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        gemma = text_model_part("text_encoder", "Gemma2Model", prefix="text_encoders.gemma2_2b.transformer.")
        return cls(
            id=name,
            network_part=_network_part(),
            text_parts=(TextPart(gemma, "tokenizer", load_gemma_tokenizer),),
            vae_part=autoencoder_part(half="bfloat16"),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - the layer that is read is fixed
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of Gemma but one, and `encoder_attention_mask`
            [1, T].
        """
        (gemma,) = stacks
        if wording.text:
            first, *others = wording.chunks
            wording = Wording(((Span(_SENTENCE), *first), *others), wording.weighting)
        found = read_sequence(gemma, wording, length=_LENGTH, is_masked=True, layer=_LAYER)
        return {"encoder_hidden_states": found.states_1TD, "encoder_attention_mask": found.mask_1T}


def _network_part() -> ModulePart:
    part = transformer_part("Lumina2Transformer2DModel", half="bfloat16")

    def build(config: Mapping[str, object]) -> nn.Module:
        _, rows, columns = cast("tuple[int, int, int]", config.get("axes_lens", (300, 512, 512)))
        return part.build({**config, "axes_lens": (_PLACES, rows, columns)})

    return replace(part, build=build)
