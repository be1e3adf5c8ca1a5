"""What a file of weights says of itself: its header, checked against its size, and no weights."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from weft.jobs.files.file_faults import WeightsRefusedError
from weft.jobs.hub.gguf_header import GGUF_SUFFIX, read_gguf_header

WEIGHTS_SUFFIX = ".safetensors"
LONGEST_HEADER_BYTES = 16 * 2**20
"""Headers have some hundred kilobytes; a longer one would only fill the server's memory."""

LONGEST_NOTE = 500
"""Characters of one note of a file that are kept; some trainers write whole logs into it."""

MOST_NOTES = 64

_BITS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
        **dict.fromkeys(("F32", "I32", "U32"), 32),
        **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
        **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
        **dict.fromkeys(("I8", "U8", "BOOL"), 8),
        **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
        "F4": 4,
    }
)


@dataclass(frozen=True, slots=True)
class WeightFacts:
    """What the headers of some files of weights say.

    Attributes:
        tensors: How many tensors there are.
        parameters: How many numbers they hold.
        dtype: The type that most of the numbers have, such as ``F16``; empty where there are none.
        notes: What the files say of themselves in words, shortened.
    """

    tensors: int = 0
    parameters: int = 0
    dtype: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Header:
    """One header: how many numbers of each type, how many tensors, and the notes."""

    parameters: Counter[str]
    tensors: int
    notes: Mapping[str, str]


def weight_facts(paths: Iterable[Path]) -> WeightFacts:
    """Read the headers of some files together.

    Args:
        paths: Safetensors or GGUF files; the notes of the first that has any are kept.

    Raises:
        WeightsRefusedError: One is no whole file of its format.
        OSError: One cannot be read.
    """
    headers = [_read_gguf(path) if path.suffix == GGUF_SUFFIX else _read_header(path) for path in paths]
    parameters: Counter[str] = sum((header.parameters for header in headers), Counter())
    most = parameters.most_common(1)
    return WeightFacts(
        tensors=sum(header.tensors for header in headers),
        parameters=parameters.total(),
        dtype=most[0][0] if most else "",
        notes=next((header.notes for header in headers if header.notes), {}),
    )


def check_weights(path: Path, *, name: str) -> None:
    """Make sure that a file is a whole safetensors or GGUF file, which cannot run code.

    Args:
        path: The file.
        name: What it is called in the error.

    Raises:
        WeightsRefusedError: It is something else, or damaged.
        OSError: It cannot be read.
    """
    if name.endswith(GGUF_SUFFIX):
        read_gguf_header(path, name=name)
    else:
        _read_header(path, name=name)


def _read_gguf(path: Path) -> _Header:
    found = read_gguf_header(path)
    return _Header(found.parameters, found.tensors, _short_notes(found.notes))


def _read_header(path: Path, *, name: str = "") -> _Header:
    called = name or path.name
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(16)
        length = int.from_bytes(start[:8], "little")
        if start[8:9] != b"{" or not 2 <= length <= min(LONGEST_HEADER_BYTES, size - 8):
            raise WeightsRefusedError(name=called, reason=_what_else(start))
        file.seek(8)
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsRefusedError(name=called, reason="has a damaged header") from error
    found, end = _read_tensors(called, header)
    if end != size - 8 - length:
        reason = f"holds {size - 8 - length} bytes of weights where its header names {end}"
        raise WeightsRefusedError(name=called, reason=reason)
    return found


def _what_else(start: bytes) -> str:
    if start.startswith(b"PK\x03\x04") or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        return "holds a pickle, which could run code"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "is a web page"
    if start.startswith(b"version https://"):
        return "is a pointer of Git LFS and not the file itself"
    return "does not begin as a safetensors file does"


def _read_tensors(called: str, header: object) -> tuple[_Header, int]:
    """Read the table of tensors, which must follow each other without gaps, and give where they end."""
    if not isinstance(header, dict):
        raise WeightsRefusedError(name=called, reason="has a header without a table of tensors")
    notes = header.pop("__metadata__", None)
    parameters: Counter[str] = Counter()
    spans = []
    for name, entry in header.items():
        match entry:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(end)]}:
                count = _count(shape)
                if count is None or dtype not in _BITS or (end - start) * 8 != count * _BITS[dtype]:
                    raise WeightsRefusedError(name=called, reason=f"describes the tensor {name[:80]} wrongly")
                parameters[dtype] += count
                spans.append((start, end))
            case _:
                raise WeightsRefusedError(name=called, reason=f"does not describe the tensor {name[:80]}")
    place = 0
    for start, end in sorted(spans):
        if start != place:
            raise WeightsRefusedError(name=called, reason="has tensors with gaps between them")
        place = end
    return _Header(parameters, len(spans), _short_notes(notes)), place


def _count(shape: list[object]) -> int | None:
    """Count the numbers of a tensor; None for what is no shape."""
    sides = [side for side in shape if isinstance(side, int) and not isinstance(side, bool) and side >= 0]
    return math.prod(sides) if len(sides) == len(shape) else None


def _short_notes(notes: object) -> Mapping[str, str]:
    if not isinstance(notes, dict):
        return {}
    return {
        str(name)[:LONGEST_NOTE]: str(text)[:LONGEST_NOTE] for name, text in list(notes.items())[:MOST_NOTES]
    }
