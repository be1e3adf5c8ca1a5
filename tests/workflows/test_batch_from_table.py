"""Batch from a table: one picture for each row, made as its columns say."""

from workflow_runs import Desk, picture, pictures, small

TABLE = "prompt;seed;guidance\na blue star;7;2\na red circle;8;2.0\n"


def test_there_is_one_picture_for_each_row_made_as_if_alone(tiny: Desk) -> None:
    made = pictures(tiny.run("batch-from-table", **small({"table": TABLE})))

    assert len(made) == 2
    alone = picture(tiny.run("text-to-image", **small({"prompt": "a blue star", "seed": 7})))
    assert float((made[0].pixels_BHWC - alone.pixels_BHWC).abs().max()) < 1e-4


def test_a_wrong_cell_is_one_clear_problem(tiny: Desk) -> None:
    document = tiny.workflows.load("batch-from-table")

    result = tiny.run_document(document, **small({"table": "prompt,seed,guidance\na star,x,2"}))

    assert result.state == "failed"
    assert "cell-no-number" in [problem.code for problem in result.problems]
