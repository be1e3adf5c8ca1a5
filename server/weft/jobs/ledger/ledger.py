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

from sqlalchemy import Connection, Executable, and_, bindparam, func, insert, or_, select, update

from weft.errors import JSON
from weft.jobs.faults import (
    IdempotencyConflictError,
    JobExistsError,
    JobUnknownError,
    QueueFullError,
    WorkerDiedError,
)
from weft.jobs.ledger.asset_table import AssetTable
from weft.jobs.ledger.changes import Change
from weft.jobs.ledger.database import Database
from weft.jobs.ledger.history import History, find_job
from weft.jobs.ledger.retention import Retention
from weft.jobs.ledger.rows import JOB_COLUMNS, job_of, jobs_of, new_job, output_rows, row_of
from weft.jobs.ledger.schema import documents, facts, jobs, outputs
from weft.jobs.ledger.workflow_table import WorkflowTable
from weft.jobs.records import MOST_DEATHS, MOST_PRIORITY, Event, Job, NewEvent, NewJob, Outcome

# Statements that run for every job are built once: building costs more than running.
_SUBMITTED = (
    select(jobs.c.number, jobs.c.id, jobs.c.owner, jobs.c.idempotency_key, jobs.c.request_digest)
    .where(
        or_(
            and_(jobs.c.owner == bindparam("owner"), jobs.c.idempotency_key == bindparam("key")),
            jobs.c.id.in_(bindparam("ids", expanding=True)),
        )
    )
    .order_by(jobs.c.number)
)
_ADD_JOBS = insert(jobs).returning(jobs.c.number, sort_by_parameter_order=True)
_ADD_DOCUMENTS = insert(documents)
_ADD_OUTPUTS = insert(outputs)
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == bindparam("claimed"), jobs.c.state == "queued")
    .values(
        state="running",
        attempt=jobs.c.attempt + 1,
        worker=bindparam("by"),
        started_at=bindparam("now"),
    )
    .returning(*JOB_COLUMNS)
)
_PASS_OVER = (
    update(jobs)
    .where(
        jobs.c.state == "queued", jobs.c.priority == bindparam("same"), jobs.c.number < bindparam("younger")
    )
    .values(passed_over=jobs.c.passed_over + 1)
)
# The fence stands in its condition: no other attempt than the one that runs can end a job.
_FINISH = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("finished"),
        jobs.c.state == "running",
        jobs.c.attempt == bindparam("fence"),
    )
    .values(
        state=bindparam("final"),
        finished_at=bindparam("now"),
        is_cancelling=False,
        problems=bindparam("told"),
        seconds=bindparam("took"),
        counts=bindparam("counted"),
    )
    .returning(*JOB_COLUMNS)
)


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
            numbers = change.connection.scalars(_ADD_JOBS, rows).all()
            carried = [
                {"job": number, "document": dict(job.document)}
                for number, job in zip(numbers, new, strict=True)
            ]
            change.connection.execute(_ADD_DOCUMENTS, carried)
            made = [new_job(job, number=n, now=change.now) for n, job in zip(numbers, new, strict=True)]
            return [change.moved(job, "") for job in made], True

    def known(self, new: NewJob) -> list[Job]:
        """Find the jobs of an equal submission before any work is put into it.

        Args:
            new: A job as `submit` would be given it, but for its document.

        Returns:
            The jobs of the first time, a whole batch of them where it was one; an empty list where there
            was none.

        Raises:
            IdempotencyConflictError: The key was used for another request.
            JobExistsError: The id belongs to another job.
        """
        with self._database.read() as connection:
            return _known(connection, [new])

    def claim(self, job_id: str, worker: str) -> Job | None:
        """Give a waiting job to a worker.

        Args:
            job_id: Id of the job.
            worker: Name of the worker.

        Returns:
            The job with its new attempt; None where it does not wait any more.
        """
        with self._changing() as change:
            job = _only(change, _CLAIM, {"claimed": job_id, "by": worker, "now": change.now})
            if job is None:
                return None
            change.connection.execute(_PASS_OVER, {"same": job.priority, "younger": job.number})
            return change.moved(job, "queued")

    def finish(
        self, job_id: str, attempt: int, outcome: Outcome, *, before: Sequence[NewEvent] = ()
    ) -> Job | None:
        """End a job; the blobs that it made are in their store already.

        Args:
            job_id: Id of the job.
            attempt: The attempt that ended.
            outcome: How.
            before: What else is to be told, before the end; it is written in any case.

        Returns:
            The job; None where that attempt does not run any more, and then the job was not changed.
        """
        with self._changing() as change:
            for event in before:
                change.tell(event)
            ended = {
                "finished": job_id,
                "fence": attempt,
                "final": outcome.state,
                "now": change.now,
                "told": [dict(problem) for problem in outcome.problems],
                "took": outcome.seconds,
                "counted": dict(outcome.counts),
            }
            job = _only(change, _FINISH, ended)
            if job is None:
                return None
            if outcome.outputs:
                change.connection.execute(_ADD_OUTPUTS, output_rows(job.number, outcome.outputs))
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
            runs = and_(jobs.c.id == job_id, jobs.c.state == "running", jobs.c.attempt == attempt)
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

    def put_first(self, job_id: str) -> Job:
        """Give a job that waits the priority with which it is the next to run; leave any other one as it is.

        Args:
            job_id: Id of the job.

        Returns:
            The job as it is now. Where another one waits with the highest priority there is and is older, it
            still comes first.

        Raises:
            JobUnknownError: There is no such job.
        """
        with self._changing() as change:
            job = find_job(change.connection, job_id)
            others = and_(jobs.c.state == "queued", jobs.c.number != job.number)
            most = change.connection.scalar(select(func.max(jobs.c.priority)).where(others))
            priority = job.priority if most is None else min(MOST_PRIORITY, most + 1)
            if job.state != "queued" or priority <= job.priority:
                return job
            return self._set(change, job, {"priority": priority})

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

    def _released(self, change: Change, job: Job, *, died: bool, reason: Mapping[str, JSON] | None) -> Job:
        deaths = job.deaths + int(died)
        if job.is_cancelling:
            return self._set(change, job, {"deaths": deaths, **_end(change, "cancelled", ())})
        if deaths >= MOST_DEATHS:
            told = [WorkerDiedError(times=deaths).problem().to_json(), *([dict(reason)] if reason else [])]
            return self._set(change, job, {"deaths": deaths, **_end(change, "failed", told)})
        return self._set(change, job, {"deaths": deaths, "state": "queued"})

    def _set(self, change: Change, job: Job, values: Mapping[str, object]) -> Job:
        query = update(jobs).where(jobs.c.number == job.number).values(**values).returning(*JOB_COLUMNS)
        now = _only(change, query, {})
        if now is None:
            raise JobUnknownError(job=job.id)
        return change.moved(now, job.state)


def _only(change: Change, query: Executable, values: Mapping[str, object]) -> Job | None:
    """Change the one job that a statement is about, and give it as it is now; None where it matches none."""
    row = change.connection.execute(query, dict(values)).mappings().one_or_none()
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
    key = first.idempotency_key or None
    requests = {job.id: (job.owner, job.request_digest) for job in new}
    asked = {"owner": first.owner, "key": key, "ids": list(requests)}
    found = connection.execute(_SUBMITTED, asked).all()
    same_key = [row for row in found if key and (row.owner, row.idempotency_key) == (first.owner, key)]
    if same_key and same_key[0].request_digest != first.request_digest:
        raise IdempotencyConflictError(key=first.idempotency_key)
    if not same_key:
        other = [row.id for row in found if requests[row.id] != (row.owner, row.request_digest)]
        if other or len(requests) != len(new) or 0 < len(found) < len(new):
            raise JobExistsError(job=other[0] if other else first.id)
    numbers = [row.number for row in same_key or found]
    if not numbers:
        return []
    query = select(*JOB_COLUMNS).where(jobs.c.number.in_(numbers)).order_by(jobs.c.number)
    return jobs_of(connection, connection.execute(query).mappings().all())
