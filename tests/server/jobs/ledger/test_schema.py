"""An old database comes to the present tables step by step, once, or stays as it was."""

from pathlib import Path

import pytest
from ledger_steps import opened, run
from sqlalchemy import Connection, create_engine, text
from weft.errors import JSON
from weft.jobs.faults import DatabaseDamagedError, DatabaseTooNewError
from weft.jobs.ledger.schema import MIGRATIONS, metadata, prepare
from weft.jobs.records import Outcome, Output

FILE = Path("weft.db")


def _add_colour(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE jobs ADD COLUMN colour TEXT"))


def _paint(connection: Connection) -> None:
    connection.execute(text("UPDATE jobs SET colour = 'red'"))


def _fail(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE jobs ADD COLUMN shape TEXT"))
    raise ZeroDivisionError


def _connect(folder: Path) -> Connection:
    return create_engine(f"sqlite:///{folder / FILE}").connect()


def _version(connection: Connection) -> int:
    found = connection.scalar(text("SELECT value FROM facts WHERE name = 'schema'"))
    assert isinstance(found, int)
    return found


def test_an_empty_database_gets_the_present_tables_at_once(tmp_path: Path) -> None:
    with _connect(tmp_path) as connection:
        prepare(connection, FILE, (_fail, _fail))

        assert _version(connection) == 3
        for table in metadata.sorted_tables:
            connection.execute(table.select())


def test_an_older_database_takes_the_steps_it_lacks_in_order_and_once(tmp_path: Path) -> None:
    with _connect(tmp_path) as connection:
        prepare(connection, FILE, ())
        prepare(connection, FILE, (_add_colour,))
        prepare(connection, FILE, (_add_colour, _paint))
        prepare(connection, FILE, (_add_colour, _paint))

        assert _version(connection) == 3
        assert connection.execute(text("SELECT colour FROM jobs")).all() == []


def test_a_present_database_is_left_as_it_is(tmp_path: Path) -> None:
    with _connect(tmp_path) as connection:
        prepare(connection, FILE)
        prepare(connection, FILE)

        assert _version(connection) == len(MIGRATIONS) + 1


def test_a_later_database_is_refused(tmp_path: Path) -> None:
    with _connect(tmp_path) as connection:
        prepare(connection, FILE, (_add_colour,))

        with pytest.raises(DatabaseTooNewError) as caught:
            prepare(connection, FILE, ())

    assert "version 2" in caught.value.message


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE recipes (name TEXT)", "CREATE TABLE facts (name, value)"]
)
def test_a_database_of_something_else_is_refused(tmp_path: Path, statement: str) -> None:
    with _connect(tmp_path) as connection:
        connection.execute(text(statement))

        with pytest.raises(DatabaseDamagedError):
            prepare(connection, FILE)


@pytest.mark.parametrize(
    "value", [1.0, -0.0, 2**64 - 1, 12345678901234567890123, "1e3", "", True, None, [1.0]]
)
def test_a_value_that_a_job_made_comes_back_digit_by_digit(tmp_path: Path, value: JSON) -> None:
    with opened(tmp_path / "data") as ledger:
        made = run(ledger, "one", Outcome("succeeded", (Output("value", 0, "float", value=value),)))

        assert repr(ledger.job("one").outputs[0].value) == repr(value)
        assert repr(made.outputs[0].value) == repr(value)
