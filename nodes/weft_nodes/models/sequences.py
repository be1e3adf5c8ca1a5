"""Prompts to hidden states, for encoders that read a text of any length in one piece, such as T5.

The sequence is filled up to the length the network was trained on. A longer prompt is not cut: it is read
whole and gives a longer sequence, since these encoders know no last position.

Shape legend: T tokens, D features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor

from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedTokenizerBase


class Sequence(NamedTuple):
    """What a text encoder says about a whole prompt.

    Args:
        states_1TD: Output of the last layer, normalised, with the weights of the words.
        mask_1T: 1 where there is a token and 0 where there is padding, int64.
    """

    states_1TD: Tensor
    mask_1T: Tensor


def read_sequence(
    stack: TextStack, wording: Wording, *, length: int, is_masked: bool, layer: int | None = None
) -> Sequence:
    """Encode a prompt in one piece.

    Words with a weight are moved away from what the encoder says at their place of an empty prompt, as in
    `weft_nodes.models.text`, whatever the way of weighting: there are no chunks whose mean could be kept.

    Args:
        stack: The encoder and its tokenizer.
        wording: A prompt of any length. Breaks have no meaning where nothing is cut, and become spaces.
        length: Tokens that shorter prompts are padded to.
        is_masked: Whether the encoder is told what is padding; some families were trained without.
        layer: Which of the encoder's states is read, as transformers counts them; None is the last one,
            normalised.

    Returns:
        States on the encoder's device, in its dtype, for at least `length` tokens.
    """
    device = next(stack.encoder.parameters()).device
    wording = wording.read_by(stack.name)
    weights = {span.weight for chunk in wording.chunks for span in chunk}
    if weights <= {1.0}:
        return _encoded(stack, _padded(stack, wording.text, length), is_masked=is_masked, layer=layer)
    ids, counts = _weighted_ids(stack, wording)
    missing = max(0, length - len(ids))
    ids_1T = torch.tensor([ids + [stack.tokenizer.pad_token_id] * missing], device=device)
    mask_1T = torch.tensor([[1] * len(ids) + [0] * missing], device=device)
    found = _encoded(stack, (ids_1T, mask_1T), is_masked=is_masked, layer=layer)
    empty = _encoded(stack, _padded(stack, "", ids_1T.shape[1]), is_masked=is_masked, layer=layer)
    weights_1T1 = torch.tensor(counts + [1.0] * missing, device=device)[None, :, None].to(found.states_1TD)
    return Sequence(torch.lerp(empty.states_1TD, found.states_1TD, weights_1T1), mask_1T)


def _encoded(
    stack: TextStack, read: tuple[Tensor, Tensor], *, is_masked: bool, layer: int | None
) -> Sequence:
    ids_1T, mask_1T = read
    with torch.no_grad():
        output = stack.encoder(
            ids_1T,
            attention_mask=mask_1T if is_masked else None,
            **({} if layer is None else {"output_hidden_states": True}),
        )
    return Sequence(output.last_hidden_state if layer is None else output.hidden_states[layer], mask_1T)


def _padded(stack: TextStack, text: str, length: int) -> tuple[Tensor, Tensor]:
    """Return token ids and mask of a text, filled up to a length."""
    device = next(stack.encoder.parameters()).device
    with stack.turn:
        # Silent about long prompts: they are read whole, not truncated.
        read = stack.tokenizer(
            text,
            padding="max_length",
            max_length=length,
            truncation=False,
            return_tensors="pt",
            verbose=False,
        )
    return read["input_ids"].to(device), read["attention_mask"].to(device)


def _weighted_ids(stack: TextStack, wording: Wording) -> tuple[list[int], list[float]]:
    """Return the tokens of a prompt, read span by span, and how much each counts."""
    with stack.turn:
        frame = stack.tokenizer("", add_special_tokens=True)["input_ids"]
        spans = [span for chunk in wording.chunks for span in chunk]
        read = [
            stack.tokenizer(span.text, add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
            for span in spans
        ]
    ids = [token for tokens in read for token in tokens]
    weights = [span.weight for span, tokens in zip(spans, read, strict=True) for _ in tokens]
    # What marks the start of a text stands before it, if the tokenizer has such a mark; all else is behind.
    starts = {stack.tokenizer.bos_token_id, stack.tokenizer.cls_token_id}
    head = [token for token in frame[:1] if token in starts]
    tail = frame[len(head) :]
    return [*head, *ids, *tail], [1.0] * len(head) + weights + [1.0] * len(tail)


def load_sequence_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Build the tokenizer of a folder, of whatever kind its configuration names.

    Args:
        folder: With `tokenizer_config.json` and the files it needs. No code in it is ever run.

    Returns:
        A tokenizer that no one else uses.

    Raises:
        ModelFileMissingError: There is no such folder.
        CheckpointCorruptError: Its files cannot be read.
    """
    if not (folder / "tokenizer_config.json").is_file():
        raise ModelFileMissingError(
            path=folder / "tokenizer_config.json", hint="The model folder is incomplete."
        )
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    # transformers and its Rust core raise whatever they like on damaged files.
    except Exception as error:
        raise CheckpointCorruptError(
            path=folder, problem=f"its tokenizer cannot be built ({error})"
        ) from error
    return cast("PreTrainedTokenizerBase", tokenizer)
