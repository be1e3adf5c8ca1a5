"""The text of a picture is found without its pixels, and nothing that stands in a file keeps anybody busy."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from weft.picture_texts import MAX_CHUNKS, TextUnreadableError, read_text, with_jpeg_text
from weft.pictures import encode_jpeg, encode_png, encode_webp

PIXELS = np.zeros((4, 6, 3), dtype=np.uint8)
TEXT = '{"weft":{"nodes":{}}}'
CARRIED: dict[str, Any] = {"weft": {"nodes": {}}}
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEAD = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 4, 8, 2, 0, 0, 0))
END = chunk(b"IEND", b"")


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of chunks."""
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def segment(kind: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


JPEG = b"\xff\xd8" + segment(0xE0, b"JFIF\0" + bytes(9))
SCAN = segment(0xDA, b"\x01\x01\0\0?\0") + b"pixels" + b"\xff\xd9"


def exif(order: str, text: str) -> bytes:
    """An EXIF whose description is a text."""
    data = text.encode() + b"\0"
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(f"{order}HHII", 0x0112, 3, 1, 1) + struct.pack(
        f"{order}HHII", 0x010E, 2, len(data), 38
    )
    return mark + struct.pack(f"{order}IH", 8, 2) + entries + bytes(4) + data


class Counted(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


@pytest.mark.parametrize("encode", [encode_png, encode_jpeg, encode_webp])
def test_what_weft_writes_is_found(encode: Any) -> None:
    assert read_text(io.BytesIO(encode(PIXELS, provenance=CARRIED))) == TEXT
    assert read_text(io.BytesIO(encode(PIXELS))) is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (b"tEXt", b"weft\0" + TEXT.encode()),
        (b"zTXt", b"weft\0\0" + zlib.compress(TEXT.encode())),
        (b"iTXt", b"weft\0\0\0en\0weft\0" + TEXT.encode()),
        (b"iTXt", b"weft\0\1\0\0\0" + zlib.compress(TEXT.encode())),
    ],
)
def test_every_kind_of_text_is_read_before_and_behind_the_pixels(kind: bytes, data: bytes) -> None:
    other, pixels = chunk(kind, b"other\0" + bytes(9)), chunk(b"IDAT", bytes(99))

    for chunks in (chunk(kind, data) + pixels, other + pixels + chunk(kind, data)):
        assert read_text(io.BytesIO(HEAD + chunks + END)) == TEXT


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_a_description_is_read_in_either_byte_order(order: str, prefix: bytes) -> None:
    found = exif(order, f"weft:{TEXT}")

    assert read_text(io.BytesIO(webp((b"VP8L", b"odd"), (b"EXIF", prefix + found)))) == TEXT
    assert read_text(io.BytesIO(JPEG + segment(0xE1, b"Exif\0\0" + found) + SCAN)) == TEXT


def test_a_long_text_goes_on_in_the_next_comments_of_a_jpeg() -> None:
    long = "ß" * 150_000

    found = with_jpeg_text(JPEG + SCAN, long)

    assert found.count(b"\xff\xfe") == 5
    assert read_text(io.BytesIO(found)) == long
    assert found.startswith(JPEG)
    assert found.endswith(SCAN)


def test_a_jpeg_is_read_to_its_pixels_past_all_that_others_say() -> None:
    others = b"".join(
        [
            b"\xff\x01",
            segment(0xFE, b"a holiday"),
            b"\xff\xff" + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            segment(0xE1, b"Exif\0\0" + exif("<", "weft:{}")),
        ]
    )
    own = segment(0xFE, f"weft:{TEXT}".encode())

    assert read_text(io.BytesIO(JPEG + others + own + SCAN)) == TEXT
    assert read_text(io.BytesIO(JPEG + SCAN + own)) is None
    assert read_text(io.BytesIO(JPEG + b"\xff\xd9")) is None


def test_a_picture_that_pillow_saves_again_keeps_its_text() -> None:
    file = io.BytesIO()
    Image.open(io.BytesIO(encode_jpeg(PIXELS, provenance=CARRIED))).save(file, "JPEG")

    assert read_text(io.BytesIO(file.getvalue())) == TEXT


def test_a_description_of_others_is_none_of_wefts() -> None:
    image = Image.fromarray(PIXELS)
    exif = image.getexif()
    exif[0x010E] = "a holiday"
    file = io.BytesIO()
    image.save(file, "WEBP", exif=exif)

    assert read_text(io.BytesIO(file.getvalue())) is None
    assert read_text(io.BytesIO(webp((b"EXIF", b"nothing of the kind")))) is None


def test_pixels_are_passed_over() -> None:
    large = chunk(b"IDAT", bytes(10**7))
    file = Counted(HEAD + large * 3 + chunk(b"tEXt", b"weft\0" + TEXT.encode()) + END)

    assert read_text(file) == TEXT
    assert file.count < 500


BROKEN = {
    "nothing": b"",
    "no picture": b"GIF89a",
    "no chunks": SIGNATURE,
    "no end": HEAD,
    "a length beyond the end": HEAD + b"\xff\xff\xff\xfftEXtweft\0",
    "a text beyond the end": HEAD + struct.pack(">I", 99) + b"tEXtweft\0x",
    "another checksum": HEAD + chunk(b"tEXt", b"weft\0" + TEXT.encode())[:-1] + b"x" + END,
    "no compression": HEAD + chunk(b"zTXt", b"weft\0\0" + TEXT.encode()) + END,
    "half a compression": HEAD + chunk(b"zTXt", b"weft\0\0" + zlib.compress(TEXT.encode())[:9]) + END,
    "a bomb": HEAD + chunk(b"zTXt", b"weft\0\0" + zlib.compress(bytes(10**7))) + END,
    "no UTF-8": HEAD + chunk(b"iTXt", b"weft\0\0\0\0\0\xff") + END,
    "endless chunks": HEAD + chunk(b"tEXt", b"") * MAX_CHUNKS,
    "a JPEG of nothing": b"\xff\xd8\xff",
    "a JPEG without pixels": JPEG,
    "a segment without a mark": JPEG + b"pixels",
    "a comment beyond the end": JPEG + b"\xff\xfe\xff\xffweft:",
    "endless segments": JPEG + b"\xff\x01" * MAX_CHUNKS,
    "an endless text": JPEG + segment(0xFE, b"weft:") * 600 + SCAN,
    "endless parts": webp(*[(b"ALPH", b"")] * MAX_CHUNKS),
    "half a part": webp((b"EXIF", b"II*\0"))[:-6],
    "a directory beyond the end": webp((b"EXIF", b"II*\0\xff\xff\xff\xff")),
    "entries beyond the end": webp((b"EXIF", b"II*\0\x08\0\0\0\xff\xff")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_said_to_be(case: str) -> None:
    with pytest.raises(TextUnreadableError):
        read_text(io.BytesIO(BROKEN[case]))


@given(st.data())
def test_damaged_bytes_give_a_text_or_the_one_error(data: st.DataObject) -> None:
    encode = data.draw(st.sampled_from([encode_png, encode_jpeg, encode_webp]))
    broken = bytearray(encode(PIXELS, provenance=CARRIED))
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = read_text(io.BytesIO(broken))
    except TextUnreadableError:
        return
    assert found is None or isinstance(found, str)
