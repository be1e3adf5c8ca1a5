"""The text of a film is found where programs write it, without its pictures, and damage is called damage."""

import io
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weft.picture_texts import MAX_CHUNKS, MAX_TEXT, TextUnreadableError
from weft.video_texts import is_video, read_video_text

VIDEOS = Path(__file__).parent / "videos"
FILMS = ("keys.mp4", "keys.mov", "comment.mp4")
"""What `videos/make.sh` made with ffmpeg."""

TEXT = '{"weft":{"title":"Straße"}}'


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of parts."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def data(text: str, *, kind: int = 1) -> bytes:
    """A box with a text."""
    return box(b"data", struct.pack(">II", kind, 0), text.encode())


def film(*items: bytes, before: bytes = b"") -> bytes:
    """A film of which so much is said."""
    handler = box(b"hdlr", bytes(25))
    return (
        box(b"ftyp", b"isom")
        + before
        + box(b"moov", box(b"udta", box(b"meta", bytes(4), handler, box(b"ilst", *items))))
    )


def free_field(name: str, text: str) -> bytes:
    """A field of any name, as editors of tags write it."""
    said = box(b"mean", bytes(4), b"com.apple.iTunes"), box(b"name", bytes(4), name.encode())
    return box(b"----", *said, data(text))


def read(file: bytes) -> str | None:
    """What is found in a file."""
    return read_video_text(io.BytesIO(file))


@pytest.mark.parametrize("name", FILMS)
def test_what_ffmpeg_writes_is_found(name: str) -> None:
    file = (VIDEOS / name).read_bytes()

    carried = json.loads(read(file) or "")

    assert carried["weft"]["title"] == "Straße"
    assert is_video(file[:8])


def test_a_free_field_is_found_among_others() -> None:
    others = box(b"\xa9too", data("Lavf")), free_field("mood", "calm"), box(b"desc", data("weft of a cloth"))

    assert read(film(*others, free_field("weft", TEXT))) == TEXT
    assert read(film(*others)) is None


@pytest.mark.parametrize("kind", [b"\xa9nam", b"\xa9cmt", b"desc", b"ldes"])
def test_a_note_that_begins_as_ours_is_found(kind: bytes) -> None:
    assert read(film(box(kind, data(f"weft:{TEXT}")))) == TEXT
    assert read(film(box(kind, data(f"weft:{TEXT}", kind=13)))) is None
    assert read(film(box(kind))) is None


def test_a_film_of_which_nothing_is_said_has_none() -> None:
    assert read(box(b"ftyp", b"isom") + box(b"moov", box(b"udta", bytes(4)))) is None
    assert read(b"") is None


def test_pictures_are_passed_over_however_long_they_are() -> None:
    pictures = struct.pack(">I4sQ", 1, b"mdat", 16 + 1000) + bytes(1000)

    assert read(film(free_field("weft", TEXT), before=pictures)) == TEXT
    assert read(film(free_field("weft", TEXT)) + struct.pack(">I4s", 0, b"mdat") + bytes(999)) == TEXT


BROKEN = {
    "a part beyond the end": box(b"moov", bytes(20))[:-1],
    "a part shorter than its head": struct.pack(">I4s", 4, b"moov"),
    "a length beyond the end": struct.pack(">I4s", 1, b"mdat"),
    "a long part beyond the end": struct.pack(">I4sQ", 1, b"mdat", 2**63),
    "a text without a kind": film(box(b"desc", box(b"data", b"xx"))),
    "no UTF-8": film(box(b"desc", box(b"data", struct.pack(">II", 1, 0), b"weft:\xff"))),
    "endless parts": box(b"free") * (MAX_CHUNKS + 1),
    "an endless text": film(free_field("weft", "x" * MAX_TEXT)),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_said_to_be(case: str) -> None:
    with pytest.raises(TextUnreadableError):
        read(BROKEN[case])


@given(st.data())
def test_damaged_bytes_give_a_text_or_the_one_error(data: st.DataObject) -> None:
    broken = bytearray((VIDEOS / data.draw(st.sampled_from(FILMS))).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = read(bytes(broken))
    except TextUnreadableError:
        return
    assert found is None or isinstance(found, str)


@pytest.mark.parametrize("beginning", [b"", b"\x1a\x45\xdf\xa3", b'{"weft": 1', b"\x89PNG\r\n\x1a\n"])
def test_other_files_are_no_films(beginning: bytes) -> None:
    assert not is_video(beginning)
