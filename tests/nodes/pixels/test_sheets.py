"""Sheets put every picture in its cell and write under it what it is."""

import pytest
import torch
from weft_nodes.pixels.errors import PictureTooLargeError
from weft_nodes.pixels.sheets import Headings, SheetStyle, sheet_of, table_of

WHITE = torch.ones(3)


def plain(value: float, height: int = 8, width: int = 8, channels: int = 3) -> torch.Tensor:
    """One picture of one grey."""
    return torch.full((height, width, channels), value)


def test_pictures_stand_in_rows_from_the_upper_left() -> None:
    sheet = sheet_of([plain(0.1), plain(0.2), plain(0.3)], [], SheetStyle(2, 2, WHITE))

    assert sheet.shape == (1, 22, 22, 3)
    assert sheet[0, 2:10, 2:10].eq(0.1).all()
    assert sheet[0, 2:10, 12:20].eq(0.2).all()
    assert sheet[0, 12:20, 2:10].eq(0.3).all()
    assert sheet[0, 12:20, 12:20].eq(1).all()


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (5, 3, 2), (9, 3, 3)])
def test_without_a_wish_the_sheet_is_about_square(count: int, columns: int, rows: int) -> None:
    sheet = sheet_of([plain(0.5)] * count, [], SheetStyle(0, 0, WHITE))

    assert sheet.shape == (1, 8 * rows, 8 * columns, 3)


def test_there_are_no_more_columns_than_pictures() -> None:
    assert sheet_of([plain(0.5)] * 2, [], SheetStyle(10, 0, WHITE)).shape == (1, 8, 16, 3)


def test_a_smaller_picture_lies_in_the_middle_of_its_cell() -> None:
    sheet = sheet_of([plain(0.1), plain(0.2, height=4, width=2)], [], SheetStyle(2, 0, WHITE))

    assert sheet[0, 2:6, 11:13].eq(0.2).all()
    assert int(sheet[0, :, 8:, 0].eq(1).sum()) == 8 * 8 - 4 * 2


@pytest.mark.parametrize("background", [0.0, 1.0])
def test_labels_stand_under_their_pictures_in_the_colour_that_stands_out(background: float) -> None:
    sheet = sheet_of([plain(0.5, 32, 64)], ["a red circle"], SheetStyle(1, 0, torch.full((3,), background)))

    strip = sheet[0, 32:]
    assert strip.shape[0] > 10
    assert float((strip - background).abs().max()) > 0.5
    assert sheet[0, :32].eq(0.5).all()


def test_a_long_label_is_broken_into_lines_and_ends_in_an_ellipsis() -> None:
    short = sheet_of([plain(0.5, 32, 64)], ["circle"], SheetStyle(1, 0, WHITE))
    long = sheet_of([plain(0.5, 32, 64)], ["a very long label " * 20], SheetStyle(1, 0, WHITE))

    assert short.shape[1] < long.shape[1] < 32 + 5 * 16


def test_pictures_with_an_alpha_channel_give_a_sheet_with_one() -> None:
    sheet = sheet_of([plain(0.0, channels=4)], ["x"], SheetStyle(1, 2, torch.tensor([1.0, 1.0, 1.0, 0.0])))

    assert sheet.shape[-1] == 4
    assert sheet[0, 0, :, 3].eq(0).all()
    assert sheet[0, 2:10, 2:10].eq(0).all()
    assert sheet[0, 12, 4, 3] == 1


def test_a_sheet_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PictureTooLargeError):
        sheet_of([plain(0.5).expand(8, 8, 3)] * 4, [], SheetStyle(1, 500_000_000, WHITE))


@pytest.mark.parametrize("gap", [0, 1, 7])
@pytest.mark.parametrize("count", [1, 4, 6])
def test_gaps_stand_around_and_between_all_pictures(count: int, gap: int) -> None:
    sheet = sheet_of([plain(0.25)] * count, [], SheetStyle(2, gap, WHITE))

    columns, rows = min(2, count), -(-count // 2)
    assert sheet.shape[1:3] == (rows * 8 + (rows + 1) * gap, columns * 8 + (columns + 1) * gap)
    assert int(sheet[0, :, :, 0].eq(0.25).sum()) == count * 64


def test_a_sheet_leaves_its_pictures_as_they_were() -> None:
    picture = plain(0.25)

    sheet = sheet_of([picture], ["label"], SheetStyle(1, 2, WHITE))
    sheet.zero_()

    assert picture.eq(0.25).all()


def test_a_table_leaves_room_for_headings_alone() -> None:
    pictures = {(0, 0): plain(0.1), (0, 1): plain(0.2), (1, 0): plain(0.3)}

    bare = table_of(pictures, Headings(["", ""], ["", ""], ""), SheetStyle(0, 2, WHITE), cell_hw=(8, 8))

    assert bare.shape == (1, 22, 22, 3)
    assert bare[0, 2:10, 12:20].eq(0.2).all()
    assert bare[0, 12:20, 2:10].eq(0.3).all()
    assert bare[0, 12:20, 12:20].eq(1).all()


def test_headings_stand_above_and_to_the_left() -> None:
    picture = {(0, 0): plain(0.5, 32, 64)}

    sheet = table_of(
        picture, Headings(["row"], ["column"], "title"), SheetStyle(0, 2, WHITE), cell_hw=(32, 64)
    )

    inked = sheet[0, ..., 0] < 0.4
    height, width = inked.shape
    assert inked[: height - 34, width - 66 :].any()
    assert inked[height - 34 :, : width - 66].any()
    assert not inked[height - 34 :, width - 66 :].any()


def test_letters_grow_with_large_pictures() -> None:
    small, large = (
        sheet_of([plain(0.5, 8, width)], ["circle"], SheetStyle(1, 0, WHITE)) for width in (400, 1024)
    )

    assert large.shape[1] > small.shape[1]
