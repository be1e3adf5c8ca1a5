"""HunyuanDiT: a transformer that predicts the velocity and reads BERT and multilingual T5.

Li et al. 2024. Its network has learned what stands for missing words at 77 places of BERT and 256 of T5. A
longer prompt is read in pieces of these lengths, each at the same places as the first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from re import findall
from typing import Any, ClassVar, Final, Self, cast

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from weft_nodes.families.facts import FACTS
from weft_nodes.families.network import LiveNetwork
from weft_nodes.families.transformer import TransformerFamily
from weft_nodes.models.adapter import TextPart
from weft_nodes.models.architectures import autoencoder_part, text_model_part, transformer_part
from weft_nodes.models.sequences import load_sequence_tokenizer, read_sequence
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Span, Wording

# Tokens of a piece for each encoder, as the model was trained.
_BERT: Final = 77
_T5: Final = 256
# Start and end, which BERT's tokenizer puts around a piece.
_FRAME: Final = 2
# Side in pixels at which the network's places lie one token apart.
_BASE: Final = 512
# What versions up to 1.1 are told of the size of the original picture.
_ORIGINAL: Final = 1024.0


class _Network(LiveNetwork):
    """A live `HunyuanDiT2DModel`, which predicts the variance along with the velocity."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        bert_BTD, bert_mask_BT = _filled(inputs["encoder_hidden_states"], inputs["bert_mask"], _BERT)
        t5_BTD, t5_mask_BT = _filled(inputs["encoder_hidden_states_t5"], inputs["t5_mask"], _T5)
        told = {
            "encoder_hidden_states": bert_BTD,
            "text_embedding_mask": bert_mask_BT,
            "encoder_hidden_states_t5": t5_BTD,
            "text_embedding_mask_t5": t5_mask_BT,
            "image_meta_size": self._sizes(x_BChw),
            "style": torch.zeros(len(x_BChw), dtype=torch.long, device=self.device),
            "image_rotary_emb": self._places(x_BChw),
            "return_dict": False,
        }
        changed = self._for_pieces(bert_BTD.shape[1] // _BERT, t5_BTD.shape[1] // _T5)
        latents = (x_BChw.to(self._dtype), timestep_B.to(self._dtype))
        output = functional_call(self.module, changed, latents, told)
        return cast("Tensor", output[0])[:, : x_BChw.shape[1]]

    def _sizes(self, x_BChw: Tensor) -> Tensor:
        height, width = (float(side * FACTS["hunyuandit"].reduction) for side in x_BChw.shape[-2:])
        known = [_ORIGINAL, _ORIGINAL, height, width, 0.0, 0.0]
        return torch.tensor([known], device=self.device, dtype=self._dtype).repeat(len(x_BChw), 1)

    def _places(self, x_BChw: Tensor) -> tuple[Tensor, Tensor]:
        from diffusers.models.embeddings import get_2d_rotary_pos_embed
        from diffusers.pipelines.hunyuandit import pipeline_hunyuandit

        facts, module = FACTS["hunyuandit"], cast("Any", self.module)
        grid = (x_BChw.shape[-2] // facts.patch, x_BChw.shape[-1] // facts.patch)
        region = pipeline_hunyuandit.get_resize_crop_region_for_grid(grid, _BASE // facts.multiple)
        width = module.inner_dim // module.num_heads
        found = get_2d_rotary_pos_embed(width, region, grid, device=self.device, output_type="pt")
        return cast("tuple[Tensor, Tensor]", found)

    def _for_pieces(self, bert: int, t5: int) -> dict[str, Tensor]:
        """Return the parameters that have a place per token, for so many pieces of each encoder."""
        if bert == t5 == 1:
            return {}
        module = cast("Any", self.module)
        padding_TD = module.text_embedding_padding
        pooled_TD = module.time_extra_emb.pooler.positional_embedding
        return {
            "text_embedding_padding": torch.cat(
                [padding_TD[:_BERT].repeat(bert, 1), padding_TD[_BERT:].repeat(t5, 1)]
            ),
            "time_extra_emb.pooler.positional_embedding": torch.cat(
                [pooled_TD[:1], pooled_TD[1:].repeat(t5, 1)]
            ),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HunyuanDiT(TransformerFamily):
    """The adapter of HunyuanDiT; see `TransformerFamily`."""

    live: ClassVar[type[LiveNetwork]] = _Network

    @classmethod
    def create(cls, name: str) -> Self:
        """Describe the family.

        Args:
            name: Its id.
        """
        bert = text_model_part("text_encoder", "BertModel", prefix="text_encoders.bert.", half="float16")
        t5 = text_model_part("text_encoder_2", "T5EncoderModel", prefix="text_encoders.mt5.")
        return cls(
            id=name,
            network_part=transformer_part("HunyuanDiT2DModel"),
            text_parts=(
                TextPart(bert, "tokenizer", load_sequence_tokenizer, name="bert"),
                TextPart(t5, "tokenizer_2", load_sequence_tokenizer, name="t5"),
            ),
            vae_part=autoencoder_part(),
        )

    def encode(
        self,
        stacks: tuple[TextStack, ...],
        wording: Wording,
        *,
        skipped_layers: int,  # noqa: ARG002 - only the last layers are read
    ) -> Mapping[str, Tensor]:
        """Encode a prompt; see `weft_nodes.models.adapter.Family`.

        Returns:
            The last layer of both encoders, `encoder_hidden_states` [1, T, D] and `encoder_hidden_states_t5`
            [1, T, D], with their masks `bert_mask` [1, T] and `t5_mask` [1, T].
        """
        bert, t5 = stacks
        pieces = [
            read_sequence(bert, piece, length=_BERT, is_masked=True)
            for piece in _pieces(bert, wording.read_by(bert.name), _BERT - _FRAME)
        ]
        whole = read_sequence(t5, wording, length=_T5, is_masked=True)
        return {
            "encoder_hidden_states": torch.cat([piece.states_1TD for piece in pieces], dim=1),
            "bert_mask": torch.cat([piece.mask_1T for piece in pieces], dim=1),
            "encoder_hidden_states_t5": whole.states_1TD,
            "t5_mask": whole.mask_1T,
        }


def _pieces(stack: TextStack, wording: Wording, room: int) -> Iterator[Wording]:
    """Cut a prompt between words into pieces of at most `room` tokens; BERT knows no places far behind."""
    spans = [span for chunk in wording.chunks for span in chunk]
    words = [replace(span, text=word) for span in spans for word in findall(r"\s*\S+|\s+$", span.text)]
    with stack.turn:
        counts = [len(stack.tokenizer(word.text, add_special_tokens=False)["input_ids"]) for word in words]
    filled, piece, pieces = 0, 0, []
    for count in counts:
        if filled and filled + count > room:
            filled, piece = 0, piece + 1
        filled += count
        pieces.append(piece)
    if not piece:
        yield wording
        return
    for _, found in groupby(zip(pieces, words, strict=True), key=lambda pair: pair[0]):
        yield Wording((_merged([word for _, word in found]),), wording.weighting)


def _merged(words: list[Span]) -> tuple[Span, ...]:
    """Join neighbouring words of one weight, so that each piece is tokenized as it would be whole."""
    runs = (list(run) for _, run in groupby(words, key=lambda word: word.weight))
    return tuple(replace(run[0], text="".join(word.text for word in run)) for run in runs)


def _filled(states_BTD: Tensor, mask_BT: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Fill tokens and mask up to whole pieces; the network replaces what is masked by what it has learned."""
    missing = -states_BTD.shape[1] % length
    return functional.pad(states_BTD, (0, 0, 0, missing)), functional.pad(mask_BT, (0, missing))
