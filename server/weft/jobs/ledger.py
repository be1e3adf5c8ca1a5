"""The ledger: every job from its submission to its end, so that nothing that was acknowledged is ever lost.

Each method is one transaction, and what it returns is on the disk. A job is given to a worker by `claim`,
which counts its attempts; the attempt is the fence that keeps a worker which was given up from ending a job
that was given to another one since. The events of a change are written in its transaction and told after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, select, update

from weft.errors import JSON
from weft.jobs.asset_table import AssetTable
from weft.jobs.changes import Change
from weft.jobs.database import Database
from weft.jobs.faults import (
    IdempotencyConflictError,
    JobExistsError,
    JobUnknownError,
    QueueFullError,
    WorkerDiedError,
)
from weft.jobs.history import History, find_job
from weft.jobs.records import MOST_DEATHS, Event, Job, NewEvent, NewJob, Outcome
from weft.jobs.retention import Retention
from weft.jobs.rows import JOB_COLUMNS, job_of, jobs_of, new_job, output_rows, row_of
from weft.jobs.schema import documents, facts, jobs, outputs
from weft.jobs.workflow_table import WorkflowTable


class Ledger(History, Retention, AssetTable, WorkflowTable):
    """The durable record of jobs, events, assets and saved workflows of one data folder.

    Any thread may call it; changes wait for each other, and reading waits for nobody.
    """

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], float] = time.time) -> Ledger:
        """Open the ledger of a data folder, making it where it is missing.

        Args:
            folder: The data folder.
            clock: Gives the Unix time.

        Raises:
            DataFolderInUseError: Another server uses the folder.
            DatabaseDamagedError: The database is damaged; it is left as it is.
            DatabaseTooNewError: A later weft wrote it.
            DiskFullError: There is no room.
            FileUnwritableError: The folder cannot be written.
        """
        database = Database(folder)
        try:
            return cls(database, clock)
        except BaseException:
            database.close()
            raise

    def submit(self, new: Sequence[NewJob], *, most_queued: int) -> tuple[list[Job], bool]:
        """Put jobs into the queue: all of them, or none.

        Args:
            new: The jobs; they share an idempotency key, or have none.
            most_queued: So many jobs may wait in all.

        Returns:
            The jobs, and whether they are new: the same id or idempotency key with the same request gives
            the jobs of the first time.

        Raises:
            IdempotencyConflictError: The key was used for another request.
            JobExistsError: An id belongs to another job.
            QueueFullError: There would be more than `most_queued`.
        """
        if not new:
            return [], False
        with self._changing() as change:
            known = _known(change.connection, new)
            if known:
                return known, False
            queued = self.counts()["queued"]
            if queued + len(new) > most_queued:
                raise QueueFullError(queued=queued, new=len(new), most=most_queued)
            rows = [row_of(job, place=place, now=change.now) for place, job in enumerate(new)]
            query = insert(jobs).returning(jobs.c.number, sort_by_parameter_order=True)
            numbers = change.connection.scalars(query, rows).all()
            carried = [
                {"job": number, "document": dict(job.document)}
                for number, job in zip(numbers, new, strict=True)
            ]
            change.connection.execute(insert(documents), carried)
            made = [new_job(job, number=n, now=change.now) for n, job in zip(numbers, new, strict=True)]
            return [change.moved(job, "") for job in made], True

    def claim(self, job_id: str, worker: str) -> Job | None:
        """Give a waiting job to a worker.

        Args:
            job_id: Id of the job.
            worker: Name of the worker.

        Returns:
            The job with its new attempt; None where it does not wait any more.
        """
        with self._changing() as change:
            begun = {
                "state": "running",
                "attempt": jobs.c.attempt + 1,
                "worker": worker,
                "started_at": change.now,
            }
            job = _moved(change, and_(jobs.c.id == job_id, jobs.c.state == "queued"), begun)
            if job is None:
                return None
            older = and_(
                jobs.c.state == "queued", jobs.c.priority == job.priority, jobs.c.number < job.number
            )
            change.connection.execute(update(jobs).where(older).values(passed_over=jobs.c.passed_over + 1))
            return change.moved(job, "queued")

    def finish(self, job_id: str, attempt: int, outcome: Outcome) -> Job | None:
        """End a job; the blobs that it made are in their store already.

        Args:
            job_id: Id of the job.
            attempt: The attempt that ended.
            outcome: How.

        Returns:
            The job; None where that attempt does not run any more, and then nothing was changed.
        """
        with self._changing() as change:
            ended = {
                **_end(change, outcome.state, outcome.problems),
                "seconds": outcome.seconds,
                "counts": dict(outcome.counts),
            }
            job = _moved(change, self._runs(job_id, attempt), ended)
            if job is None:
                return None
            if outcome.outputs:
                change.connection.execute(insert(outputs), output_rows(job.number, outcome.outputs))
                self._add_made(change, job, outcome.outputs)
            return change.moved(replace(job, outputs=tuple(outcome.outputs)), "running")

    def release(
        self, job_id: str, attempt: int, *, died: bool, reason: Mapping[str, JSON] | None = None
    ) -> Job | None:
        """Take a job from its worker, so that it waits again.

        A job that was to be cancelled is cancelled, and one that saw `MOST_DEATHS` deaths is failed.

        Args:
            job_id: Id of the job.
            attempt: The attempt that does not go on.
            died: Whether the worker died while it ran.
            reason: Why, as a problem; it is kept where the job is failed.

        Returns:
            The job; None where that attempt does not run any more, and then nothing was changed.
        """
        with self._changing() as change:
            runs = self._runs(job_id, attempt)
            rows = change.connection.execute(select(*JOB_COLUMNS).where(runs)).mappings().all()
            if not rows:
                return None
            return self._released(change, jobs_of(change.connection, rows)[0], died=died, reason=reason)

    def recover(self) -> list[Job]:
        """Take up what an earlier server left: all running jobs wait again, and no worker is blamed.

        Returns:
            The jobs that were running; those being cancelled are cancelled now.
        """
        with self._changing() as change:
            running = select(*JOB_COLUMNS).where(jobs.c.state == "running").order_by(jobs.c.number)
            rows = change.connection.execute(running).mappings().all()
            left = jobs_of(change.connection, rows)
            return [self._released(change, job, died=False, reason=None) for job in left]

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that waits; ask one that runs to stop; leave a final one as it is.

        Args:
            job_id: Id of the job.

        Returns:
            The job as it is now.

        Raises:
            JobUnknownError: There is no such job.
        """
        with self._changing() as change:
            job = find_job(change.connection, job_id)
            if job.state == "queued":
                return self._set(change, job, _end(change, "cancelled", ()))
            if job.state == "running" and not job.is_cancelling:
                return self._set(change, job, {"is_cancelling": True})
            return job

    def set_paused(self, paused: bool) -> None:
        """Stop or go on starting jobs; what runs goes on, and new jobs are taken.

        Args:
            paused: Whether no job is to be started.
        """
        with self._changing() as change:
            query = update(facts).where(facts.c.name == "paused", facts.c.value != int(paused))
            if change.connection.execute(query.values(value=int(paused))).rowcount:
                change.tell(NewEvent("queue", {"paused": paused}))

    def append(self, events: Sequence[NewEvent]) -> list[Event]:
        """Write events into the log.

        Args:
            events: What happened, in order.

        Returns:
            The events with their numbers.
        """
        with self._changing() as change:
            for event in events:
                change.tell(event)
        return change.told

    def _runs(self, job_id: str, attempt: int) -> ColumnElement[bool]:
        """Match the job only while that attempt runs: the fence."""
        return and_(jobs.c.id == job_id, jobs.c.state == "running", jobs.c.attempt == attempt)

    def _released(self, change: Change, job: Job, *, died: bool, reason: Mapping[str, JSON] | None) -> Job:
        deaths = job.deaths + int(died)
        if job.is_cancelling:
            return self._set(change, job, {"deaths": deaths, **_end(change, "cancelled", ())})
        if deaths >= MOST_DEATHS:
            told = [WorkerDiedError(times=deaths).problem().to_json(), *([dict(reason)] if reason else [])]
            return self._set(change, job, {"deaths": deaths, **_end(change, "failed", told)})
        return self._set(change, job, {"deaths": deaths, "state": "queued"})

    def _set(self, change: Change, job: Job, values: Mapping[str, object]) -> Job:
        now = _moved(change, jobs.c.number == job.number, values)
        if now is None:
            raise JobUnknownError(job=job.id)
        return change.moved(now, job.state)


