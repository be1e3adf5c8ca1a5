"""Many pictures on one sheet, with a line of text under each, or with headings of rows and columns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from torch import Tensor

from weft_nodes.pixels.conversion import check_area

_LEAST_LETTER_HEIGHT = 12
# Letters of a fortieth of the width can be read where a sheet is shown as large as a screen.
_LETTERS_ACROSS = 40
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


@dataclass(frozen=True, slots=True)
class Headings:
    """What stands around a table of pictures; an axis whose labels are all empty has no headings.

    Attributes:
        rows: One label per row.
        columns: One label per column.
        title: A line above all; none where it is empty.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    title: str


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
    captions = [_caption(label, cell_width, style.background, cell_width) for label in labels]
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


def table_of(
    pictures_HWC: Mapping[tuple[int, int], Tensor],
    headings: Headings,
    style: SheetStyle,
    *,
    cell_hw: tuple[int, int],
) -> Tensor:
    """Lay pictures out as a table with headings, each in the middle of its cell.

    Args:
        pictures_HWC: One or more pictures with one number of channels by row and column, counted from 0; a
            place without a picture stays empty.
        headings: Labels of rows and columns, and a title.
        style: Gap and background; the columns are those of the headings.
        cell_hw: Height and width of a cell, at least those of the largest picture.

    Returns:
        One picture (1, height, width, C).

    Raises:
        PictureTooLargeError: The sheet has more than 512 megapixels.
    """
    height, width = cell_hw
    above = _captions(headings.columns, width, style.background, width)
    beside = _captions(headings.rows, _row_width(headings.rows, width), style.background, width)
    left = style.gap + (beside[0].shape[1] + style.gap if beside else 0)
    across, down = width + style.gap, height + style.gap
    full = len(headings.columns) * across
    title = _captions([headings.title], left + full - 2 * style.gap, style.background, width)
    head = style.gap + sum(strip.shape[0] for strip in title)
    top = head + max((caption.shape[0] for caption in above), default=0)
    size = (top + len(headings.rows) * down, left + full)
    sheet = _plain(size, style.background, next(iter(pictures_HWC.values())))
    for strip in title:
        _paste(sheet, strip, (style.gap, style.gap))
    for column, caption in enumerate(above):
        _paste(sheet, caption, (left + column * across, top - caption.shape[0]))
    for row, caption in enumerate(beside):
        # A label of more lines than fit beside its pictures is cut off.
        caption = caption[:height]  # noqa: PLW2901
        _paste(sheet, caption, (style.gap, top + row * down + (height - caption.shape[0]) // 2))
    for (row, column), picture in pictures_HWC.items():
        indent = (width - picture.shape[1]) // 2, (height - picture.shape[0]) // 2
        _paste(sheet, picture, (left + column * across + indent[0], top + row * down + indent[1]))
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


def _captions(labels: Sequence[str], width: int, background: Tensor, cell_width: int) -> list[Tensor]:
    """Draw the labels of one axis, all at the same width; nothing where all are empty."""
    return [_caption(label, width, background, cell_width) for label in labels] if any(labels) else []


def _row_width(labels: Sequence[str], cell_width: int) -> int:
    """As wide as the longest label, at most as wide as a picture."""
    font = _font(cell_width)
    return min(cell_width, 1 + math.ceil(max((font.getlength(label) for label in labels), default=0)))


def _letter_height(cell_width: int) -> int:
    return max(_LEAST_LETTER_HEIGHT, cell_width // _LETTERS_ACROSS)


def _font(cell_width: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_letter_height(cell_width))


def _caption(text: str, width: int, background: Tensor, cell_width: int) -> Tensor:
    """Draw a text, broken into lines no wider than its strip, in the colour that stands out most."""
    ink = (0, 0, 0) if float(background[:3].mean()) > 0.5 else (255, 255, 255)
    paper = tuple(round(255 * float(value)) for value in background[:3])
    font, line_height = _font(cell_width), _letter_height(cell_width) * 5 // 4
    lines = _broken(text, width, font)
    strip = Pillow.new("RGB", (width, line_height * max(1, len(lines)) + 2), paper)
    pen = ImageDraw.Draw(strip)
    for row, line in enumerate(lines):
        indent = max(0.0, (width - font.getlength(line)) / 2)
        pen.text((indent, row * line_height), line, font=font, fill=ink)
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
