"""Tokenizers of the CLIP kind, from a folder's files or from the vocabulary that ships with weft.

CLIP's byte-pair merges (OpenAI, MIT licence, in `clip_bpe/` beside its notice) serve every Stable Diffusion
checkpoint, so that single files, which carry no tokenizer, work offline.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError

if TYPE_CHECKING:
    from transformers import CLIPTokenizer, PreTrainedTokenizerBase

_BPE = Path(__file__).parent / "clip_bpe" / "merges.txt.gz"
_START, _END = "<|startoftext|>", "<|endoftext|>"


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Build the tokenizer of a folder.

    Args:
        folder: With `tokenizer_config.json`, and with `vocab.json` and `merges.txt` or `tokenizer.json`
            unless it means CLIP's own vocabulary.

    Returns:
        A tokenizer that no one else uses: padding is state, so it must not be shared between threads without
        a lock.

    Raises:
        ModelFileMissingError: There is no such folder.
        CheckpointCorruptError: Its files cannot be read.
    """
    if not (folder / "tokenizer_config.json").is_file() and not (folder / "vocab.json").is_file():
        raise ModelFileMissingError(
            path=folder / "tokenizer_config.json", hint="The model folder is incomplete."
        )
    from transformers import CLIPTokenizer

    try:
        if (folder / "vocab.json").is_file() or (folder / "tokenizer.json").is_file():
            tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        else:
            tokenizer = _clip_tokenizer_of(folder / "tokenizer_config.json")
    # transformers and its Rust core raise whatever they like on damaged files.
    except Exception as error:
        raise CheckpointCorruptError(
            path=folder, problem=f"its tokenizer cannot be built ({error})"
        ) from error
    return cast("PreTrainedTokenizerBase", tokenizer)


def clip_tokenizer(*, model_max_length: int = 77, pad_token: str = _END) -> CLIPTokenizer:
    """Build the tokenizer of OpenAI's CLIP.

    Args:
        model_max_length: Tokens of one chunk, start and end included.
        pad_token: Fills chunks: the end token for most encoders, "!" for those trained by OpenCLIP.
    """
    from transformers import CLIPTokenizer

    merges = [tuple(line.split()) for line in gzip.decompress(_BPE.read_bytes()).decode("utf-8").splitlines()]
    letters = _byte_letters()
    pieces = [
        *letters,
        *(letter + "</w>" for letter in letters),
        *("".join(pair) for pair in merges),
        _START,
        _END,
    ]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    return CLIPTokenizer(
        vocab=vocabulary, merges=merges, model_max_length=model_max_length, pad_token=pad_token
    )


def _clip_tokenizer_of(path: Path) -> CLIPTokenizer:
    config = json.loads(path.read_text("utf-8"))
    return clip_tokenizer(
        model_max_length=int(config.get("model_max_length", 77)), pad_token=str(config.get("pad_token", _END))
    )


def _byte_letters() -> list[str]:
    """Return the letter that stands for each byte, in the order of CLIP's vocabulary (GPT-2's table)."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    hidden = 256 - len(printable)
    return [chr(code) for code in printable] + [chr(256 + offset) for offset in range(hidden)]