def _moved(change: Change, condition: ColumnElement[bool], values: Mapping[str, object]) -> Job | None:
    """Change the one job that a condition matches, and give it as it is now; None where it matches none."""
    query = update(jobs).where(condition).values(**values).returning(*JOB_COLUMNS)
    row = change.connection.execute(query).mappings().one_or_none()
    return None if row is None else job_of(row)


def _end(change: Change, state: str, problems: Sequence[Mapping[str, JSON]]) -> dict[str, object]:
    """The values of a job that ends now."""
    return {
        "state": state,
        "finished_at": change.now,
        "is_cancelling": False,
        "problems": [dict(problem) for problem in problems],
    }


def _known(connection: Connection, new: Sequence[NewJob]) -> list[Job]:
    """Find the jobs of an equal submission; an empty list where this is the first."""
    first = new[0]
    if first.idempotency_key:
        same_key = and_(jobs.c.owner == first.owner, jobs.c.idempotency_key == first.idempotency_key)
        found = _submitted(connection, same_key)
        if found and found[0]["request_digest"] != first.request_digest:
            raise IdempotencyConflictError(key=first.idempotency_key)
        if found:
            return jobs_of(connection, found)
    requests = {job.id: (job.owner, job.request_digest) for job in new}
    found = _submitted(connection, jobs.c.id.in_(requests))
    other = [row["id"] for row in found if requests[row["id"]] != (row["owner"], row["request_digest"])]
    if other or len(requests) != len(new) or 0 < len(found) < len(new):
        raise JobExistsError(job=other[0] if other else first.id)
    return jobs_of(connection, found)


def _submitted(connection: Connection, condition: ColumnElement[bool]) -> Sequence[RowMapping]:
    query = select(*JOB_COLUMNS, jobs.c.request_digest).where(condition).order_by(jobs.c.number)
    return connection.execute(query).mappings().all()
