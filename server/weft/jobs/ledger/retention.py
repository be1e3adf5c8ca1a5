"""How jobs leave the history: one that is deleted, or those too many or too old; never one that may run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, and_, delete, exists, select
from sqlalchemy.sql import Select

from weft.jobs.faults import JobUnfinishedError, JobUnknownError
from weft.jobs.ledger.changes import Change, LedgerPart
from weft.jobs.ledger.schema import assets, events, jobs, outputs
from weft.jobs.records import FINAL_STATES, NewEvent

MOST_AT_ONCE = 500
"""So many jobs leave in one transaction, so that whoever waits to write waits briefly."""

KEEP_COMMON_EVENTS_S = 7 * 86_400.0
"""So long stay events that are about no job; those of a job stay with it."""

_Leaving = tuple[int, str, str, str]


class Retention(LedgerPart):
    """What takes jobs out of the ledger."""

    def delete(self, job_id: str) -> None:
        """Take a final job out of the history, with its document, its events and what it made.

        Args:
            job_id: Id of the job.

        Raises:
            JobUnknownError: There is no such job.
            JobUnfinishedError: It waits or runs.
        """
        with self._changing() as change:
            found = change.connection.execute(_leaving().where(jobs.c.id == job_id)).all()
            if not found:
                raise JobUnknownError(job=job_id)
            if found[0].state not in FINAL_STATES:
                raise JobUnfinishedError(job=job_id, state=found[0].state)
            _forget(change, found)

    def retain(self, max_jobs: int, max_age_s: float, now: float) -> int:
        """Take those final jobs out of the history that are too many or too old.

        Args:
            max_jobs: So many final jobs stay, those that ended last.
            max_age_s: So long they stay after their end; 0 for ever.
            now: Unix time.

        Returns:
            How many left.
        """
        left = 0
        while True:
            with self._changing() as change:
                final = sum(count for (_, state), count in self._tally.items() if state in FINAL_STATES)
                found = _due(change, final - max_jobs, now - max_age_s if max_age_s > 0 else None)
                if found:
                    _forget(change, found)
                old = and_(events.c.job == "", events.c.at < now - KEEP_COMMON_EVENTS_S)
                change.connection.execute(delete(events).where(old))
            left += len(found)
            if len(found) < MOST_AT_ONCE:
                return left


def _leaving() -> Select[_Leaving]:
    return select(jobs.c.number, jobs.c.id, jobs.c.owner, jobs.c.state)


def _due(change: Change, excess: int, ended_before: float | None) -> Sequence[Row[_Leaving]]:
    """Give the jobs that leave next, those that ended first before others."""
    oldest = _leaving().where(jobs.c.finished_at.is_not(None)).order_by(jobs.c.finished_at, jobs.c.number)
    found = change.connection.execute(oldest.limit(min(max(excess, 0), MOST_AT_ONCE))).all()
    if ended_before is None or len(found) == MOST_AT_ONCE:
        return found
    old = change.connection.execute(oldest.where(jobs.c.finished_at < ended_before).limit(MOST_AT_ONCE)).all()
    # Both begin with the oldest, so the longer one contains the other.
    return max(found, old, key=len)


def _forget(change: Change, leaving: Sequence[Row[_Leaving]]) -> None:
    numbers = [row.number for row in leaving]
    connection = change.connection
    made = select(outputs.c.digest).where(outputs.c.job.in_(numbers))
    made_by_others = exists().where(
        outputs.c.digest == assets.c.digest,
        outputs.c.job == jobs.c.number,
        jobs.c.owner == assets.c.owner,
        jobs.c.number.not_in(numbers),
    )
    files = and_(assets.c.kind == "output", assets.c.digest.in_(made), ~made_by_others)
    connection.execute(delete(assets).where(files))
    connection.execute(delete(events).where(events.c.job.in_([row.id for row in leaving])))
    # Documents and outputs go with their jobs.
    connection.execute(delete(jobs).where(jobs.c.number.in_(numbers)))
    for row in leaving:
        change.left(row.owner, row.state)
        # Told to everyone who watches the owner's jobs, and kept among the common events.
        change.tell(NewEvent("job", {"id": row.id, "state": "deleted"}, owner=row.owner))
