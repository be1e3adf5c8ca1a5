"""A transaction is on the disk when it ends; what is damaged, full or taken is told in one sentence."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from ledger_steps import MANY, new_job, opened, submit
from sqlalchemy import text
from weft.errors import DiskFullError, FileUnwritableError
from weft.jobs.faults import DatabaseDamagedError, DatabaseTooNewError, DataFolderInUseError
from weft.jobs.ledger.database import FILE_NAME, Database
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import JobFilter


def _contents(folder: Path) -> bytes:
    return (folder / FILE_NAME).read_bytes()


def _set(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.execute(statement)
    connection.commit()
    connection.close()


def _submit_until_refused(ledger: Ledger) -> int:
    for taken in range(1000):
        try:
            submit(ledger, f"j{taken}", inputs={"prompt": "x" * 3000})
        except DiskFullError:
            return taken
    pytest.fail("it was never refused")


def test_the_database_keeps_what_was_written_even_without_power(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.write() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
        }
    with database.read() as connection:
        is_read_only = connection.exec_driver_sql("PRAGMA query_only").scalar()
    database.close()

    full = 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
        "query_only": 0,
    }
    assert is_read_only == 1


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    Database(tmp_path / "new" / "data").close()

    assert (tmp_path / "new" / "data").stat().st_mode & 0o077 == 0


def test_a_database_in_a_folder_that_was_there_is_for_its_owner_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    with opened(tmp_path) as ledger:
        submit(ledger, "j1")
        modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}

    assert modes[FILE_NAME] == modes[f"{FILE_NAME}-wal"] == 0


def test_an_exception_undoes_the_whole_transaction(tmp_path: Path) -> None:
    database = Database(tmp_path)

    def fail() -> None:
        with database.write() as connection:
            connection.execute(text("UPDATE facts SET value = 7 WHERE name = 'paused'"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        value = connection.scalar(text("SELECT value FROM facts WHERE name = 'paused'"))
    database.close()

    assert value == 0


def test_a_reader_sees_one_state_while_another_one_is_written(tmp_path: Path) -> None:
    database = Database(tmp_path)
    query = text("SELECT value FROM facts WHERE name = 'paused'")
    with database.read() as reader:
        first = reader.scalar(query)
        with database.write() as writer:
            writer.execute(text("UPDATE facts SET value = 1 WHERE name = 'paused'"))
        second = reader.scalar(query)
    with database.read() as reader:
        third = reader.scalar(query)
    database.close()

    assert (first, second, third) == (0, 0, 1)


def test_a_second_database_of_a_folder_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with pytest.raises(DataFolderInUseError) as caught:
        Database(tmp_path)
    database.close()

    assert str(os.getpid()) in caught.value.message
    Database(tmp_path).close()


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    with pytest.raises(DatabaseDamagedError) as caught:
        Ledger.open(tmp_path)

    assert FILE_NAME in caught.value.message
    assert _contents(tmp_path) == content


@pytest.mark.parametrize("offset", [0, 20, 100, 5000])
def test_a_damaged_database_is_told_and_kept_and_can_be_replaced(tmp_path: Path, offset: int) -> None:
    with opened(tmp_path) as ledger:
        ledger.submit([new_job(f"j{n}") for n in range(50)], most_queued=MANY)
    shutil.copytree(tmp_path, tmp_path / "backup")
    with (tmp_path / FILE_NAME).open("rb+") as file:
        file.seek(offset)
        file.write(b"\x9d" * 4096)
    damaged = _contents(tmp_path)

    with pytest.raises(DatabaseDamagedError):
        Ledger.open(tmp_path)

    assert _contents(tmp_path) == damaged
    shutil.copyfile(tmp_path / "backup" / FILE_NAME, tmp_path / FILE_NAME)
    with opened(tmp_path) as ledger:
        assert ledger.counts()["queued"] == 50


def test_a_database_cut_short_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        ledger.submit([new_job(f"j{n}") for n in range(200)], most_queued=MANY)
    os.truncate(tmp_path / FILE_NAME, 3 * 4096)

    with pytest.raises(DatabaseDamagedError):
        Ledger.open(tmp_path)


def test_a_database_of_something_else_is_told_and_kept(tmp_path: Path) -> None:
    _set(tmp_path, "CREATE TABLE recipes (name TEXT)")

    with pytest.raises(DatabaseDamagedError, match="not a database of weft"):
        Ledger.open(tmp_path)


def test_a_database_of_a_later_weft_is_told_and_kept(tmp_path: Path) -> None:
    Database(tmp_path).close()
    _set(tmp_path, "UPDATE facts SET value = 99 WHERE name = 'schema'")

    with pytest.raises(DatabaseTooNewError):
        Ledger.open(tmp_path)


def test_a_folder_is_free_again_after_opening_failed(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 100)
    for _ in range(2):
        with pytest.raises(DatabaseDamagedError):
            Database(tmp_path)
    (tmp_path / FILE_NAME).unlink()

    Database(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(FileUnwritableError):
        Database(tmp_path / "file" / "data")


def test_a_database_that_may_grow_no_more_refuses_and_goes_on_when_it_may(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        driver = ledger._database._writer.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        (pages,) = driver.execute("PRAGMA page_count").fetchone()
        driver.execute(f"PRAGMA max_page_count = {pages + 8}")
        taken = _submit_until_refused(ledger)

        assert taken > 0
        assert ledger.jobs(JobFilter()).total == ledger.counts()["queued"] == taken
        driver.execute("PRAGMA max_page_count = 1000000")
        submit(ledger, "last")
        assert ledger.counts()["queued"] == taken + 1
