"""A thumbnail is a small upright WebP picture that says nothing of where it comes from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from weft.errors import FileUnwritableError, PictureUnreadableError
from weft.pictures import encode_png, read_picture, read_provenance
from weft.workers.thumbnails import draw_thumbnail


def _png(path: Path, height: int, width: int, channels: int = 3) -> Path:
    pixels = np.full((height, width, channels), 200, dtype=np.uint8)
    path.write_bytes(encode_png(pixels, provenance={"weft": {"weft": 1}}))
    return path


@pytest.mark.parametrize("channels", [3, 4])
def test_a_thumbnail_keeps_the_proportions(channels: int, tmp_path: Path) -> None:
    source = _png(tmp_path / "a.png", 100, 400, channels)

    size = draw_thumbnail(source, tmp_path / "thumbs" / "a.webp", 64)

    found = read_picture(tmp_path / "thumbs" / "a.webp")
    assert size == (64, 16)
    assert found.shape == (16, 64, channels)
    assert abs(int(found[..., 0].mean()) - 200) < 4


def test_a_small_picture_is_not_blown_up(tmp_path: Path) -> None:
    assert draw_thumbnail(_png(tmp_path / "a.png", 5, 7), tmp_path / "a.webp", 64) == (7, 5)


def test_the_workflow_is_not_carried_over(tmp_path: Path) -> None:
    draw_thumbnail(_png(tmp_path / "a.png", 5, 7), tmp_path / "a.webp", 64)

    assert read_provenance(tmp_path / "a.webp") is None


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)

    assert draw_thumbnail(tmp_path / "a.jpg", tmp_path / "a.webp", 64) == (20, 40)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"GIF89a")

    with pytest.raises(PictureUnreadableError):
        draw_thumbnail(tmp_path / "a.png", tmp_path / "a.webp", 64)

    assert not (tmp_path / "a.webp").exists()


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    source = _png(tmp_path / "a.png", 5, 7)

    with pytest.raises(FileUnwritableError):
        draw_thumbnail(source, source / "a.webp", 64)
