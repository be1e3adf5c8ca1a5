"""Sana: a transformer with linear attention over latents that are folded 32 times, which reads Gemma 2.

Xie et al. 2024. A prompt stands behind an instruction that asks the language model for an enhanced
description (section 3.1), and what the model says of the instruction is left out. An empty prompt is read
without it, as the negative prompt of diffusers' pipeline is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

from torch import Tensor

from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.pixart import lowered
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, text_model_part, transformer_part
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Span, Wording

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Tokens of Gemma that the network was trained on.
_LENGTH: Final = 300
# The instruction of the training, letter by letter; the prompt follows.
_INSTRUCTION: Final = (
    "Given a user prompt, generate an 'Enhanced prompt' that provides detailed visual descriptions suitable "
    "for image generation. Evaluate the level of detail in the user prompt:\n"
    "- If the prompt is simple, focus on adding specifics about colors, shapes, sizes, textures, and spatial "
    "relationships to create vivid and concrete scenes.\n"
    "- If the prompt is already detailed, refine and enhance the existing details slightly without "
    "overcomplicating.\n"
    "Here are examples of how to transform or refine prompts:\n"
    "- User Prompt: A cat sleeping -> Enhanced: A small, fluffy white cat curled up in a round shape, "
    "sleeping peacefully on a warm sunny windowsill, surrounded by pots of blooming red flowers.\n"
    "- User Prompt: A busy city street -> Enhanced: A bustling city street scene at dusk, featuring glowing "
    "street lamps, a diverse crowd of people in colorful clothing, and a double-decker bus passing by "
    "towering glass skyscrapers.\n"
    "Please generate only the enhanced description for the prompt below and avoid including any additional "
    "commentary or evaluations:\n"
    "User Prompt: "
)


class _Network(LiveNetwork):
    """A live `SanaTransformer2DModel`, which may count time in units of its own."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        scale = float(cast("Any", self.module).config.timestep_scale)
        output = self.module(x_BChw.to(self._dtype), timestep=timestep_B * scale, return_dict=False, **inputs)
        return cast("Tensor", output[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sana(TransformerFamily):
    """The adapter of Sana; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        gemma = text_model_part("text_encoder", "Gemma2Model", prefix="text_encoders.gemma2.")
        return cls(
            id=name,
            network_part=transformer_part("SanaTransformer2DModel", half="bfloat16"),
            text_parts=(TextPart(gemma, "tokenizer", load_gemma_tokenizer),),
            vae_part=autoencoder_part(kind="AutoencoderDC", half="bfloat16"),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only the last layer of Gemma is read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            `encoder_hidden_states` [1, T, D], the last layer of Gemma for the first token and those of the
            prompt, and `encoder_attention_mask` [1, T].
        """
        (gemma,) = stacks
        wording, left_out = lowered(wording), 0
        if wording.text:
            first, *others = wording.chunks
            wording = Wording(((Span(_INSTRUCTION), *first), *others), wording.weighting)
            # The first token and the last of the instruction stay.
            left_out = _count(gemma, _INSTRUCTION) - 2
        found = read_sequence(gemma, wording, length=left_out + _LENGTH, is_masked=True)
        kept = [0, *range(left_out + 1, found.mask_1T.shape[1])]
        return {
            "encoder_hidden_states": found.states_1TD[:, kept],
            "encoder_attention_mask": found.mask_1T[:, kept],
        }


def load_gemma_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Build the tokenizer of Gemma, which fills up behind the words; see `load_sequence_tokenizer`."""
    tokenizer = load_sequence_tokenizer(folder)
    # Gemma's files say left, as is the custom where text is continued; the network was trained on the right.
    tokenizer.padding_side = "right"
    return tokenizer


def _count(stack: TextStack, text: str) -> int:
    with stack.turn:
        return len(stack.tokenizer(text, truncation=False, verbose=False)["input_ids"])
