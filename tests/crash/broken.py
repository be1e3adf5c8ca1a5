"""Ledgers and blobs with one guard taken out, to show that the campaign finds what the guard prevents."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ledger_steps import Clock
from sqlalchemy import Connection, event
from weft.errors import DiskFullError
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.database import Database
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Job, NewEvent, Outcome


class UnfencedLedger(Ledger):
    """Takes the end of a job from whoever comes, also from a worker that was given up."""

    def finish(
        self, job_id: str, attempt: int, outcome: Outcome, *, before: Sequence[NewEvent] = ()
    ) -> Job | None:
        job = self.job(job_id)
        if job.state == "queued":
            self.claim(job_id, "anybody")
            attempt += 1
        return super().finish(job_id, max(attempt, job.attempt), outcome, before=before)


class PiecemealLedger(Ledger):
    """Brings each statement to the disk by itself instead of all statements of a change together."""

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], float] = Clock()) -> Ledger:  # noqa: B008
        database = Database(folder)

        @event.listens_for(database._writer, "before_cursor_execute")
        def _commit(connection: Connection, _cursor: object, statement: str, *_: Any) -> None:
            driver: Any = connection.connection.driver_connection
            if driver.in_transaction and not statement.startswith("BEGIN"):
                driver.execute("COMMIT")
                driver.execute("BEGIN IMMEDIATE")

        return cls(database, clock)


class HastyBlobs(Blobs):
    """Writes blobs under their names at once instead of renaming whole files."""

    @contextmanager
    def _written(self, digest: str, size: int) -> Iterator[BinaryIO]:
        place = self._place(digest)
        place.parent.mkdir(exist_ok=True)
        with place.open("wb") as file:
            yield file

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        with self._written(digest, len(data)) as file:
            for start in range(0, len(data), 500):
                file.write(data[start : start + 500])
                file.flush()
        return digest


class LitteringBlobs(Blobs):
    """Leaves what it could not write where it is."""

    @contextmanager
    def _written(self, digest: str, size: int) -> Iterator[BinaryIO]:
        try:
            with super()._written(digest, size) as file:
                yield file
        except DiskFullError:
            (self._incoming / digest).write_bytes(b"")
            raise
