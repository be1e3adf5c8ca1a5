"""What can be read of the ledger without waiting for whoever writes: jobs, pages, batches and the log."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, select, union, union_all

from weft.errors import JSON
from weft.jobs.faults import BatchUnknownError, JobUnknownError
from weft.jobs.ledger.changes import LedgerPart
from weft.jobs.ledger.cursors import cursor_at, number_at
from weft.jobs.ledger.rows import JOB_COLUMNS, events_of, jobs_of
from weft.jobs.ledger.schema import assets, documents, events, facts, jobs, outputs
from weft.jobs.records import BatchView, Event, Job, JobFilter, JobState, Page

STATES: tuple[JobState, ...] = ("queued", "running", "succeeded", "failed", "cancelled")
"""All states, in the order of a job's life."""

# Statements that run for every job are built once: building costs more than running.
_JOB = select(*JOB_COLUMNS).where(jobs.c.id == bindparam("job_id"))
_DOCUMENT = select(documents.c.document).join(jobs).where(jobs.c.id == bindparam("job_id"))
_IN_ORDER = (jobs.c.priority.desc(), jobs.c.number)
_CANDIDATES = (
    select(*JOB_COLUMNS).where(jobs.c.state == "queued").order_by(*_IN_ORDER).limit(bindparam("most"))
)
_QUEUED = select(func.count()).select_from(jobs).where(jobs.c.state == "queued")
_AHEAD = select(
    _QUEUED.where(jobs.c.priority > bindparam("same")).scalar_subquery()
    + _QUEUED.where(
        jobs.c.priority == bindparam("same"), jobs.c.number < bindparam("first")
    ).scalar_subquery()
)
_BETWEEN = (
    select(jobs.c.number)
    .where(
        jobs.c.state == "queued",
        jobs.c.priority == bindparam("same"),
        jobs.c.number.between(bindparam("first"), bindparam("last")),
    )
    .order_by(jobs.c.number)
)


