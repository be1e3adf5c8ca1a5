"""The database of a data folder: one connection that writes, others that read meanwhile.

Everything is written in transactions that are on the disk when they end (write-ahead log, synchronous FULL).
The writer waits for the disk; readers wait for nobody, since they see the state before the transaction under
way.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from weft.errors import DiskFullError, FileUnwritableError, WeftError
from weft.jobs.faults import DatabaseDamagedError
from weft.jobs.ledger.folder_lock import FolderLock
from weft.jobs.ledger.schema import prepare
from weft.jobs.records import DATABASE_NAME

FILE_NAME = DATABASE_NAME
BUSY_TIMEOUT_MS = 10_000
READERS = 4
ROOM_BYTES = 2**20
"""With less room than this a failed write is blamed on the disk being full, and this much is asked for."""

# Left behind by a checkpoint, so that one large transaction does not keep its room for ever.
_MOST_LOG_BYTES = 64 * 2**20


class Database:
    """The database of a data folder, which no other server may use meanwhile.

    Args:
        folder: The data folder; made where it is missing.

    Raises:
        DataFolderInUseError: Another server uses the folder.
        DatabaseDamagedError: The file is damaged or no database; it is left as it is.
        DatabaseTooNewError: A later weft wrote it.
        DiskFullError: There is no room.
        FileUnwritableError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        with ExitStack() as opened:
            with _making(folder):
                lock = FolderLock(folder)
                # For its owner alone, also in a folder that others read; the files beside it take after it.
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            opened.callback(lock.release)
            self._reading = _engine(self.path, is_writer=False)
            opened.callback(self._reading.dispose)
            writing = _engine(self.path, is_writer=True)
            opened.callback(writing.dispose)
            with self._told():
                self._writer = writing.connect()
            opened.callback(self._writer.close)
            with self.write() as connection:
                prepare(connection, self.path)
            self._closing = opened.pop_all()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the connection that writes, within a transaction that is on the disk when the block ends.

        One thread at a time. An exception undoes everything.

        Raises:
            DiskFullError: There is no room; nothing was written.
            FileUnwritableError: The disk failed; nothing was written.
            DatabaseDamagedError: The file is damaged.
        """
        with self._told(), self._writer.begin():
            yield self._writer

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database; any number of threads at once.

        Raises:
            DatabaseDamagedError: The file is damaged.
        """
        with self._told(), self._reading.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections and let others have the folder."""
        self._closing.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            # What a connection says while it is being set up comes as the driver raised it.
            fault = self._fault(error.orig if isinstance(error, DBAPIError) else error)
            if fault is None:
                raise
            raise fault from error

    def _fault(self, error: BaseException | None) -> WeftError | None:
        """Say in our words what the database says; None where it is a mistake of ours."""
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return DatabaseDamagedError(path=str(self.path), fault=str(error))
        if kind == sqlite3.SQLITE_FULL or (kind == sqlite3.SQLITE_IOERR and self._is_room_short()):
            return DiskFullError(path=str(self.path), needed_bytes=ROOM_BYTES)
        if kind in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
            return FileUnwritableError(path=str(self.path), reason=str(error))
        return None

    def _is_room_short(self) -> bool:
        return shutil.disk_usage(self.path.parent).free < ROOM_BYTES


@contextmanager
def _making(folder: Path) -> Iterator[None]:
    """Make a folder, and say in our words why nothing can be made there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise FileUnwritableError(path=str(folder), reason=error.strerror or str(error)) from error


def _engine(path: Path, *, is_writer: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        pool_size=1 if is_writer else READERS,
        max_overflow=0,
        # What people wrote into their workflows does not belong into logs.
        hide_parameters=True,
    )
    role = "query_only = OFF" if is_writer else "query_only = ON"
    pragmas = (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"journal_size_limit = {_MOST_LOG_BYTES}",
        role,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below, at the right moment, and not by the driver when it sees fit.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    return engine
