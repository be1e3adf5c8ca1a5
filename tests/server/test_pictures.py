"""Pictures are read right whatever their kind, carry their provenance, and are written whole or not."""

import io
import json
import os
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image as PillowImage
from weft.errors import FileUnwritableError, PictureUnreadableError
from weft.picture_texts import MAX_COMPRESSED_TEXT
from weft.pictures import (
    encode_jpeg,
    encode_png,
    encode_webp,
    next_path,
    parse_provenance,
    read_picture,
    read_provenance,
    write_atomically,
    write_numbered,
)

PROVENANCE: dict[str, Any] = {"weft": {"nodes": {"é": {"seed": 2**60}}}, "files": {"a": "0f"}}
pixels = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])),
    elements=st.integers(0, 255),
)


def gradient(height: int = 24, width: int = 32, channels: int = 3) -> NDArray[np.uint8]:
    """A picture whose every pixel tells where it is."""
    rows, columns = np.mgrid[0:height, 0:width]
    layers = [rows * 7, columns * 5, rows + columns, 255 - rows]
    return np.stack(layers[:channels], axis=-1).astype(np.uint8)


def saved(image: PillowImage.Image, format: str = "PNG", **options: Any) -> bytes:
    """Encode a picture with Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@given(pixels)
def test_a_png_gives_back_exactly_what_was_encoded(found: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(read_picture(encode_png(found)), found)


@given(pixels)
def test_a_lossless_webp_gives_back_exactly_what_was_encoded(found: NDArray[np.uint8]) -> None:
    again = read_picture(encode_webp(found))

    # WebP drops an alpha channel that is opaque everywhere.
    np.testing.assert_array_equal(again, found[..., : again.shape[2]])
    assert again.shape[2] == found.shape[2] or (found[..., 3] == 255).all()


def test_equal_pictures_with_equal_provenance_are_equal_bytes() -> None:
    backwards = dict(reversed(PROVENANCE.items()))

    assert encode_png(gradient(), provenance=PROVENANCE) == encode_png(gradient(), provenance=backwards)


def test_grey_is_encoded_as_grey() -> None:
    grey = gradient()[..., 0]

    again = read_picture(encode_png(grey))

    np.testing.assert_array_equal(again, np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize(
    "found",
    [
        np.zeros((4, 4, 3), dtype=np.float32),
        np.zeros((4, 4, 2), dtype=np.uint8),
        np.zeros((1, 4, 4, 3), dtype=np.uint8),
        np.zeros((0, 4, 3), dtype=np.uint8),
    ],
)
def test_what_is_no_picture_is_not_encoded(found: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="A picture is uint8"):
        encode_png(found)
    with pytest.raises(ValueError, match="A picture is uint8"):
        encode_webp(found)
    with pytest.raises(ValueError, match="A picture is uint8"):
        encode_jpeg(found)


def test_a_jpeg_looks_like_what_was_encoded() -> None:
    found = encode_jpeg(gradient())

    assert np.abs(read_picture(found).astype(int) - gradient()).mean() < 2
    assert len(encode_jpeg(gradient(), quality=20)) < len(found)


def test_grey_stays_grey_in_a_jpeg_and_what_is_transparent_becomes_white() -> None:
    clear = np.zeros((8, 8, 4), dtype=np.uint8)

    assert read_picture(encode_jpeg(clear)).min() > 250
    assert np.ptp(read_picture(encode_jpeg(gradient()[..., 0])), axis=-1).max() == 0


@pytest.mark.parametrize("encode", [encode_png, encode_jpeg, encode_webp])
def test_a_picture_carries_its_provenance(encode: Any) -> None:
    data = encode(gradient(), provenance=PROVENANCE)

    assert read_provenance(data) == PROVENANCE


def test_a_lossy_webp_carries_its_provenance_too() -> None:
    data = encode_webp(gradient(), provenance=PROVENANCE, quality=80)

    assert read_provenance(data) == PROVENANCE
    assert np.abs(read_picture(data).astype(int) - gradient()).mean() < 16


def test_a_provenance_of_any_length_can_be_read_again() -> None:
    long = {"nodes": "x" * (2 * MAX_COMPRESSED_TEXT)}

    data = encode_png(gradient(), provenance=long)

    assert read_provenance(data) == long
    assert read_provenance(encode_jpeg(gradient(), provenance=long)) == long
    np.testing.assert_array_equal(read_picture(data), gradient())


def test_a_provenance_is_stored_compressed() -> None:
    plain = encode_png(gradient())

    assert len(encode_png(gradient(), provenance={"nodes": "x" * 100_000})) < len(plain) + 2000


def test_the_provenance_of_a_png_lies_under_its_own_key_before_the_pixels() -> None:
    data = encode_png(gradient(), provenance={"a": 1})

    assert data.index(b"iTXtweft\0") < data.index(b"IDAT")


@pytest.mark.parametrize("text", [None, "not json", "[1, 2]", "5", ""])
def test_a_picture_without_a_provenance_that_can_be_read_has_none(text: str | None) -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    if text is not None:
        info.add_itxt("weft", text)

    assert read_provenance(saved(PillowImage.fromarray(gradient()), pnginfo=info)) is None


@pytest.mark.parametrize("text", ["", "x", "[]", "1", "[" * 100_000, '{"a": '])
def test_a_text_that_says_nothing_is_no_provenance(text: str) -> None:
    assert parse_provenance(text) is None


def test_a_jpeg_of_others_has_no_provenance() -> None:
    assert read_provenance(saved(PillowImage.fromarray(gradient()), "JPEG")) is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_upright_as_its_orientation_says(format: str, orientation: int) -> None:
    upright = np.zeros((16, 32, 3), dtype=np.uint8)
    upright[:8, :16] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}

    found = read_picture(
        saved(PillowImage.fromarray(np.ascontiguousarray(stored)), format, exif=exif, **options)
    )

    assert found.shape == upright.shape
    assert np.abs(found.astype(int) - upright).max() < 60


def test_sixteen_bit_grey_is_scaled_and_not_clipped() -> None:
    deep = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)

    found = read_picture(saved(PillowImage.fromarray(deep)))

    np.testing.assert_array_equal(found[0, :, 0], [0, 1, 128, 255])
    assert found.shape == (1, 4, 3)


def test_sixteen_bit_grey_keeps_its_transparent_value() -> None:
    deep = np.array([[0, 500, 65535]], dtype=np.uint16)

    found = read_picture(saved(PillowImage.fromarray(deep), transparency=500))

    np.testing.assert_array_equal(found[0, :, 3], [255, 0, 255])


def sixteen_bit_colour() -> bytes:
    """A PNG of 16 bits per channel, which Pillow cannot write: one red and one blue pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
        )

    row = b"\0" + bytes.fromhex("ffff 8080 0000 0000 0000 ffff".replace(" ", ""))
    header = (2).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes([16, 2, 0, 0, 0])
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_sixteen_bit_colour_is_scaled() -> None:
    np.testing.assert_array_equal(read_picture(sixteen_bit_colour()), [[[255, 128, 0], [0, 0, 255]]])


