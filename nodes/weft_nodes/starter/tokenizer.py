"""The starter model's tokenizer: CLIP's own kind, with one token for every word that a caption can hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

MAX_TOKENS = 32
"""Length that every prompt is padded or cut to, start and end included."""

_WORD_END = "</w>"
_START, _END = "<|startoftext|>", "<|endoftext|>"


def build_tokenizer(words: Iterable[str]) -> CLIPTokenizer:
    """Build a byte-level BPE tokenizer that knows the words and spells out every other one.

    Args:
        words: Lower-case words of letters; each becomes one token.
    """
    merges: list[tuple[str, str]] = []
    for word in words:
        merges += _missing_merges(word, merges)
    letters = sorted(ByteLevel.alphabet())
    pieces = [
        *letters,
        *(letter + _WORD_END for letter in letters),
        *(left + right for left, right in merges),
    ]
    pieces = [*dict.fromkeys(pieces), _START, _END]
    return CLIPTokenizer(
        vocab={piece: index for index, piece in enumerate(pieces)}, merges=merges, model_max_length=MAX_TOKENS
    )


def tokenize(tokenizer: CLIPTokenizer, captions: Sequence[str]) -> torch.Tensor:
    """Return the token ids of captions, padded to (B, 32)."""
    batch = tokenizer(
        list(captions), padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    )
    ids: torch.Tensor = batch.input_ids
    return ids


def _missing_merges(word: str, merges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the merges that join what is left of a word after all earlier merges.

    They rank behind the earlier ones, which therefore still spell the earlier words in one token.
    """
    pieces = [*word[:-1], word[-1] + _WORD_END]
    rank = {merge: index for index, merge in enumerate(merges)}
    while len(pieces) > 1:
        best = min(pairwise(pieces), key=lambda pair: rank.get(pair, len(rank)))
        if best not in rank:
            break
        at = next(index for index in range(len(pieces)) if tuple(pieces[index : index + 2]) == best)
        pieces[at : at + 2] = ["".join(best)]
    missing = []
    while len(pieces) > 1:
        missing.append((pieces[0], pieces[1]))
        pieces[:2] = [pieces[0] + pieces[1]]
    return missing