class History(LedgerPart):
    """The reading half of the ledger."""

    def job(self, job_id: str) -> Job:
        """Give a job.

        Args:
            job_id: Its id.

        Raises:
            JobUnknownError: There is no such job.
        """
        with self._database.read() as connection:
            return find_job(connection, job_id)

    def document(self, job_id: str) -> dict[str, JSON]:
        """Give what a job runs: the workflow with its inputs bound.

        Args:
            job_id: Its id.

        Raises:
            JobUnknownError: There is no such job.
        """
        with self._database.read() as connection:
            row = connection.execute(_DOCUMENT, {"job_id": job_id}).one_or_none()
        if row is None:
            raise JobUnknownError(job=job_id)
        document: dict[str, JSON] = row.document
        return document

    def candidates(self, limit: int) -> list[Job]:
        """Give the jobs that wait, in the order in which they should run.

        Args:
            limit: So many at most.
        """
        with self._database.read() as connection:
            return jobs_of(connection, connection.execute(_CANDIDATES, {"most": limit}).mappings().all())

    def positions(self, waiting: Iterable[Job]) -> dict[str, int]:
        """Say how many jobs would run before each of these that wait, by their ids.

        Args:
            waiting: The jobs; those in another state are let out.
        """
        queued = sorted((-job.priority, job.number, job.id) for job in waiting if job.state == "queued")
        positions: dict[str, int] = {}
        with self._database.read() as connection:
            # Counted once for each priority: all before the first job, then one by one up to the last.
            for lowered, group in itertools.groupby(queued, key=lambda place: place[0]):
                ids = {number: job_id for _, number, job_id in group}
                asked = {"same": -lowered, "first": min(ids), "last": max(ids)}
                ahead = connection.scalar(_AHEAD, asked) or 0
                for place, number in enumerate(connection.scalars(_BETWEEN, asked), ahead):
                    if number in ids:
                        positions[ids[number]] = place
        return positions

    def jobs(self, wanted: JobFilter, *, after: str | None = None, limit: int = 50) -> Page:
        """Give a page of jobs.

        Args:
            wanted: Which, and in which order.
            after: The cursor that the page before gave; None for the first page.
            limit: So many jobs at most.

        Raises:
            CursorInvalidError: No page gave that cursor.
        """
        order = jobs.c.number if wanted.is_oldest_first else jobs.c.number.desc()
        conditions = _conditions(wanted)
        behind = conditions
        if after is not None:
            place = number_at(after)
            behind = [*conditions, jobs.c.number > place if wanted.is_oldest_first else jobs.c.number < place]
        # Each state is looked up by itself, since the index then gives its jobs in order, without sorting.
        parts = [
            select(select(jobs.c.number).where(*behind, *of).order_by(order).limit(limit + 1).subquery())
            for of in [[jobs.c.state == state] for state in sorted(wanted.states)] or [[]]
        ]
        numbers = union_all(*parts).subquery().c.number
        query = select(*JOB_COLUMNS).where(jobs.c.number.in_(select(numbers))).order_by(order)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit + 1)).mappings().all()
            found = jobs_of(connection, rows[:limit])
            total = self._total(connection, wanted, conditions)
        following = cursor_at(found[-1].number) if len(rows) > limit and found else None
        return Page(tuple(found), following, total)

    def counts(self, owner: str | None = None) -> dict[JobState, int]:
        """Say how many jobs are in each state.

        Args:
            owner: Only those of this owner; None for all.
        """
        tally = self._tally
        return {
            state: sum(count for (o, s), count in tally.items() if s == state and owner in {None, o})
            for state in STATES
        }

    def batch(self, batch_id: str) -> BatchView:
        """Give a batch.

        Args:
            batch_id: Its id.

        Raises:
            BatchUnknownError: There is no such batch.
        """
        of_batch = and_(jobs.c.batch == batch_id, jobs.c.batch != "")
        first = select(jobs.c.owner, jobs.c.name, jobs.c.created_at).where(of_batch).order_by(jobs.c.number)
        states = select(jobs.c.state, func.count().label("size")).where(of_batch).group_by(jobs.c.state)
        with self._database.read() as connection:
            row = connection.execute(first.limit(1)).one_or_none()
            counts = {found.state: found.size for found in connection.execute(states)}
        if row is None:
            raise BatchUnknownError(batch=batch_id)
        return BatchView(
            id=batch_id,
            owner=row.owner,
            name=row.name,
            created_at=row.created_at,
            counts={state: counts.get(state, 0) for state in STATES},
        )

    def events_after(
        self, number: int, *, owner: str | None = None, job: str | None = None, limit: int = 500
    ) -> list[Event]:
        """Give the events behind a number, in order.

        Args:
            number: The number of the last event that is known; 0 for none.
            owner: Only what this owner may see; None for everything.
            job: Only what is about this job; None for everything.
            limit: So many at most.
        """
        query = select(events).where(events.c.number > number).order_by(events.c.number).limit(limit)
        if owner is not None:
            query = query.where(events.c.owner.in_(("", owner)))
        if job is not None:
            query = query.where(events.c.job == job)
        with self._database.read() as connection:
            return events_of(connection.execute(query).mappings())

    def last_number(self) -> int:
        """Give the number of the last event; 0 where there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(events.c.number))) or 0

    def blob_references(self) -> set[str]:
        """Give the digests of all blobs that something refers to."""
        made = select(outputs.c.digest).where(outputs.c.digest != "")
        with self._database.read() as connection:
            return set(connection.scalars(union(made, select(assets.c.digest))))

    @property
    def is_paused(self) -> bool:
        """Whether no job is to be started."""
        with self._database.read() as connection:
            return bool(connection.scalar(select(facts.c.value).where(facts.c.name == "paused")))

    def _total(self, connection: Connection, wanted: JobFilter, conditions: list[ColumnElement[bool]]) -> int:
        """Count the jobs of a list: without asking the database where only states and owner are asked for."""
        narrower = (wanted.name, wanted.batch, wanted.created_after, wanted.created_before)
        if narrower == (None, None, None, None):
            counts = self.counts(wanted.owner)
            return sum(counts[state] for state in wanted.states or STATES)
        query = select(func.count()).select_from(jobs).where(*conditions)
        if wanted.states:
            query = query.where(jobs.c.state.in_(sorted(wanted.states)))
        return connection.scalar(query) or 0


def find_job(connection: Connection, job_id: str) -> Job:
    """Give a job as a connection sees it.

    Args:
        connection: Any connection.
        job_id: Id of the job.

    Raises:
        JobUnknownError: There is no such job.
    """
    rows = connection.execute(_JOB, {"job_id": job_id}).mappings().all()
    if not rows:
        raise JobUnknownError(job=job_id)
    return jobs_of(connection, rows)[0]


def _conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        conditions.append(jobs.c.owner == wanted.owner)
    if wanted.name is not None:
        conditions.append(jobs.c.name == wanted.name)
    if wanted.batch is not None:
        conditions.append(jobs.c.batch == wanted.batch)
    if wanted.created_after is not None:
        conditions.append(jobs.c.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        conditions.append(jobs.c.created_at < wanted.created_before)
    return conditions