def test_a_palette_is_looked_up() -> None:
    image = PillowImage.fromarray(gradient()).quantize(16)

    found = read_picture(saved(image))

    np.testing.assert_array_equal(found, np.array(image.convert("RGB")))


def test_a_palette_with_a_transparent_entry_gives_alpha() -> None:
    image = PillowImage.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)

    found = read_picture(saved(image, transparency=1))

    np.testing.assert_array_equal(found, [[[255, 0, 0, 255], [0, 255, 0, 0]]])


@pytest.mark.parametrize(
    ("mode", "channels"), [("L", 3), ("LA", 4), ("RGB", 3), ("RGBA", 4), ("1", 3), ("P", 3)]
)
def test_every_mode_of_png_gives_three_channels_or_four_with_alpha(mode: str, channels: int) -> None:
    found = read_picture(saved(PillowImage.fromarray(gradient()).convert(mode)))

    assert found.shape == (24, 32, channels)
    assert found.dtype == np.uint8


def test_a_print_jpeg_is_read_in_colour() -> None:
    found = read_picture(saved(PillowImage.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG"))

    assert found.shape == (4, 4, 3)
    assert found[0, 0, 0] > 200
    assert found[0, 0, 1] < 60


def test_transparent_pixels_keep_their_colour() -> None:
    found = gradient(channels=4)
    found[..., 3] = 0

    np.testing.assert_array_equal(read_picture(encode_png(found)), found)
    np.testing.assert_array_equal(read_picture(encode_webp(found)), found)


def test_what_was_read_can_be_written_to() -> None:
    found = read_picture(encode_png(gradient()))

    found[0, 0] = 0

    assert found.flags.owndata
    assert found.flags.c_contiguous


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(format: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(PillowImage.fromarray(noise), format)

    with pytest.raises(PictureUnreadableError) as caught:
        read_picture(data[: int(len(data) * share)])

    assert caught.value.code == "picture-unreadable"


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"GIF89a", b"not a picture at all", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureUnreadableError, match="The picture of"):
        read_picture(data)


def test_a_picture_of_a_format_that_is_not_read_is_refused() -> None:
    with pytest.raises(PictureUnreadableError, match="not one of PNG, JPEG, WEBP"):
        read_picture(saved(PillowImage.fromarray(gradient()), "BMP"))


@given(st.data())
def test_damaged_bytes_give_a_picture_or_the_one_error(data: st.DataObject) -> None:
    broken = bytearray(encode_png(gradient(6, 6), provenance={"a": 1}))
    for _ in range(3):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))

    try:
        found = read_picture(bytes(broken))
    except PictureUnreadableError:
        return

    assert found.dtype == np.uint8


