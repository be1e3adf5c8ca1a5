"""What every change of the ledger has in common: one transaction, its events within it, telling them after.

A change is made by a thread that holds the ledger's lock, and its events are told before the lock is let go;
so they are told in the order of their numbers, whichever threads they come from.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from weft.jobs.ledger.database import Database
from weft.jobs.ledger.rows import insert_events, job_event
from weft.jobs.ledger.schema import jobs
from weft.jobs.records import Event, Job, NewEvent


class Change:
    """One transaction under way.

    Attributes:
        events: What is to be written into the log at its end.
        told: The same with their numbers, once they are written.

    Args:
        connection: The connection that writes.
        now: Unix time of the change.
    """

    def __init__(self, connection: Connection, now: float) -> None:
        self.connection = connection
        self.now = now
        self.events: list[NewEvent] = []
        self.told: list[Event] = []
        self.tally: Counter[tuple[str, str]] = Counter()

    def tell(self, event: NewEvent) -> None:
        """Write an event with this change."""
        self.events.append(event)

    def moved(self, job: Job, before: str) -> Job:
        """Note that a job has come from one state to the one it is in, and tell it.

        Args:
            job: As it is now.
            before: The state it was in; empty where it is new.
        """
        self.tally[job.owner, job.state] += 1
        if before:
            self.tally[job.owner, before] -= 1
        self.tell(job_event(job))
        return job

    def left(self, owner: str, state: str) -> None:
        """Note that a job is gone."""
        self.tally[owner, state] -= 1


class LedgerPart:
    """What each part of the ledger stands on.

    Attributes:
        on_events: Called with the events of each change, in order, after it is on the disk. It is called on
            the thread that made the change and must not wait.

    Args:
        database: The open database.
        clock: Gives the Unix time.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.on_events: Callable[[list[Event]], None] = _tell_nobody
        self._database = database
        self._clock = clock
        self._changes = threading.RLock()
        # How many jobs of each owner are in each state. Replaced as a whole, so that readers need no lock.
        self._tally: Mapping[tuple[str, str], int] = self._count()

    def close(self) -> None:
        """Close the database; whatever was acknowledged is on the disk already."""
        with self._changes:
            self._database.close()

    @contextmanager
    def _changing(self) -> Iterator[Change]:
        with self._changes:
            with self._database.write() as connection:
                change = Change(connection, self._clock())
                yield change
                change.told = insert_events(connection, change.events, change.now)
            if change.tally:
                tally = Counter(self._tally)
                tally.update(change.tally)
                self._tally = tally
            if change.told:
                self.on_events(change.told)

    def _count(self) -> Mapping[tuple[str, str], int]:
        query = select(jobs.c.owner, jobs.c.state, func.count()).group_by(jobs.c.owner, jobs.c.state)
        with self._database.read() as connection:
            return Counter({(owner, state): count for owner, state, count in connection.execute(query)})


def _tell_nobody(events: list[Event]) -> None:
    """Stand where nobody listens."""
    del events
