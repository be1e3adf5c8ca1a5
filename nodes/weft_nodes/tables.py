"""Tables: one run of what follows for each row of a CSV file, its columns in step."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from weft.sdk import FingerprintScope, NodeError, Run, Text, node, suggest, value

from weft_nodes.pixels.folders import contained, files_below

_MOST_BYTES = 16 * 2**20
_MOST_ROWS = 100_000
_SEPARATORS = ",;\t"


class TableError(NodeError):
    """A table cannot be read."""

    code: ClassVar[str] = "table-unreadable"


class TableMissingError(NodeError):
    """The input folder has no table of that name."""

    code: ClassVar[str] = "table-missing"


class ColumnMissingError(NodeError):
    """A table has no column of that name."""

    code: ClassVar[str] = "column-missing"

    def __init__(self, *, column: str, known: list[str]) -> None:
        super().__init__(
            f"The table has no column {column!r}.",
            hint=suggest(column, known) or f"Its columns are: {', '.join(known)}.",
        )


class CellError(NodeError):
    """A cell of a table is not the number that is asked for."""

    code: ClassVar[str] = "cell-no-number"

    def __init__(self, *, text: str, column: str, line: int, wanted: str) -> None:
        super().__init__(
            f"Line {line} of the table has {text!r} as {column}, which is not {wanted}.",
            hint="Correct the table, or read the column with another node of the area row.",
        )


@value("row", color="#c9a86a")
@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: Its line in the text of the table, from 1.
        cells: Texts by name of the column.
    """

    line: int
    cells: Mapping[str, str]


def _digest_of_table(run: FingerprintScope, file: str) -> str:
    """Tell tables apart by their content."""
    return run.file_digest(contained(run.paths.input_dir, file, called="input"))


@node("table.load", lane="io", output="rows", fingerprint=_digest_of_table)
def load_table(run: Run, file: Annotated[str, Text(placeholder="prompts.csv")]) -> list[Row]:
    """Load a CSV file from the input folder; what follows runs once for each of its rows.

    The nodes of the area row take values out of the rows: a prompt from one column, a seed from another.

    Args:
        run: The run this is part of.
        file: Name of a .csv or .tsv file in the input folder, in UTF-8. Its first line names the columns;
            commas, semicolons or tabs stand between cells.

    Returns:
        The rows in their order.

    Raises:
        TableMissingError: There is no such file.
        PathOutsideError: The name leads out of the input folder.
        TableError: The file is no table, or longer than 100,000 rows or 16 MiB.
    """
    path = contained(run.paths.input_dir, file, called="input")
    if not file or not path.is_file():
        known = ", ".join(files_below(run.paths.input_dir, (".csv", ".tsv"))) or "none yet"
        raise TableMissingError(
            f"There is no table {file!r} in {run.paths.input_dir}.",
            hint=f"Put the file there, or choose another one; known: {known}.",
        )
    return _rows_of(_text_of(path, file))


@node("table.read", lane="inline", output="rows")
def read_table(
    text: Annotated[str, Text(multiline=True, placeholder="prompt,seed\na red circle,1\na blue star,2")],
) -> list[Row]:
    """Read a table from a text; what follows runs once for each of its rows.

    Args:
        text: The first line names the columns; commas, semicolons or tabs stand between cells. A cell that
            holds such a sign stands in "quotation marks".

    Returns:
        The rows in their order.

    Raises:
        TableError: The text is no table, or longer than 100,000 rows.
    """
    return _rows_of(text)


@node("row.text", lane="inline", output="text")
def row_text(row: Row, column: str = "prompt") -> str:
    """Take a text out of a row of a table.

    Args:
        row: A row; with the rows of a table this runs once for each.
        column: Name of the column, in small or capital letters.

    Returns:
        The cell, without space around it; empty where the row has none.

    Raises:
        ColumnMissingError: The table has no such column.
    """
    return _cell(row, column)


@node("row.integer", lane="inline", output="value")
def row_integer(row: Row, column: str = "seed") -> int:
    """Take a whole number out of a row of a table, such as a seed.

    Args:
        row: A row; with the rows of a table this runs once for each.
        column: Name of the column, in small or capital letters.

    Returns:
        The number.

    Raises:
        ColumnMissingError: The table has no such column.
        CellError: The cell is no whole number.
    """
    text = _cell(row, column)
    try:
        return int(text)
    except ValueError:
        raise CellError(text=text, column=column, line=row.line, wanted="a whole number") from None


@node("row.number", lane="inline", output="value")
def row_number(row: Row, column: str = "strength") -> float:
    """Take a number out of a row of a table, such as a guidance scale.

    Args:
        row: A row; with the rows of a table this runs once for each.
        column: Name of the column, in small or capital letters.

    Returns:
        The number.

    Raises:
        ColumnMissingError: The table has no such column.
        CellError: The cell is no number.
    """
    text = _cell(row, column)
    try:
        number = float(text)
    except ValueError:
        raise CellError(text=text, column=column, line=row.line, wanted="a number") from None
    if number - number != 0:
        raise CellError(text=text, column=column, line=row.line, wanted="a finite number")
    return number


def _text_of(path: Path, name: str) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise TableError(f"{name} is larger than 16 MiB.", hint="Give the table in parts.")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{name} is not text in UTF-8.", hint="Save it as CSV in UTF-8.") from error


def _rows_of(text: str) -> list[Row]:
    header = text.lstrip().partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True
    )
    names: list[str] = []
    rows: list[Row] = []
    try:
        for entry in reader:
            cells = [cell.strip() for cell in entry]
            if not any(cells):
                continue
            if not names:
                names = _columns(cells)
                continue
            rows.append(_row(names, cells, reader.line_num))
    except csv.Error as error:
        raise TableError(
            f"Line {reader.line_num} of the table cannot be read: {error}.",
            hint="Look for a quotation mark that is not closed; inside quotation marks, write it twice.",
        ) from error
    if not rows:
        raise TableError(
            "The table has no rows.", hint="Name the columns in the first line, and write a row below it."
        )
    if len(rows) > _MOST_ROWS:
        raise TableError(f"The table has more than {_MOST_ROWS:,} rows.", hint="Give it in parts.")
    return rows


def _columns(cells: list[str]) -> list[str]:
    folded = [cell.casefold() for cell in cells]
    if "" in folded or len(set(folded)) < len(folded):
        raise TableError(
            f"The first line of the table does not name its columns: {', '.join(map(repr, cells))}.",
            hint="Give every column a name of its own in the first line.",
        )
    return cells


def _row(names: list[str], cells: list[str], line: int) -> Row:
    if len(cells) > len(names) and any(cells[len(names) :]):
        raise TableError(
            f"Line {line} of the table has {len(cells)} cells, but there are {len(names)} columns.",
            hint='Put a cell that holds a comma into "quotation marks".',
        )
    padded = cells + [""] * (len(names) - len(cells))
    return Row(line, dict(zip(names, padded, strict=False)))


def _cell(row: Row, column: str) -> str:
    found = {name.casefold(): text for name, text in row.cells.items()}
    wanted = column.strip().casefold()
    if wanted not in found:
        raise ColumnMissingError(column=column, known=list(row.cells))
    return found[wanted]
