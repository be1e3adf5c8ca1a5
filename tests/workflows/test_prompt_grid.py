"""Prompt grid: one picture for each line, in order, on a labelled sheet."""

from workflow_runs import Desk, picture, pictures, ran, seen_in, shown, size, small

PROMPTS = "a red circle\n\n  a blue star  \na green square"


def test_there_is_one_picture_for_each_line(tiny: Desk) -> None:
    result = tiny.run("prompt-grid", **small({"prompts": PROMPTS}))

    assert len(pictures(result)) == 3
    width, height, count = size(picture(result, "sheet"))
    assert count == 1
    assert width == 2 * 128 + 3 * 4
    assert height > 2 * 128 + 3 * 4


def test_each_picture_equals_the_one_made_alone(tiny: Desk) -> None:
    together = pictures(tiny.run("prompt-grid", **small({"prompts": PROMPTS})))

    alone = picture(tiny.run("text-to-image", **small({"prompt": "a blue star", "seed": 7})))

    assert float((together[1].pixels_BHWC - alone.pixels_BHWC).abs().max()) < 1e-4


def test_another_number_of_columns_makes_only_the_sheet_again(tiny: Desk) -> None:
    tiny.run("prompt-grid", **small({"prompts": PROMPTS, "columns": 2}))

    result = tiny.run("prompt-grid", **small({"prompts": PROMPTS, "columns": 3}))

    assert ran(result) == {"grid"}
    assert size(picture(result, "sheet"))[0] == 3 * 128 + 4 * 4


def test_no_lines_give_a_clear_error(tiny: Desk) -> None:
    result = tiny.run_document(tiny.workflows.load("prompt-grid"), prompts="\n")

    assert result.state == "failed"
    assert [problem.code for problem in result.problems] == ["sheet-impossible"]


def test_the_pictures_show_their_lines(starter: Desk) -> None:
    result = starter.run("prompt-grid", steps=8)

    seen = [shown(seen_in(image)) for image in pictures(result)]
    asked = [("red", "circle"), ("blue", "star"), ("green", "triangle"), ("yellow", "square")]
    assert sum(objects == [wanted] for objects, wanted in zip(seen, asked, strict=True)) >= 3
