"""Prompts to token chunks to hidden states, for encoders of the CLIP kind.

A prompt longer than the encoder's context is cut into chunks, each with its own start and end token, encoded
one by one and joined along the token axis, as is the custom of the field. Nothing is ever dropped.

Words with a weight w are encoded like any others; then the state z of each of their tokens is moved away from
what the encoder says at that place of an empty prompt: `empty + (z - empty) * w`. This is what ComfyUI does
(`comfy/sd1_clip.py`, `encode_token_weights`); "rescale" is the way of Automatic1111's web interface
(`modules/sd_emphasis.py`, `EmphasisOriginal`): `z * w`, and then each chunk is brought back to its mean.

Shape legend: N chunks, T tokens of a chunk, D features.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from weft_nodes.models.embeddings import learned_ids
from weft_nodes.models.wording import EMBEDDING, Span, Weighting, Wording

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True, eq=False)
class TextStack:
    """A live text encoder and its tokenizer.

    Args:
        encoder: A CLIP text model of transformers, with or without projection.
        tokenizer: A tokenizer of transformers. Its padding is state, so calls take turns.
        name: What a prompt calls it that has words for it alone; empty where it cannot have any.
        turn: Held while the tokenizer works.
    """

    encoder: nn.Module
    tokenizer: PreTrainedTokenizerBase
    name: str = ""
    turn: threading.Lock = field(default_factory=threading.Lock)


class Chunks(NamedTuple):
    """A prompt as token ids.

    Args:
        ids_NT: Token ids; those below 0 are learned words, see `weft_nodes.models.embeddings`.
        mask_NT: 1 where there is a token and 0 where there is padding.
        weights_NT: How much each token counts; 1 for those that are no words.
    """

    ids_NT: Tensor
    mask_NT: Tensor
    weights_NT: Tensor

    @property
    def is_weighted(self) -> bool:
        """Whether any word counts more or less than others."""
        return bool((self.weights_NT != 1).any())


class HiddenStates(NamedTuple):
    """What a text encoder says about the chunks of a prompt.

    Where words have weights to be interpolated, an empty prompt is encoded along and stands behind the
    chunks: then there are N + 1 rows, and `weighted` takes the last one away.

    Args:
        layers: Output of every layer, the embedding first, each [N, T, D].
        last_NTD: Output of the last layer, normalised.
        pooled_ND: Projected state of the end token, for encoders with projection; else the state itself.
            Weights do not change it.
        weights_NT: How much each token counts; None if all count alike.
        weighting: How weights change states.
    """

    layers: tuple[Tensor, ...]
    last_NTD: Tensor
    pooled_ND: Tensor
    weights_NT: Tensor | None = None
    weighting: Weighting = "interpolate"


def chunk_tokens(stack: TextStack, wording: Wording) -> Chunks:
    """Cut a prompt into chunks of exactly the encoder's length, at its breaks and where it is too long.

    Args:
        stack: Whose tokenizer to use.
        wording: A prompt of any length; an empty one gives one empty chunk.

    Returns:
        As many chunks as the prompt needs, on the CPU.

    Raises:
        EmbeddingUnknownError: It names a learned word that the encoder does not know.
    """
    tokenizer = stack.tokenizer
    with stack.turn:
        frame = _ids(tokenizer, "", add_special_tokens=True)
        parts = [list(_words(stack, spans)) for spans in wording.read_by(stack.name).chunks]
    head = [token for token in frame[:1] if token == tokenizer.bos_token_id]
    tail = frame[len(head) :]
    length = int(tokenizer.model_max_length)
    room = length - len(frame)
    ids, masks, weights = [], [], []
    for tokens in (chunk for words in parts for chunk in _cut(words, room)):
        padding = room - len(tokens)
        ids.append([*head, *(token for token, _ in tokens), *tail, *[tokenizer.pad_token_id] * padding])
        masks.append([1] * (length - padding) + [0] * padding)
        ends = [1.0] * (len(tail) + padding)
        weights.append([1.0] * len(head) + [weight for _, weight in tokens] + ends)
    return Chunks(torch.tensor(ids), torch.tensor(masks), torch.tensor(weights))


def hidden_states(stack: TextStack, wording: Wording) -> HiddenStates:
    """Encode the chunks of a prompt in one forward.

    Args:
        stack: The encoder and its tokenizer.
        wording: A prompt of any length.

    Returns:
        States on the encoder's device, in its dtype.

    Raises:
        EmbeddingUnknownError: It names a learned word that the encoder does not know.
    """
    chunks = chunk_tokens(stack, wording)
    ids_NT, mask_NT = chunks.ids_NT, chunks.mask_NT
    if chunks.is_weighted and wording.weighting == "interpolate":
        empty = chunk_tokens(stack, Wording.plain(""))
        ids_NT, mask_NT = torch.cat([ids_NT, empty.ids_NT]), torch.cat([mask_NT, empty.mask_NT])
    encoder = stack.encoder
    device = next(encoder.parameters()).device
    masked = bool(getattr(encoder.config, "use_attention_mask", False))
    with torch.no_grad():
        output = encoder(
            ids_NT.to(device),
            attention_mask=mask_NT.to(device) if masked else None,
            output_hidden_states=True,
        )
    return HiddenStates(
        tuple(output.hidden_states),
        output.last_hidden_state,
        output.text_embeds if hasattr(output, "text_embeds") else output.pooler_output,
        chunks.weights_NT.to(device) if chunks.is_weighted else None,
        wording.weighting,
    )


def weighted(states: HiddenStates, layer_NTD: Tensor) -> Tensor:
    """Weigh the words of a prompt and join its chunks along the token axis.

    Args:
        states: What the encoder said.
        layer_NTD: What the family reads of it: one of its layers, row by row changed or not.

    Returns:
        States [1, N*T, D]; without weights exactly those of the layer.
    """
    if states.weights_NT is None:
        return joined(layer_NTD)
    chunks_NTD = layer_NTD[: len(states.weights_NT)]
    weights_NT1 = states.weights_NT[..., None].to(layer_NTD)
    if states.weighting == "rescale":
        scaled_NTD = chunks_NTD * weights_NT1
        means_N11 = [found.mean(dim=(1, 2), keepdim=True) for found in (chunks_NTD, scaled_NTD)]
        return joined(scaled_NTD * (means_N11[0] / means_N11[1]))
    empty_1TD = layer_NTD[-1:]
    return joined(torch.lerp(empty_1TD.expand_as(chunks_NTD), chunks_NTD, weights_NT1))


class SideBySide(NamedTuple):
    """What several encoders of the CLIP kind say about one prompt.

    Args:
        states_1TD: Their last layer but one, side by side along the features.
        pooled_1D: The pooled state of each for the first chunk of the prompt.
    """

    states_1TD: Tensor
    pooled_1D: tuple[Tensor, ...]


def read_side_by_side(stacks: Sequence[TextStack], wording: Wording, *, skipped_layers: int) -> SideBySide:
    """Encode a prompt by several encoders whose states stand side by side.

    Args:
        stacks: The encoders, all with chunks of one length.
        wording: A prompt of any length. Where the words for one encoder fill fewer chunks than those for
            another, empty chunks follow.
        skipped_layers: How many of the last layers are left out besides the last one.

    Raises:
        EmbeddingUnknownError: It names a learned word that an encoder does not know.
    """
    own = [wording.read_by(stack.name) for stack in stacks]
    if wording.apart:
        counts = [len(chunk_tokens(stack, words).ids_NT) for stack, words in zip(stacks, own, strict=True)]
        own = [
            replace(words, chunks=words.chunks + ((),) * (max(counts) - count))
            for words, count in zip(own, counts, strict=True)
        ]
    found = [hidden_states(stack, words) for stack, words in zip(stacks, own, strict=True)]
    read = [
        weighted(states, states.layers[-2 - min(skipped_layers, len(states.layers) - 2)]) for states in found
    ]
    return SideBySide(torch.cat(read, dim=-1), tuple(states.pooled_ND[:1] for states in found))


def joined(states_NTD: Tensor) -> Tensor:
    """Join the chunks of a prompt along the token axis: [N, T, D] to [1, N*T, D]."""
    return states_NTD.reshape(1, -1, states_NTD.shape[-1])


def final_norm(encoder: nn.Module, states_NTD: Tensor) -> Tensor:
    """Apply the encoder's last normalisation to the output of an earlier layer, as CLIP skip wants it."""
    # transformers 5.6 flattened CLIPTextModel; CLIPTextModelWithProjection still wraps its text model.
    inner = getattr(encoder, "text_model", encoder)
    norm = cast("nn.Module", inner.final_layer_norm)
    with torch.no_grad():
        return cast("Tensor", norm(states_NTD))


