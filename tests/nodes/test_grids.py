"""Grids put every picture at the row, column and page that its own values name."""

import pytest
import torch
from weft.engine.codec import decode, digest, encode
from weft.sdk import Image
from weft_nodes.grids import Cell, GridError, label_cell, lay_out_grid


def plain(value: float, count: int = 1, channels: int = 3) -> Image:
    """Pictures of one grey."""
    return Image(torch.full((count, 16, 16, channels), value))


def holds(sheet: Image, value: float) -> bool:
    """Whether a grey fills a whole cell; letters do not."""
    return int(((sheet.pixels_BHWC[0, ..., 0] - value).abs() < 1e-6).sum()) >= 256


def where(sheet: Image, value: float) -> tuple[int, int]:
    """Upper left corner of a grey."""
    found = (sheet.pixels_BHWC[0, ..., 0] - value).abs() < 1e-6
    return int(found.any(1).nonzero()[0]), int(found.any(0).nonzero()[0])


def test_pictures_stand_where_their_labels_say_in_whatever_order_they_come() -> None:
    cells = [
        label_cell(plain(0.2), "low", "left"),
        label_cell(plain(0.8), "high", "right"),
        label_cell(plain(0.6), "high", "left"),
        label_cell(plain(0.4), "low", "right"),
    ]

    (sheet,) = lay_out_grid(cells)

    low_left, low_right, high_left, high_right = (where(sheet, grey) for grey in (0.2, 0.4, 0.6, 0.8))
    assert low_left[0] == low_right[0] < high_left[0] == high_right[0]
    assert low_left[1] == high_left[1] < low_right[1] == high_right[1]


def test_each_page_is_a_sheet_of_its_own() -> None:
    cells = [label_cell(plain(0.2), page=7), label_cell(plain(0.4), page=8), label_cell(plain(0.6), page=9)]

    pages = lay_out_grid(cells, page_name="seed")

    found = [[holds(page, grey) for grey in (0.2, 0.4, 0.6)] for page in pages]
    assert found == [[True, False, False], [False, True, False], [False, False, True]]


def test_an_axis_without_labels_has_no_headings() -> None:
    (bare,) = lay_out_grid([label_cell(plain(0.2))], gap=0)
    (headed,) = lay_out_grid([label_cell(plain(0.2), "a", "b", page="c")], gap=0)

    assert bare.pixels_BHWC.equal(plain(0.2).pixels_BHWC)
    assert headed.pixels_BHWC.shape[1] > 16 + 2 * 12
    assert headed.pixels_BHWC.shape[2] > 16


def test_a_place_without_a_picture_stays_empty() -> None:
    (sheet,) = lay_out_grid([label_cell(plain(0.2), "a", "a"), label_cell(plain(0.4), "b", "b")], gap=0)

    height, width = sheet.pixels_BHWC.shape[1:3]
    right_of_first = sheet.pixels_BHWC[0, height - 32 : height - 16, width - 16 :]
    assert right_of_first.eq(1).all()


def test_pictures_of_a_batch_stand_together_in_their_cell() -> None:
    batch = Image(torch.cat([plain(0.2).pixels_BHWC, plain(0.4).pixels_BHWC]))

    (sheet,) = lay_out_grid([label_cell(batch)], gap=0)

    assert sheet.pixels_BHWC.shape == (1, 16, 32, 3)


def test_numbers_and_switches_are_written_as_people_do() -> None:
    cell = label_cell(plain(0.2), 7, 0.1 + 0.2, page=True)

    assert (cell.row, cell.column, cell.page) == ("7", "0.3", "yes")


def test_two_pictures_for_one_place_and_no_pictures_are_refused() -> None:
    with pytest.raises(GridError, match="one place in the grid: a / b"):
        lay_out_grid([label_cell(plain(0.2), "a", "b"), label_cell(plain(0.4), "a", "b")])
    with pytest.raises(GridError) as error:
        lay_out_grid([])
    assert error.value.code == "grid-impossible"


def test_one_transparent_picture_makes_a_sheet_with_transparency() -> None:
    (sheet,) = lay_out_grid([label_cell(plain(0.2, channels=4), "a"), label_cell(plain(0.4), "b")])

    assert sheet.pixels_BHWC.shape[-1] == 4


def test_a_cell_survives_the_cache() -> None:
    cell = label_cell(plain(0.2, count=2), "a", 3)

    back = decode(encode(cell))

    assert isinstance(back, Cell)
    assert digest(back) == digest(cell)
