"""What kind of picture a file is, how large, and whether all of it is there: nothing is ever unpacked here.

Decoders are large pieces of C that strangers feed; they run in the workers, which may die. The server reads
only the few numbers that stand uncompressed at the beginning and between the parts of a file.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_JPEG_SEGMENTS = 1000
"""A JPEG has a few dozen segments before its frame; one with more is not looked at further."""

_MOST_PNG_CHUNKS = 100_000
"""A file of more chunks than this was made to keep somebody busy."""

_JPEG_END = b"\xff\xd9"
_TRAILING_BYTES = 2**20
"""Cameras write further pictures behind the end of a JPEG; so far back its end is looked for."""

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of the segments that tell the size; the three others between them hold tables."""


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What the beginning of a picture file says.

    Attributes:
        media_type: ``image/png``, ``image/jpeg`` or ``image/webp``.
        width: Pixels, at least 1.
        height: Pixels, at least 1.
    """

    media_type: str
    width: int
    height: int


def read_picture_header(file: BinaryIO) -> PictureHeader | None:
    """Read what kind of picture a file is; its name and what was said of it do not count.

    Args:
        file: The file, at its beginning.

    Returns:
        Kind and size; None for everything that is no PNG, JPEG or WebP, or breaks off before its size.
    """
    start = file.read(30)
    try:
        if start.startswith(_PNG):
            found = _png(start)
        elif start.startswith(b"\xff\xd8\xff"):
            found = _jpeg(file)
        elif start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            found = _webp(start)
        else:
            return None
    except (struct.error, IndexError):
        return None
    return found if found is not None and found.width > 0 and found.height > 0 else None


def is_whole(file: BinaryIO, media_type: str) -> bool:
    """Tell whether a picture file goes on to its end, as far as its structure says.

    Args:
        file: The file; where it stands does not matter.
        media_type: Its kind, as `read_picture_header` gives it.

    Returns:
        False where an upload or a copy broke off. What is damaged within is only found by a decoder.
    """
    size = file.seek(0, os.SEEK_END)
    if media_type == "image/png":
        return _has_png_end(file)
    if media_type == "image/webp":
        file.seek(4)
        return size >= 8 + int.from_bytes(file.read(4), "little")
    file.seek(max(2, size - _TRAILING_BYTES))
    return _JPEG_END in file.read()


def _has_png_end(file: BinaryIO) -> bool:
    file.seek(len(_PNG))
    for _ in range(_MOST_PNG_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return False
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return len(file.read(4)) == 4
        file.seek(length + 4, os.SEEK_CUR)
    return False


def _png(start: bytes) -> PictureHeader | None:
    length, kind, width, height = struct.unpack_from(">I4sII", start, 8)
    return PictureHeader("image/png", width, height) if (length, kind) == (13, b"IHDR") else None


def _jpeg(file: BinaryIO) -> PictureHeader | None:
    file.seek(2)
    for _ in range(_MOST_JPEG_SEGMENTS):
        # A marker is 0xFF, which may be repeated, and a byte that is neither 0 nor 0xFF.
        if file.read(1) != b"\xff":
            return None
        marker = file.read(1)[0]
        while marker == 0xFF:
            marker = file.read(1)[0]
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _JPEG_FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return PictureHeader("image/jpeg", width, height)
        if length < 2:
            return None
        file.seek(length - 2, 1)
    return None


def _webp(start: bytes) -> PictureHeader | None:
    kind = start[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(start[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L" and start[20] == 0x2F:
        (packed,) = struct.unpack_from("<I", start, 21)
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and start[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", start, 26))
    else:
        return None
    # Where the file breaks off, a part of it would be taken for the size.
    return PictureHeader("image/webp", width, height) if len(start) == 30 or kind == b"VP8L" else None
