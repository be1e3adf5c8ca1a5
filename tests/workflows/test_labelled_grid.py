"""Labelled grid: prompts across, guidance scales down, and a sheet for each seed."""

from weft.errors import JSON
from workflow_runs import Desk, picture, pictures, ran, size, small

GRID = {"prompts": "a red circle\na blue star", "scales": "1..3:2", "seeds": "7, 9"}


def test_there_is_a_sheet_for_each_seed_with_every_picture(tiny: Desk) -> None:
    result = tiny.run("labelled-grid", **small(GRID))

    sheets = pictures(result, "sheets")
    assert len(sheets) == 2
    for sheet in sheets:
        width, height, _ = size(sheet)
        assert width > 2 * 128 + 3 * 4 + 20
        assert height > 2 * 128 + 3 * 4 + 20


def test_other_names_make_only_the_sheets_again(tiny: Desk) -> None:
    document = tiny.workflows.load("labelled-grid")
    tiny.run_document(document, **small(GRID))

    result = tiny.run("labelled-grid", **small({**GRID, "seeds": "9, 7"}))

    assert not {"sample", "decode"} & ran(result)


def test_a_picture_stands_where_its_own_values_say(tiny: Desk) -> None:
    last = pictures(tiny.run("labelled-grid", **small(GRID)), "sheets")[-1].pixels_BHWC

    values: dict[str, JSON] = {"prompt": "a blue star", "guidance_scale": 3.0, "seed": 9}
    alone = picture(tiny.run("text-to-image", **small(values))).pixels_BHWC

    # The last column, row and page, with a gap of four pixels behind it.
    assert float((last[:, -132:-4, -132:-4] - alone).abs().max()) < 1e-4
