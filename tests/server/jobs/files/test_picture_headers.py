"""The kind and size of a picture are read from its first bytes, as Pillow would read them from all of it."""

import io
import random

import pytest
from PIL import Image
from weft.jobs.files.picture_headers import PictureHeader, is_whole, read_picture_header


def encoded(format: str, width: int = 37, height: int = 21, *, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 7).save(buffer, format, **options)
    return buffer.getvalue()


def read(data: bytes) -> PictureHeader | None:
    return read_picture_header(io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (encoded("PNG"), "image/png"),
        (encoded("PNG", mode="P"), "image/png"),
        (encoded("JPEG"), "image/jpeg"),
        (encoded("JPEG", progressive=True), "image/jpeg"),
        (encoded("JPEG", comment=b"\xff\xc0" * 100, exif=Image.Exif().tobytes()), "image/jpeg"),
        (encoded("WEBP"), "image/webp"),
        (encoded("WEBP", lossless=True), "image/webp"),
        (encoded("WEBP", mode="RGBA", exif=b"Exif\0\0MM\0*"), "image/webp"),
    ],
    ids=["png", "palette", "jpeg", "progressive", "commented", "webp", "lossless", "extended"],
)
def test_kind_and_size_are_those_that_were_written(data: bytes, media_type: str) -> None:
    assert read(data) == PictureHeader(media_type, 37, 21)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (16383, 2)])
def test_sizes_are_read_to_their_ends(format: str, size: tuple[int, int]) -> None:
    header = read(encoded(format, *size))

    assert header is not None
    assert (header.width, header.height) == size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(40),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(40),
        b"RIFF\x00\x00\x00\x00WEBPVP9 " + bytes(40),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"\xff\xd8\xff" + bytes(40),
        b"\xff\xd8\xff\xff\xff\xff",
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2000,
        b"\xff\xd8\xff\xe0\x00\x00",
        b"PK\x03\x04" + bytes(40),
    ],
)
def test_everything_else_is_no_picture(data: bytes) -> None:
    assert read(data) is None


def test_a_picture_without_pixels_is_none() -> None:
    data = bytearray(encoded("PNG"))
    data[16:20] = bytes(4)

    assert read(bytes(data)) is None


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_breaks_off_gives_its_true_size_or_none(format: str) -> None:
    data = encoded(format)
    whole = read(data)

    assert all(read(data[:length]) in (whole, None) for length in range(len(data)))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_damaged_files_never_raise(format: str) -> None:
    draw = random.Random(3)
    data = encoded(format)

    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(draw.randrange(1, 8)):
            damaged[draw.randrange(min(64, len(damaged)))] = draw.randrange(256)
        read(bytes(damaged))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_whole_until_its_last_byte_is_missing(format: str) -> None:
    data = encoded(format)
    kind = f"image/{format.lower()}"

    assert is_whole(io.BytesIO(data), kind)
    assert is_whole(io.BytesIO(data + b"what a camera wrote behind it"), kind)
    assert not any(is_whole(io.BytesIO(data[:end]), kind) for end in range(30, len(data)))
