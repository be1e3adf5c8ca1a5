"""Many pictures on one sheet, with a line of text under each."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from torch import Tensor

from weft_nodes.pixels.conversion import check_area

_LETTER_HEIGHT = 12
_LINE_HEIGHT = 15
_MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """How a sheet looks.

    Attributes:
        columns: Pictures in a row; 0 makes the sheet about square.
        gap: Pixels between pictures and around them.
        background: Background, 3 or 4 values 0..1.
    """

    columns: int
    gap: int
    background: Tensor


def sheet_of(pictures_HWC: list[Tensor], labels: list[str], style: SheetStyle) -> Tensor:
    """Lay pictures out in rows, each in the middle of a cell as large as the largest.

    Args:
        pictures_HWC: One or more pictures with one number of channels.
        labels: No text, or one per picture.
        style: Columns, gap and background.

    Returns:
        One picture (1, height, width, C).

    Raises:
        PictureTooLargeError: The sheet has more than 512 megapixels.
    """
    count = len(pictures_HWC)
    columns = min(count, style.columns or math.ceil(math.sqrt(count)))
    cell_height = max(picture.shape[0] for picture in pictures_HWC)
    cell_width = max(picture.shape[1] for picture in pictures_HWC)
    captions = [_caption(label, cell_width, style.background) for label in labels]
    caption_height = max((caption.shape[0] for caption in captions), default=0)
    # One step is a cell, its caption and the gap behind it.
    across, down = cell_width + style.gap, cell_height + caption_height + style.gap
    size = (style.gap + math.ceil(count / columns) * down, style.gap + columns * across)
    sheet = _plain(size, style.background, pictures_HWC[0])
    for index, picture in enumerate(pictures_HWC):
        top, left = style.gap + (index // columns) * down, style.gap + (index % columns) * across
        indent = (cell_width - picture.shape[1]) // 2, (cell_height - picture.shape[0]) // 2
        _paste(sheet, picture, (left + indent[0], top + indent[1]))
        if captions:
            _paste(sheet, captions[index], (left, top + cell_height))
    return sheet[None]


def _plain(size: tuple[int, int], background: Tensor, like_HWC: Tensor) -> Tensor:
    """Fill a sheet of (height, width) with its background, with the channels of the pictures."""
    height, width = size
    check_area(width, height)
    channels = like_HWC.shape[-1]
    opaque = torch.cat([background, torch.ones(1)])[:channels].to(like_HWC)
    return opaque.expand(height, width, channels).clone()


def _paste(sheet_HWC: Tensor, picture_HWC: Tensor, at: tuple[int, int]) -> None:
    """Put a picture on a sheet that was made for it; where it has no alpha channel, it is opaque."""
    left, top = at
    height, width, channels = picture_HWC.shape
    cell = sheet_HWC[top : top + height, left : left + width]
    cell[..., channels:] = 1
    cell[..., :channels] = picture_HWC.to(sheet_HWC)


def _caption(text: str, width: int, background: Tensor) -> Tensor:
    """Draw a text, broken into lines no wider than its picture, in the colour that stands out most."""
    ink = (0, 0, 0) if float(background[:3].mean()) > 0.5 else (255, 255, 255)
    paper = tuple(round(255 * float(value)) for value in background[:3])
    font = ImageFont.load_default(_LETTER_HEIGHT)
    lines = _broken(text, width, font)
    strip = Pillow.new("RGB", (width, _LINE_HEIGHT * max(1, len(lines)) + 2), paper)
    pen = ImageDraw.Draw(strip)
    for row, line in enumerate(lines):
        indent = max(0.0, (width - font.getlength(line)) / 2)
        pen.text((indent, row * _LINE_HEIGHT), line, font=font, fill=ink)
    return torch.from_numpy(np.array(strip, dtype=np.float32)).div(255)


def _broken(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """Break a text at spaces; what exceeds four lines is left out behind an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + "…"]
    return lines
