"""Prompts to hidden states, for language models that are spoken to in the words of a chat.

The prompt stands between words that never change, which say who speaks and what is asked of the model. Since
such a model looks only back, what it says of the first of these words is the same for every prompt, and is
left out.

Shape legend: T tokens, D features.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, cast

import torch
from torch import Tensor

from weft_nodes.models.errors import CheckpointCorruptError
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

# Stands for the prompt while a chat is written; a character that no text has.
_PLACE: Final = "\ue000"

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Chat:
    """The words around a prompt.

    Args:
        before: All that stands in front, with the marks of the model's language.
        after: All that follows.
        dropped: How many of the first tokens are left out.
        layers: Which of the model's states are read side by side, as transformers counts them: 0 is the
            embedding. Without any it is the last one, normalised.
        length: Tokens that a shorter chat is filled up to, on the side that its tokenizer says.
    """

    before: str
    after: str
    dropped: int
    layers: tuple[int, ...] = ()
    length: int = 0


def chat_of(stack: TextStack, *, system: str, layers: tuple[int, ...], length: int) -> Chat:
    """Read from a tokenizer how a chat with its model is written.

    Args:
        stack: The model and its tokenizer.
        system: What the model is told before the prompt.
        layers: See `Chat`.
        length: See `Chat`.

    Raises:
        CheckpointCorruptError: The tokenizer came without a template, or with one that leaves the prompt out.
    """
    said = (("system", system), ("user", _PLACE))
    chat = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in said]
    with stack.turn:
        has_template = bool(stack.tokenizer.chat_template)
        written = stack.tokenizer.apply_chat_template(chat, tokenize=False) if has_template else ""
    before, place, after = str(written).partition(_PLACE)
    if not place:
        raise CheckpointCorruptError(
            path=Path(stack.tokenizer.name_or_path),
            problem="its tokenizer does not say how a chat is written",
        )
    return Chat(before, after, 0, layers, length)


def read_chat(stack: TextStack, wording: Wording, chat: Chat) -> Tensor:
    """Encode a prompt of any length as a part of a chat.

    Words with a weight are moved away from what the model says at their place of a chat with an empty prompt,
    whatever the way of weighting, as in `weft_nodes.models.sequences`.

    Args:
        stack: The text layers of the model, and its tokenizer.
        wording: The prompt. Breaks become spaces.
        chat: The words around it.

    Returns:
        The states that the chat names, [1, T, D].
    """
    spans = [span for chunk in wording.chunks for span in chunk]
    if all(span.weight == 1.0 for span in spans):
        ids = _ids(stack, chat.before + wording.text + chat.after)
        return _states(stack, ids, chat)[:, chat.dropped :]
    read = [(_ids(stack, span.text), span.weight) for span in spans]
    parts = [(_ids(stack, chat.before), 1.0), *read, (_ids(stack, chat.after), 1.0)]
    ids = [token for tokens, _ in parts for token in tokens]
    weights = [weight for tokens, weight in parts for _ in tokens]
    empty = _ids(stack, chat.before + chat.after)
    padded = empty + [stack.tokenizer.pad_token_id] * (len(ids) - len(empty))
    found_1TD = _states(stack, ids, chat)
    counts = _filled(stack, weights, chat, 1.0)
    weights_1T1 = torch.tensor(counts)[None, :, None].to(found_1TD)
    weighted_1TD = torch.lerp(_states(stack, padded[: len(ids)], chat), found_1TD, weights_1T1)
    return weighted_1TD[:, chat.dropped :]


def _ids(stack: TextStack, text: str) -> list[int]:
    with stack.turn:
        read = stack.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
        return list(read["input_ids"])


def _filled(stack: TextStack, row: list[_Entry], chat: Chat, filling: _Entry) -> list[_Entry]:
    missing = [filling] * (chat.length - len(row))
    return [*missing, *row] if stack.tokenizer.padding_side == "left" else [*row, *missing]


def _states(stack: TextStack, ids: list[int], chat: Chat) -> Tensor:
    device = next(stack.encoder.parameters()).device
    ids_1T = torch.tensor([_filled(stack, ids, chat, stack.tokenizer.pad_token_id)], device=device)
    is_full = len(ids) >= chat.length
    mask_1T = None if is_full else torch.tensor([_filled(stack, [1] * len(ids), chat, 0)], device=device)
    with torch.no_grad():
        found = stack.encoder(
            ids_1T, attention_mask=mask_1T, use_cache=False, output_hidden_states=bool(chat.layers)
        )
    read = [found.hidden_states[layer] for layer in chat.layers]
    return torch.cat(read, dim=-1) if read else cast("Tensor", found.last_hidden_state)
