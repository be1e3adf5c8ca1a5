"""Prompts to hidden states, for language models that are spoken to in the words of a chat.

The prompt stands between words that never change, which say who speaks and what is asked of the model. Since
such a model looks only back, what it says of the first of these words is the same for every prompt, and is
left out.

Shape legend: T tokens, D features.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording


@dataclass(frozen=True, slots=True)
class Chat:
    """The words around a prompt.

    Args:
        before: All that stands in front, with the marks of the model's language.
        after: All that follows.
        dropped: How many of the first tokens are left out.
    """

    before: str
    after: str
    dropped: int


def read_chat(stack: TextStack, wording: Wording, chat: Chat) -> Tensor:
    """Encode a prompt of any length as a part of a chat.

    Words with a weight are moved away from what the model says at their place of a chat with an empty prompt,
    whatever the way of weighting, as in `weft_nodes.models.sequences`.

    Args:
        stack: The text layers of the model, and its tokenizer.
        wording: The prompt. Breaks become spaces.
        chat: The words around it.

    Returns:
        Output of the last layer, normalised, [1, T, D].
    """
    spans = [span for chunk in wording.chunks for span in chunk]
    if all(span.weight == 1.0 for span in spans):
        return _states(stack, _ids(stack, chat.before + wording.text + chat.after))[:, chat.dropped :]
    read = [(_ids(stack, span.text), span.weight) for span in spans]
    parts = [(_ids(stack, chat.before), 1.0), *read, (_ids(stack, chat.after), 1.0)]
    ids = [token for tokens, _ in parts for token in tokens]
    weights = [weight for tokens, weight in parts for _ in tokens]
    empty = _ids(stack, chat.before + chat.after)
    padded = empty + [stack.tokenizer.pad_token_id] * (len(ids) - len(empty))
    found_1TD = _states(stack, ids)
    weights_1T1 = torch.tensor(weights)[None, :, None].to(found_1TD)
    weighted_1TD = torch.lerp(_states(stack, padded[: len(ids)]), found_1TD, weights_1T1)
    return weighted_1TD[:, chat.dropped :]


def _ids(stack: TextStack, text: str) -> list[int]:
    with stack.turn:
        return list(stack.tokenizer(text, truncation=False, verbose=False)["input_ids"])


def _states(stack: TextStack, ids: list[int]) -> Tensor:
    ids_1T = torch.tensor([ids], device=next(stack.encoder.parameters()).device)
    with torch.no_grad():
        states: Tensor = stack.encoder(ids_1T, use_cache=False).last_hidden_state
    return states
