"""The table of interactions promises nothing that no test shows."""

import re
from typing import NamedTuple

import pytest
from house.house import ROOT

TABLE = ROOT / "docs" / "interactions.md"


class Row(NamedTuple):
    """A row of the table."""

    number: str
    interaction: str
    first: str
    works: str
    shown_by: str

    @property
    def tests(self) -> list[str]:
        """The tests that it names, as `path::name`."""
        return re.findall(r"`([^`]+)`", self.shown_by)


def _rows() -> list[Row]:
    lines = [line for line in TABLE.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def test_every_interaction_has_its_row() -> None:
    assert [row.number for row in _rows()] == [str(number) for number in range(1, 63)]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.number)
def test_what_works_is_shown_by_a_test_that_exists(row: Row) -> None:
    assert re.fullmatch("yes|not yet|partly: .+", row.works)
    assert bool(row.tests) == (row.works != "not yet")
    for test in row.tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).is_file(), test
        declared = f'Deno.test("{name}"' if path.endswith(".js") else f"def {name}("
        assert declared in (ROOT / path).read_text(), test
