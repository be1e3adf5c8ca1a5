"""The text that an MP4 or QuickTime film carries for weft, found without a look at its pictures.

It is looked for where programs keep what they are told about a film:

- under the key `weft`, as `ffmpeg -movflags use_metadata_tags -metadata weft=…` writes it;
- in a free field of the name `weft`, as players of music and their editors of tags have them;
- in a title, comment or description that begins with `weft:`, which is all that `ffmpeg` writes otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from weft.picture_texts import MAX_CHUNKS, MAX_TEXT, TEXT_KEY, TextUnreadableError

_PREFIX = f"{TEXT_KEY}:".encode()
_NOTES = (b"\xa9nam", b"\xa9cmt", b"desc", b"ldes")
_UTF_8 = 1


@dataclass(frozen=True, slots=True)
class _Box:
    """A part of the file: its kind, and where its content begins and ends."""

    kind: bytes
    start: int
    stop: int


def is_video(beginning: bytes) -> bool:
    """Tell whether a file is an MP4 or QuickTime film.

    Args:
        beginning: Its first eight bytes.
    """
    return beginning[4:8] in (b"ftyp", b"moov")


def read_video_text(file: BinaryIO) -> str | None:
    """Read the text that an MP4 or QuickTime file carries for weft.

    Args:
        file: The file, at its beginning; it can be sought.

    Returns:
        The text; None where the film carries none.

    Raises:
        TextUnreadableError: Its parts are damaged, too many, or its text is too long.
    """
    size = file.seek(0, 2)
    try:
        found = _text_of(_Reader(file), _Box(b"", 0, size))
        return None if found is None else found.decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise TextUnreadableError(f"it is damaged ({error})") from error


class _Reader:
    """Walks the boxes of a file, of which all together it looks at so many only."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_CHUNKS

    def boxes(self, parent: _Box, *, skip: int = 0) -> Iterator[_Box]:
        """Give the boxes within another, behind so many bytes of its own."""
        at = parent.start + skip
        while at + 8 <= parent.stop:
            self._left -= 1
            if self._left < 0:
                raise TextUnreadableError("it has far too many parts")
            box = self._box(at, parent.stop)
            yield box
            at = box.stop

    def named(self, parent: _Box, kind: bytes) -> list[_Box]:
        """Give the boxes of a kind within another."""
        return [box for box in self.boxes(parent) if box.kind == kind]

    def content(self, box: _Box, *, skip: int = 0) -> bytes:
        """Give what is in a box, behind so many bytes."""
        if box.stop - box.start > MAX_TEXT:
            raise TextUnreadableError("its text is far too long")
        self._file.seek(box.start)
        return self._file.read(box.stop - box.start)[skip:]

    def _box(self, at: int, end: int) -> _Box:
        self._file.seek(at)
        length, kind = struct.unpack(">I4s", self._file.read(8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", self._file.read(8))
            head = 16
        # A length of zero means that it goes on to the end.
        stop = end if length == 0 else at + length
        if 0 < length < head or stop > end:
            raise TextUnreadableError("it is damaged (a part leaves what it is in)")
        return _Box(kind, at + head, stop)


def _text_of(reader: _Reader, film: _Box) -> bytes | None:
    """Look at what was said of the whole film; what was said of its tracks is passed over."""
    for movie in reader.named(film, b"moov"):
        ours = [meta for user in reader.named(movie, b"udta") for meta in reader.named(user, b"meta")]
        for meta in [*reader.named(movie, b"meta"), *ours]:
            found = _meta_text(reader, meta)
            if found is not None:
                return found
    return None


def _meta_text(reader: _Reader, meta: _Box) -> bytes | None:
    # In a QuickTime file its boxes begin at once, in an MP4 behind a version.
    skip = 0 if reader.content(_Box(b"", meta.start, min(meta.stop, meta.start + 8)))[4:] == b"hdlr" else 4
    keys: list[bytes] = []
    for box in reader.boxes(meta, skip=skip):
        if box.kind == b"keys":
            keys = [reader.content(key) for key in reader.boxes(box, skip=8)]
        elif box.kind == b"ilst":
            for item in reader.boxes(box):
                found = _item_text(reader, item, keys)
                if found is not None:
                    return found
    return None


def _item_text(reader: _Reader, item: _Box, keys: list[bytes]) -> bytes | None:
    """Give the text of one thing that was said of a film, if it is meant for weft."""
    (number,) = struct.unpack(">I", item.kind)
    if 1 <= number <= len(keys):
        return _data(reader, item) if keys[number - 1] == TEXT_KEY.encode() else None
    if item.kind == b"----":
        names = [reader.content(box, skip=4) for box in reader.boxes(item) if box.kind == b"name"]
        return _data(reader, item) if names == [TEXT_KEY.encode()] else None
    text = _data(reader, item) if item.kind in _NOTES else None
    return text.removeprefix(_PREFIX) if text is not None and text.startswith(_PREFIX) else None


def _data(reader: _Reader, item: _Box) -> bytes | None:
    for box in reader.boxes(item):
        if box.kind == b"data":
            content = reader.content(box)
            (kind, _) = struct.unpack_from(">II", content)
            return content[8:] if kind == _UTF_8 else None
    return None
