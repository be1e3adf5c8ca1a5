"""Small copies of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from weft.pictures import encode_webp, read_picture, write_atomically

QUALITY = 82


def draw_thumbnail(source: Path, target: Path, size: int) -> tuple[int, int]:
    """Write a small copy of a picture as WebP, upright and without what the picture says about itself.

    Args:
        source: A PNG, JPEG or WebP file.
        target: Where the copy is written; its folder is made where it is missing.
        size: Longest edge of the copy in pixels; a smaller picture keeps its size.

    Returns:
        Width and height of the copy.

    Raises:
        PictureUnreadableError: The picture is missing, damaged, too large, or of another format.
        FileError: The copy cannot be written.
    """
    image = Image.fromarray(read_picture(source, name=source.name))
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    write_atomically(target, encode_webp(np.asarray(image), quality=QUALITY))
    return image.size
