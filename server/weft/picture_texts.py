"""The text that a picture file carries for weft, found without unpacking a pixel or loading the file.

Whoever has only the text in mind need not trust a decoder, nor have room for the picture: chunks of other
kinds are passed over on the disk.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

TEXT_KEY = "weft"
"""Key of the text chunk in a PNG, and the beginning of the description in a WebP."""

MAX_TEXT = 32 * 2**20
"""Longer texts are not read; a workflow that large runs nowhere."""

MAX_COMPRESSED_TEXT = 1_000_000
"""Compressed texts are not unpacked further; `encode_png` stores longer ones as they are."""

MAX_CHUNKS = 100_000
"""A file of more chunks than this was made to keep somebody busy."""

_PNG = b"\x89PNG\r\n\x1a\n"
_KEY = TEXT_KEY.encode() + b"\0"
_DESCRIPTION = 0x010E
_ASCII = 2


class TextUnreadableError(ValueError):
    """The file is damaged, or no picture; the message says how."""


def read_text(file: BinaryIO) -> str | None:
    """Read the text that a PNG or WebP file carries for weft.

    Args:
        file: The file, at its beginning; it can be sought.

    Returns:
        The text; None where the picture carries none, as every JPEG.

    Raises:
        TextUnreadableError: It is no picture, breaks off, or its text is damaged or too long.
    """
    start = file.read(12)
    try:
        if start.startswith(_PNG):
            file.seek(len(_PNG))
            found = _png_text(file)
        elif start[:4] == b"RIFF" and start[8:] == b"WEBP":
            found = _webp_text(file)
        elif start.startswith(b"\xff\xd8\xff"):
            found = None
        else:
            raise TextUnreadableError("it is not one of PNG, JPEG, WEBP")
        return None if found is None else found.decode()
    except (struct.error, zlib.error, UnicodeDecodeError) as error:
        raise TextUnreadableError(f"it is damaged ({error})") from error


def _png_text(file: BinaryIO) -> bytes | None:
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IEND":
            return None
        key = file.read(min(length, len(_KEY))) if kind in (b"tEXt", b"zTXt", b"iTXt") else b""
        if key != _KEY:
            file.seek(length - len(key) + 4, 1)
            continue
        text = _read(file, length - len(key))
        (checksum,) = struct.unpack(">I", file.read(4))
        if zlib.crc32(text, zlib.crc32(kind + key)) != checksum:
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


def _webp_text(file: BinaryIO) -> bytes | None:
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if not head:
            return None
        kind, length = struct.unpack("<4sI", head)
        if kind == b"EXIF":
            return _description(_read(file, length).removeprefix(b"Exif\0\0"))
        file.seek(length + length % 2, 1)
    raise TextUnreadableError("it has far too many parts")


def _description(exif: bytes) -> bytes | None:
    """Give what stands for weft in the description of a picture, from the first directory of its EXIF."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return None
    (at,) = struct.unpack_from(f"{order}I", exif, 4)
    (entries,) = struct.unpack_from(f"{order}H", exif, at)
    for entry in range(at + 2, at + 2 + 12 * entries, 12):
        tag, kind, length, place = struct.unpack_from(f"{order}HHII", exif, entry)
        if (tag, kind) == (_DESCRIPTION, _ASCII):
            text = exif[place : place + length].rstrip(b"\0")
            prefix = f"{TEXT_KEY}:".encode()
            return text.removeprefix(prefix) if text.startswith(prefix) else None
    return None


def _read(file: BinaryIO, length: int) -> bytes:
    if length > MAX_TEXT:
        raise TextUnreadableError("its text is far too long")
    data = file.read(length)
    if len(data) < length:
        raise TextUnreadableError("it is damaged (it breaks off)")
    return data
