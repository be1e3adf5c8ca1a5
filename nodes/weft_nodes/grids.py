"""Grids: what changes from picture to picture becomes rows, columns and pages of labelled sheets.

A list that is fed to any input makes one picture for each item, and several lists each with each. A cell
takes the picture and the very same lists: they advance together, so every picture knows its own values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

import torch
from weft.sdk import ColorPicker, Image, NodeError, Number, node, value

from weft_nodes.pixels.colors import color_of
from weft_nodes.pixels.conversion import with_alpha
from weft_nodes.pixels.sheets import Headings, SheetStyle, sheet_of, table_of

Label: TypeAlias = str | int | float | bool
"""A value that names a row, a column or a page."""


class GridError(NodeError):
    """Pictures cannot be laid out by their labels."""

    code: ClassVar[str] = "grid-impossible"


@value("cell", color="#7aa5e8")
@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A picture that knows its place in a grid.

    Attributes:
        image: The picture, or several that stand together.
        row: Label of its row.
        column: Label of its column.
        page: Label of its page.
    """

    image: Image
    row: str
    column: str
    page: str


@node("grid.cell", lane="inline", output="cell")
def label_cell(image: Image, row: Label = "", column: Label = "", *, page: Label = "") -> Cell:
    """Give a picture its place in a grid, by the values that it was made with.

    Connect the lists that the picture was made from: the steps to `row` and the prompts to `column`, for
    example. An axis that is left empty has one row, column or page without a label.

    Args:
        image: A picture; those of a batch stand together in one cell.
        row: What names its row: a text or a number.
        column: What names its column.
        page: What names its page.

    Returns:
        The picture with its place.
    """
    return Cell(image, _text(row), _text(column), _text(page))


@node("grid.sheet", output="pages")
def lay_out_grid(
    cells: list[Cell],
    row_name: str = "",
    column_name: str = "",
    *,
    page_name: str = "",
    gap: Annotated[int, Number(0, 256)] = 4,
    color: Annotated[str, ColorPicker()] = "#ffffff",
) -> list[Image]:
    """Lay pictures out in labelled rows and columns, one sheet for each page.

    Args:
        cells: Pictures with their places. Rows, columns and pages stand in the order in which their labels
            first come; a place without a picture stays empty.
        row_name: What rows are about, such as "steps"; it stands before each label.
        column_name: What columns are about.
        page_name: What pages are about.
        gap: Pixels between pictures and around them, 0..256.
        color: Colour of the sheet.

    Returns:
        One picture per page, all of one size but for their titles.

    Raises:
        GridError: There are no pictures, or two of them have one place.
        PictureTooLargeError: A sheet has more than 512 megapixels.
        ColorError: The colour is not written as #rrggbb.
    """
    if not cells:
        raise GridError("There are no pictures to lay out.", hint="Give at least one item to every list.")
    style = SheetStyle(columns=0, gap=gap, background=color_of(color))
    placed = _placed(cells, style)
    rows, columns, pages = (list(dict.fromkeys(place[axis] for place in placed)) for axis in range(3))
    cell_hw = (
        max(picture.shape[0] for picture in placed.values()),
        max(picture.shape[1] for picture in placed.values()),
    )
    headings = _named(row_name, rows), _named(column_name, columns)
    return [
        Image(
            table_of(
                {
                    (rows.index(row), columns.index(column)): picture
                    for (row, column, on), picture in placed.items()
                    if on == page
                },
                Headings(*headings, title=title),
                style,
                cell_hw=cell_hw,
            )
        )
        for page, title in zip(pages, _named(page_name, pages), strict=True)
    ]


def _placed(cells: Sequence[Cell], style: SheetStyle) -> dict[tuple[str, str, str], torch.Tensor]:
    """Find the picture of each place, all with one number of channels and on the CPU, where letters are."""
    has_alpha = any(cell.image.pixels_BHWC.shape[-1] == 4 for cell in cells)
    found: dict[tuple[str, str, str], torch.Tensor] = {}
    for cell in cells:
        pixels_BHWC = cell.image.pixels_BHWC.cpu()
        pictures_HWC = list(with_alpha(pixels_BHWC) if has_alpha else pixels_BHWC)
        place = (cell.row, cell.column, cell.page)
        if place in found:
            named = " / ".join(label for label in place if label) or "no label"
            raise GridError(
                f"Two pictures have one place in the grid: {named}.",
                hint="Connect every list that changes the pictures to row, column or page of grid.cell.",
            )
        alone = len(pictures_HWC) == 1
        found[place] = pictures_HWC[0] if alone else sheet_of(pictures_HWC, [], style)[0]
    return found


def _named(name: str, labels: Sequence[str]) -> list[str]:
    return [f"{name} {label}" if name and label else label for label in labels]


def _text(label: Label) -> str:
    if isinstance(label, bool):
        return "yes" if label else "no"
    # Even steps add up to numbers such as 0.30000000000000004.
    return f"{label:.6g}" if isinstance(label, float) else str(label)