def test_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(encode_png(gradient())[:-60])

    with pytest.raises(PictureUnreadableError, match=str(path)):
        read_picture(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureUnreadableError, match="no such file"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(PictureUnreadableError):
        read_provenance(tmp_path)


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(PictureUnreadableError, match="32 x 24 pixels, more than 700"):
        read_picture(encode_png(gradient()), max_pixels=700)


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_decompression_bomb_is_refused(side: int) -> None:
    data = bytearray(encode_png(gradient()))
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")

    with pytest.raises(PictureUnreadableError, match="pixels"):
        read_picture(bytes(data))


def test_a_text_bomb_is_refused() -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_itxt("weft", "x" * 50_000_000, zip=True)

    with pytest.raises(PictureUnreadableError):
        read_provenance(saved(PillowImage.fromarray(gradient()), pnginfo=info))


def test_a_file_is_written_into_folders_that_are_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.bin"

    write_atomically(path, b"data")

    assert path.read_bytes() == b"data"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.bin"]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old and longer")

    write_atomically(path, b"new")

    assert path.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work differently there")
def test_a_written_file_can_be_read_by_whom_the_users_mask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "file.bin", b"data")
    finally:
        os.umask(before)

    assert (tmp_path / "file.bin").stat().st_mode & 0o777 == 0o644


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(FileUnwritableError) as caught:
        write_atomically(tmp_path / "file" / "picture.png", b"data")

    assert caught.value.code == "file-unwritable"


def test_a_folder_where_the_file_should_lie_is_reported_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "picture.png").mkdir()

    with pytest.raises(FileUnwritableError):
        write_atomically(tmp_path / "picture.png", b"data")

    assert [entry.name for entry in tmp_path.iterdir()] == ["picture.png"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from weft.errors import DiskFullError
from weft.pictures import write_atomically, write_numbered

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
folder = Path(sys.argv[1])
for write in (
    lambda: write_atomically(folder / "file.bin", b"x" * 5000),
    lambda: write_numbered(folder, "picture", ".png", b"x" * 5000),
):
    try:
        write()
    except DiskFullError as error:
        print(error.code, error.details["needed_bytes"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a matter of Unix")
def test_a_disk_without_room_is_reported_and_nothing_partial_is_left(tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"old")

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["disk-full 5000", "disk-full 5000"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.bin"]
    assert (tmp_path / "file.bin").read_bytes() == b"old"


def test_numbers_start_at_one_and_go_on_after_the_highest(tmp_path: Path) -> None:
    assert next_path(tmp_path / "missing", "cat", ".png").name == "cat-00001.png"

    for name in (
        "cat-00007.png",
        "cat-3.png",
        "cat-9.jpg",
        "dog-00099.png",
        "cat-x.png",
        "catalogue-00050.png",
    ):
        (tmp_path / name).touch()

    assert next_path(tmp_path, "cat", ".png") == tmp_path / "cat-00008.png"


def test_numbers_grow_beyond_five_digits(tmp_path: Path) -> None:
    (tmp_path / "cat-99999.png").touch()

    assert next_path(tmp_path, "cat", ".png").name == "cat-100000.png"


def test_stems_are_not_read_as_patterns(tmp_path: Path) -> None:
    (tmp_path / "catx-00005.png").touch()

    assert next_path(tmp_path, "cat.", ".png").name == "cat.-00001.png"


@pytest.mark.parametrize("stem", ["", ".", "..", "../up", "a/b", "a\\b", ".hidden", "nul\0", "a:b", "a*"])
def test_a_stem_that_leads_elsewhere_is_refused(tmp_path: Path, stem: str) -> None:
    with pytest.raises(FileUnwritableError, match="not a plain file name"):
        next_path(tmp_path, stem, ".png")
    with pytest.raises(FileUnwritableError):
        write_numbered(tmp_path, stem, ".png", b"data")

    assert list(tmp_path.iterdir()) == []


def test_files_written_at_the_same_time_get_different_numbers(tmp_path: Path) -> None:
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(write_numbered(tmp_path, "cat", ".png", b"data")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(path.name for path in paths) == [f"cat-{number:05d}.png" for number in range(1, 13)]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert {path.read_bytes() for path in paths} == {b"data"}


def test_the_provenance_survives_the_way_over_the_disk(tmp_path: Path) -> None:
    path = write_numbered(tmp_path, "cat", ".png", encode_png(gradient(), provenance=PROVENANCE))

    assert json.dumps(read_provenance(path), sort_keys=True) == json.dumps(PROVENANCE, sort_keys=True)
    np.testing.assert_array_equal(read_picture(path), gradient())
