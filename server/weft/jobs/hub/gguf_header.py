"""What a GGUF file says of itself: notes and a table of tensors in front of the weights, read with suspicion.

The numbers are little endian: the mark, a version, how many tensors and how many notes there are; each note
as name, type and value; each tensor as name, lengths of its axes, type and place.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import struct
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from weft.jobs.files.file_faults import WeightsRefusedError

GGUF_SUFFIX = ".gguf"
LONGEST_HEADER_BYTES = 32 * 2**20
"""Vocabularies of text encoders stand in the notes, and have some megabytes."""

MOST_TENSORS = 100_000
MOST_AXES = 4

_MARK = b"GGUF"
_VERSIONS = frozenset({2, 3})
_TEXT, _LIST = 8, 9
# Sizes of notes of other types, by the numbers of the types.
_SIZES: Mapping[int, int] = MappingProxyType(
    {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
)
# Of tensors; what is packed in a newer way is called by its number.
_TYPES: Mapping[int, str] = MappingProxyType(
    {
        **dict(enumerate(("F32", "F16", "Q4_0", "Q4_1"))),
        **dict(enumerate(("Q5_0", "Q5_1", "Q8_0", "Q8_1"), 6)),
        **dict(enumerate(("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"), 10)),
        **dict(enumerate(("IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S"), 16)),
        **dict(enumerate(("IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS"), 20)),
        **dict(enumerate(("I8", "I16", "I32", "I64", "F64", "IQ1_M", "BF16"), 24)),
        39: "MXFP4",
    }
)


class GgufHeader(NamedTuple):
    """The header of a file.

    Attributes:
        parameters: How many numbers of each type there are.
        tensors: How many tensors.
        notes: What the file says of itself in words.
    """

    parameters: Counter[str]
    tensors: int
    notes: Mapping[str, str]


def read_gguf_header(path: Path, *, name: str = "") -> GgufHeader:
    """Read the header of a file, and no weights.

    Args:
        path: The file.
        name: What it is called in the error; by default its own name.

    Raises:
        WeightsRefusedError: It is no GGUF file, or damaged.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        reader = _Reader(file, name or path.name)
        if reader.bytes(4) != _MARK or reader.number("I") not in _VERSIONS:
            raise reader.refused("does not begin as a GGUF file does")
        count, notes = reader.number("Q"), reader.number("Q")
        if count > MOST_TENSORS:
            raise reader.damaged()
        said = dict(filter(None, (reader.note() for _ in range(notes))))
        parameters: Counter[str] = Counter()
        last = 0
        for _ in range(count):
            kind, numbers, place = reader.tensor()
            parameters[kind] += numbers
            last = max(last, place)
        if file.tell() + last > path.stat().st_size:
            raise reader.refused("was cut off before its last tensor")
    return GgufHeader(parameters, count, said)


class _Reader:
    """Reads the parts of a header one after the other, and never beyond its longest length."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name

    def refused(self, reason: str) -> WeightsRefusedError:
        return WeightsRefusedError(name=self._name, reason=reason)

    def damaged(self) -> WeightsRefusedError:
        return self.refused("has a damaged header")

    def bytes(self, length: int) -> bytes:
        if self._file.tell() + length > LONGEST_HEADER_BYTES:
            raise self.damaged()
        found = self._file.read(length)
        if len(found) < length:
            raise self.damaged()
        return found

    def number(self, form: str) -> int:
        form = f"<{form}"
        (found,) = struct.unpack(form, self.bytes(struct.calcsize(form)))
        return int(found)

    def text(self) -> str:
        return self.bytes(self.number("Q")).decode("utf-8", "replace")

    def note(self) -> tuple[str, str] | None:
        """Read a note; None where it is not in words."""
        name, kind = self.text(), self.number("I")
        if kind == _TEXT:
            return name, self.text()
        self._skip(kind)
        return None

    def _skip(self, kind: int) -> None:
        if kind == _LIST:
            inner, count = self.number("I"), self.number("Q")
            if inner == _TEXT:
                for _ in range(count):
                    self.bytes(self.number("Q"))
                return
            kind, sizes = inner, count
        else:
            sizes = 1
        if kind not in _SIZES:
            raise self.damaged()
        self.bytes(_SIZES[kind] * sizes)

    def tensor(self) -> tuple[str, int, int]:
        """Read type, number of numbers and place of a tensor."""
        self.text()
        axes = self.number("I")
        if axes > MOST_AXES:
            raise self.damaged()
        numbers = math.prod(self.number("Q") for _ in range(axes))
        kind, place = self.number("I"), self.number("Q")
        return _TYPES.get(kind, f"type {kind}"), numbers, place