# A token and how much it counts.
_Token = tuple[int, float]


def _words(stack: TextStack, spans: Sequence[Span]) -> Iterator[list[_Token]]:
    """Yield the tokens of some words: each for itself, but all of a learned word at once."""
    for span in spans:
        # Every second piece is the name of a learned word.
        for index, piece in enumerate(EMBEDDING.split(span.text)):
            if index % 2:
                yield [(token, span.weight) for token in learned_ids(stack.encoder, piece)]
            else:
                yield from ([(token, span.weight)] for token in _ids(stack.tokenizer, piece))


def _cut(words: Sequence[Sequence[_Token]], room: int) -> list[list[_Token]]:
    """Fill chunks with words; only one that is longer than a chunk is torn apart."""
    chunks: list[list[_Token]] = [[]]
    for word in words:
        if len(chunks[-1]) + len(word) > room >= len(word):
            chunks.append([])
        for token in word:
            if len(chunks[-1]) == room:
                chunks.append([])
            chunks[-1].append(token)
    return chunks


def _ids(tokenizer: PreTrainedTokenizerBase, text: str, *, add_special_tokens: bool = False) -> list[int]:
    # Silent about long prompts: they are cut into chunks here, not truncated.
    found = tokenizer(text, add_special_tokens=add_special_tokens, truncation=False, verbose=False)
    return cast("list[int]", found["input_ids"])
