"""Which job runs next, and where: a pure choice.

Higher priority goes first, and among equals the older. Two things bend that order, both within bounds:

- A job whose models a worker holds already may be preferred to older ones of its priority, if it is among
  the first `WINDOW`, and if none of those was passed over `MOST_PASSED_OVER` times yet. So a job is overtaken
  that often at most, whatever arrives.
- A job that was running when a worker died is a suspect: it runs alone, so that it takes nobody with it. When
  its turn comes and no worker is idle, the one with the least to do takes nothing new until it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from weft.jobs.records import Job

WINDOW = 16
"""Only among so many jobs at the head of the queue is one looked for whose models are loaded."""

MOST_PASSED_OVER = 4
"""So often a job lets a younger one of its priority go first."""

WARMTH_WORTH = 2
"""A worker that holds a job's models is taken even if it runs so many jobs more than another one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A worker that takes jobs, as the choice sees it.

    Attributes:
        name: Its name.
        load: How many jobs it runs.
        is_exclusive: Whether it runs a suspect, and so nothing else.
        warm: Names of the model files of its latest jobs.
    """

    name: str
    load: int = 0
    is_exclusive: bool = False
    warm: frozenset[str] = frozenset()

    def is_warm_for(self, job: Job) -> bool:
        """Whether it holds all models of a job."""
        return self.warm.issuperset(job.affinity)


@dataclass(frozen=True, slots=True)
class Choice:
    """The job that runs next and the worker that runs it."""

    job: Job
    worker: str


def choose(candidates: Sequence[Job], places: Iterable[Place], *, most: int) -> Choice | None:
    """Choose what runs next.

    Args:
        candidates: The queued jobs, by priority (highest first), then by number.
        places: The workers that are ready.
        most: A worker runs so many jobs at once.

    Returns:
        A job and its worker; None where nothing can start now.
    """
    free = {place.name: place for place in places if place.load < most and not place.is_exclusive}
    waiting = iter(candidates)
    for job in waiting:
        if not free:
            return None
        if not job.deaths:
            return _prefer(job, _rivals(job, waiting), tuple(free.values()))
        place = min(free.values(), key=lambda place: (place.load, place.name))
        if place.load == 0:
            return Choice(job, place.name)
        # This worker is kept for the suspect; the others go on.
        del free[place.name]
    return None


def _rivals(head: Job, behind: Iterable[Job]) -> list[Job]:
    """List the jobs behind the head that are near it and of its priority."""
    nearby = [job for job, _ in zip(behind, range(WINDOW - 1), strict=False)]
    return [job for job in nearby if job.priority == head.priority]


def _prefer(head: Job, rivals: Sequence[Job], free: Sequence[Place]) -> Choice:
    """Choose between the head and the first job behind it whose models are loaded."""
    if any(place.is_warm_for(head) for place in free):
        return Choice(head, _best(head, free))
    overtaken = [head]
    for job in rivals:
        if any(older.passed_over >= MOST_PASSED_OVER for older in overtaken):
            break
        can_run = job.affinity and not job.deaths
        if can_run and any(place.is_warm_for(job) for place in free):
            return Choice(job, _best(job, free))
        overtaken.append(job)
    return Choice(head, _best(head, free))


def _best(job: Job, free: Sequence[Place]) -> str:
    """Name the worker for a job: little to do, and its models loaded, or else nobody's models to displace."""

    def cost(place: Place) -> tuple[int, int, str]:
        bonus = WARMTH_WORTH if place.is_warm_for(job) else 0
        return place.load - bonus, len(place.warm), place.name

    return min(free, key=cost).name
