"""The text that a picture file carries for weft, found without unpacking a pixel or loading the file.

Whoever has only the text in mind need not trust a decoder, nor have room for the picture: chunks of other
kinds are passed over on the disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

TEXT_KEY = "weft"
"""Key of the text chunk in a PNG, and what the description of a WebP and a comment in a JPEG begin with."""

MAX_TEXT = 32 * 2**20
"""Longer texts are not read; a workflow that large runs nowhere."""

MAX_COMPRESSED_TEXT = 1_000_000
"""Compressed texts are not unpacked further; `encode_png` stores longer ones as they are."""

MAX_CHUNKS = 100_000
"""A file of more chunks than this was made to keep somebody busy."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PREFIX = TEXT_KEY.encode() + b":"
_COMMENT = 0xFE
_EXIF = 0xE1
_SCAN = 0xDA
_END = 0xD9
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers of a JPEG that stand alone, without a length."""
_LONGEST_PART = 65_533 - len(_PREFIX)
"""Bytes of the text that one comment of a JPEG has room for."""
_ASCII = 2


class TextUnreadableError(ValueError):
    """The file is damaged, or no picture; the message says how."""


def read_text(file: BinaryIO, key: str = TEXT_KEY) -> str | None:
    """Read the text that a PNG, JPEG or WebP file carries for weft, or for another program.

    Args:
        file: The file, at its beginning; it can be sought.
        key: For whom the text is: the key of the chunk in a PNG, and what it begins with in others.

    Returns:
        The text; None where the picture carries none.

    Raises:
        TextUnreadableError: It is no picture, breaks off, or its text is damaged or too long.
    """
    start = file.read(12)
    try:
        if start.startswith(_PNG):
            file.seek(len(_PNG))
            found = _png_text(file, key.encode())
        elif start[:4] == b"RIFF" and start[8:] == b"WEBP":
            found = _webp_text(file, key.encode())
        elif start.startswith(b"\xff\xd8\xff"):
            file.seek(2)
            found = _jpeg_text(file, key.encode())
        else:
            raise TextUnreadableError("it is not one of PNG, JPEG, WEBP")
        return None if found is None else found.decode()
    except (struct.error, zlib.error, UnicodeDecodeError) as error:
        raise TextUnreadableError(f"it is damaged ({error})") from error


def with_jpeg_text(jpeg: bytes, text: str) -> bytes:
    """Put a text into a JPEG, as comments that follow each other, since each has room for 64 KiB only.

    Turned down: the EXIF, which is one segment and ends there; XMP, whose second half lies elsewhere, named
    by its digest. `jpegtran` and Pillow keep comments where they drop the rest.

    Args:
        jpeg: The file.
        text: Any text.

    Returns:
        The file with the text, behind the segment that a JPEG begins with.
    """
    data = text.encode()
    parts = [data[at : at + _LONGEST_PART] for at in range(0, len(data), _LONGEST_PART)]
    comments = [
        struct.pack(">BBH", 0xFF, _COMMENT, 2 + len(_PREFIX) + len(part)) + _PREFIX + part for part in parts
    ]
    (length,) = struct.unpack_from(">H", jpeg, 4)
    return b"".join([jpeg[: 4 + length], *comments, jpeg[4 + length :]])


def _png_text(file: BinaryIO, key: bytes) -> bytes | None:
    wanted = key + b"\0"
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IEND":
            return None
        found = file.read(min(length, len(wanted))) if kind in (b"tEXt", b"zTXt", b"iTXt") else b""
        if found != wanted:
            file.seek(length - len(found) + 4, 1)
            continue
        text = _read(file, length - len(found))
        (checksum,) = struct.unpack(">I", file.read(4))
        if zlib.crc32(text, zlib.crc32(kind + found)) != checksum:
            raise TextUnreadableError("it is damaged (the checksum of its text is another)")
        return _plain(kind, text)
    raise TextUnreadableError("it has far too many parts")


def _plain(kind: bytes, text: bytes) -> bytes:
    """Give what stands in a text chunk behind its key."""
    if kind == b"tEXt":
        return text.decode("latin-1").encode()
    if kind == b"zTXt":
        return _unpacked(text[1:])
    is_compressed = text[:1] == b"\1"
    # Behind the two marks of compression stand a language and the key in that language.
    text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _unpacked(text) if is_compressed else text


def _unpacked(text: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    plain = unpacking.decompress(text, MAX_COMPRESSED_TEXT + 1)
    if len(plain) > MAX_COMPRESSED_TEXT:
        raise TextUnreadableError("its text unpacks to far too much")
    if not unpacking.eof:
        raise TextUnreadableError("it is damaged (its text breaks off)")
    return plain


def _jpeg_text(file: BinaryIO, key: bytes) -> bytes | None:
    """Give what stands in comments, or else in the EXIF, which programs copy from a WebP into a JPEG."""
    parts: list[bytes] = []
    described, prefix = None, key + b":"
    for kind, length in _jpeg_segments(file):
        if kind not in (_COMMENT, _EXIF):
            file.seek(length, 1)
            continue
        content = _read(file, length)
        if kind == _EXIF and content.startswith(b"Exif\0\0"):
            described = described or _described(content.removeprefix(b"Exif\0\0"), prefix)
        elif kind == _COMMENT and content.startswith(prefix):
            parts.append(content.removeprefix(prefix))
            if len(parts) > MAX_TEXT // _LONGEST_PART:
                raise TextUnreadableError("its text is far too long")
    return b"".join(parts) if parts else described


def _jpeg_segments(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Give marker and length of each segment before the pixels, with the file at its content."""
    for _ in range(MAX_CHUNKS):
        mark, kind = struct.unpack(">BB", file.read(2))
        if mark != 0xFF:
            raise TextUnreadableError("it is damaged (a segment begins with no mark)")
        if kind in (_SCAN, _END):
            return
        if kind == 0xFF:
            # Any number of these may stand before a marker.
            file.seek(-1, 1)
        elif kind not in _BARE_MARKERS:
            (length,) = struct.unpack(">H", file.read(2))
            yield kind, max(0, length - 2)
    raise TextUnreadableError("it has far too many parts")


def _webp_text(file: BinaryIO, key: bytes) -> bytes | None:
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if not head:
            return None
        kind, length = struct.unpack("<4sI", head)
        if kind == b"EXIF":
            return _described(_read(file, length).removeprefix(b"Exif\0\0"), key + b":")
        file.seek(length + length % 2, 1)
    raise TextUnreadableError("it has far too many parts")


def _described(exif: bytes, prefix: bytes) -> bytes | None:
    """Give the text behind a prefix in the first directory of an EXIF.

    weft writes it as the description of the picture; ComfyUI takes the maker of the camera and its model.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    (at,) = struct.unpack_from(f"{order}I", exif, 4)
    (entries,) = struct.unpack_from(f"{order}H", exif, at)
    for entry in range(at + 2, at + 2 + 12 * entries, 12):
        _, kind, length, place = struct.unpack_from(f"{order}HHII", exif, entry)
        text = exif[place : place + length].rstrip(b"\0") if kind == _ASCII else b""
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    return None


def _read(file: BinaryIO, length: int) -> bytes:
    if length > MAX_TEXT:
        raise TextUnreadableError("its text is far too long")
    data = file.read(length)
    if len(data) < length:
        raise TextUnreadableError("it is damaged (it breaks off)")
    return data
