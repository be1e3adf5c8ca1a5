"""Chroma: FLUX.1 schnell without CLIP and with the padding of its prompts masked, made to be guided again.

Its network attends to the tokens of T5 and to the first padding behind them, and to no other padding. Text
has no places in its rotary embeddings, so that leaving the other padding out is the same as masking it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self, cast

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.packing import packed, token_places, unpacked
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, text_model_part, transformer_part
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# Tokens of T5 that the model was trained on.
_LENGTH: Final = 512
# The network multiplies by this again.
_TIMES: Final = 1000.0


class _Network(LiveNetwork):
    """A live `ChromaTransformer2DModel`, which reads tokens with their places."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        height, width = x_BChw.shape[-2:]
        mask_BT = inputs["attention_mask"].bool()
        # Padding is left out rather than masked, so rows share a forward only if they are of one length.
        if (mask_BT != mask_BT[:1]).any():
            rows = [slice(row, row + 1) for row in range(len(mask_BT))]
            return torch.cat(
                [
                    self._call(
                        x_BChw[row], timestep_B[row], {name: each[row] for name, each in inputs.items()}
                    )
                    for row in rows
                ]
            )
        states_BTD = inputs["encoder_hidden_states"][:, mask_BT[0]]
        output = self.module(
            hidden_states=packed(x_BChw).to(self._dtype),
            encoder_hidden_states=states_BTD,
            timestep=timestep_B / _TIMES,
            img_ids=token_places((height, width), self.device),
            txt_ids=torch.zeros(states_BTD.shape[1], 3, device=self.device),
            return_dict=False,
        )
        return unpacked(cast("Tensor", output[0]), (height, width))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chroma(TransformerFamily):
    """The adapter of Chroma; see `TransformerFamily`."""

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
            network_part=transformer_part(
                "ChromaTransformer2DModel",
                half="bfloat16",
                convert="convert_chroma_transformer_checkpoint_to_diffusers",
            ),
            text_parts=(TextPart(t5, "tokenizer", load_sequence_tokenizer),),
            vae_part=autoencoder_part(half="bfloat16"),
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
            `encoder_hidden_states` [1, T, D], the last layer of T5, and `attention_mask` [1, T], which takes
            one token of padding in.
        """
        (t5,) = stacks
        found = read_sequence(t5, wording, length=_LENGTH, is_masked=True)
        mask_1T = functional.pad(found.mask_1T[:, :-1], (1, 0), value=1)
        return {"encoder_hidden_states": found.states_1TD, "attention_mask": mask_1T}
