"""Prompts to token chunks to hidden states, for encoders of the CLIP kind.

A prompt longer than the encoder's context is cut into chunks, each with its own start and end token, encoded
one by one and joined along the token axis, as is the custom of the field. Nothing is ever dropped.

Shape legend: N chunks, T tokens of a chunk, D features.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True, eq=False)
class TextStack:
    """A live text encoder and its tokenizer.

    Args:
        encoder: A CLIP text model of transformers, with or without projection.
        tokenizer: A tokenizer of transformers. Its padding is state, so calls take turns.
        turn: Held while the tokenizer works.
    """

    encoder: nn.Module
    tokenizer: PreTrainedTokenizerBase
    turn: threading.Lock = field(default_factory=threading.Lock)


class HiddenStates(NamedTuple):
    """What a text encoder says about the chunks of a prompt.

    Args:
        layers: Output of every layer, the embedding first, each [N, T, D].
        last_NTD: Output of the last layer, normalised.
        pooled_ND: Projected state of the end token, for encoders with projection; else the state itself.
    """

    layers: tuple[Tensor, ...]
    last_NTD: Tensor
    pooled_ND: Tensor


def chunk_tokens(stack: TextStack, text: str) -> tuple[Tensor, Tensor]:
    """Cut a prompt into chunks of exactly the encoder's length.

    Args:
        stack: Whose tokenizer to use.
        text: A prompt of any length; an empty one gives one empty chunk.

    Returns:
        Token ids [N, T] and the attention mask [N, T], 1 where there is a token and 0 where there is padding.
    """
    tokenizer = stack.tokenizer
    with stack.turn:
        # Silent about long prompts: they are cut into chunks here, not truncated.
        words = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        frame = tokenizer("", truncation=False, verbose=False)["input_ids"]
    head = [token for token in frame[:1] if token == tokenizer.bos_token_id]
    tail = frame[len(head) :]
    length = int(tokenizer.model_max_length)
    room = length - len(frame)
    chunks, masks = [], []
    for start in range(0, max(len(words), 1), room):
        tokens = [*head, *words[start : start + room], *tail]
        padding = length - len(tokens)
        chunks.append(tokens + [tokenizer.pad_token_id] * padding)
        masks.append([1] * len(tokens) + [0] * padding)
    return torch.tensor(chunks), torch.tensor(masks)


def hidden_states(stack: TextStack, text: str) -> HiddenStates:
    """Encode the chunks of a prompt.

    Args:
        stack: The encoder and its tokenizer.
        text: A prompt of any length.

    Returns:
        States on the encoder's device, in its dtype.
    """
    ids_NT, mask_NT = chunk_tokens(stack, text)
    encoder = stack.encoder
    device = next(encoder.parameters()).device
    masked = bool(getattr(encoder.config, "use_attention_mask", False))
    with torch.no_grad():
        output = encoder(
            ids_NT.to(device),
            attention_mask=mask_NT.to(device) if masked else None,
            output_hidden_states=True,
        )
    pooled_ND = output.text_embeds if hasattr(output, "text_embeds") else output.pooler_output
    return HiddenStates(tuple(output.hidden_states), output.last_hidden_state, pooled_ND)


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
