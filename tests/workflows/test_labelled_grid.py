"""Labelled grid: prompts across, guidance scales down, and a sheet for each seed."""

from workflow_runs import Desk, pictures, ran, seen_in, shown, size, small

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


def test_the_pictures_show_their_columns(starter: Desk) -> None:
    result = starter.run("labelled-grid", scales="2", seeds="7", steps=12)

    found = result.outputs["images"]
    assert isinstance(found, list)
    seen = [shown(seen_in(image)) for columns in found for scales in columns for image in scales]
    assert seen == [[("red", "circle")], [("blue", "star")]]
