"""Tables are read as spreadsheets write them, and what is wrong with one is said with its line."""

from pathlib import Path

import pytest
from weft.engine.codec import decode, encode
from weft.sdk import FingerprintScope, LocalRun, NodeError, Paths
from weft_nodes.pixels.folders import PathOutsideError
from weft_nodes.tables import (
    CellError,
    ColumnMissingError,
    Row,
    TableError,
    TableMissingError,
    load_table,
    read_table,
    row_integer,
    row_number,
    row_text,
)

TEXT = 'Prompt, seed, strength\na red circle,1,0.5\n\n"a star, blue",2,1\n'


@pytest.fixture
def run(tmp_path: Path) -> LocalRun:
    """A run with a table in its input folder."""
    paths = Paths.below(tmp_path)
    (paths.input_dir / "lists").mkdir(parents=True)
    (paths.input_dir / "lists" / "prompts.csv").write_text("\ufeff" + TEXT, encoding="utf-8")
    return LocalRun(paths=paths)


def test_a_row_gives_texts_and_numbers_by_the_names_of_columns() -> None:
    first, second = read_table(TEXT)

    assert (row_text(first, "prompt"), row_integer(first, "Seed"), row_number(first, "strength")) == (
        "a red circle",
        1,
        0.5,
    )
    assert row_text(second, " PROMPT ") == "a star, blue"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_whatever_stands_between_its_cells(separator: str) -> None:
    (row,) = read_table(f"a{separator}b{separator}c\r\n1{separator}2,5{separator}\r\n".replace("2,5", "2"))

    assert dict(row.cells) == {"a": "1", "b": "2", "c": ""}


def test_a_file_is_read_as_its_text_is(run: LocalRun) -> None:
    assert load_table(run, "lists/prompts.csv") == read_table(TEXT)


def test_a_cell_of_several_lines_counts_as_one() -> None:
    (first, second) = read_table('a,b\n"one\ntwo",x\nthree,y')

    assert row_text(first, "a") == "one\ntwo"
    assert (first.line, second.line) == (3, 4)


def test_a_missing_file_names_those_that_are_there(run: LocalRun) -> None:
    with pytest.raises(TableMissingError) as error:
        load_table(run, "other.csv")

    assert "lists/prompts.csv" in error.value.hint
    with pytest.raises(TableMissingError):
        load_table(run, "")


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "lists/../../secret.csv"])
def test_no_table_lies_outside_the_input_folder(run: LocalRun, name: str) -> None:
    (run.paths.input_dir.parent / "secret.csv").write_text("a\n1")

    with pytest.raises(PathOutsideError):
        load_table(run, name)


def test_a_link_that_leads_out_is_refused(run: LocalRun) -> None:
    (run.paths.input_dir.parent / "secret.csv").write_text("a\n1")
    (run.paths.input_dir / "link.csv").symlink_to(run.paths.input_dir.parent / "secret.csv")

    with pytest.raises(PathOutsideError):
        load_table(run, "link.csv")


def test_a_table_is_known_by_its_content(run: LocalRun) -> None:
    fingerprint = load_table.__weft_node__.outside_state  # type: ignore[attr-defined]
    before = fingerprint(FingerprintScope(run.paths), {"file": "lists/prompts.csv"})
    (run.paths.input_dir / "lists" / "prompts.csv").write_text("prompt\nanother")

    after = fingerprint(FingerprintScope(run.paths), {"file": "lists/prompts.csv"})

    assert before != after
    assert fingerprint(FingerprintScope(run.paths), {"file": "none.csv"}) == "missing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("prompt,seed\n\n", "no rows"),
        ("a,a\n1,2", "does not name its columns"),
        ("a,,b\n1,2,3", "does not name its columns"),
        ("a,b\n1,2,3", "Line 2 of the table has 3 cells, but there are 2 columns"),
        ('a,b\n"1,2', "Line 2 of the table cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(TableError, match=message) as error:
        read_table(text)

    assert error.value.code == "table-unreadable"


def test_a_file_that_is_no_text_is_refused(run: LocalRun) -> None:
    (run.paths.input_dir / "sheet.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(TableError, match="UTF-8"):
        load_table(run, "sheet.csv")


def test_an_unknown_column_names_the_one_that_was_meant() -> None:
    (row,) = read_table("prompt,seed\nx,1")

    with pytest.raises(ColumnMissingError) as error:
        row_text(row, "promt")

    assert "prompt" in error.value.hint


@pytest.mark.parametrize("text", ["1.5", "", "one"])
def test_a_cell_that_is_no_whole_number_is_named_with_its_line(text: str) -> None:
    (row,) = read_table(f"seed,x\n{text},y")

    with pytest.raises(CellError, match="Line 2") as error:
        row_integer(row)

    assert isinstance(error.value, NodeError)


@pytest.mark.parametrize("text", ["nan", "inf", "half"])
def test_only_finite_numbers_are_numbers(text: str) -> None:
    (row,) = read_table(f"strength,x\n{text},y")

    with pytest.raises(CellError, match="number"):
        row_number(row)


def test_a_row_survives_the_cache() -> None:
    (row,) = read_table("a,b\n1,2")
    back = decode(encode(row))

    assert isinstance(back, Row)
    assert row_text(back, "b") == "2"
