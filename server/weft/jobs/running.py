"""The jobs that workers have now, and what that leaves for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from weft.errors import JSON
from weft.jobs.dispatch import Place
from weft.jobs.records import Job
from weft.workers.pool import WorkerView


@dataclass(slots=True, eq=False)
class Run:
    """A job on a worker.

    Attributes:
        job: The job, in its present attempt.
        worker: Name of the worker.
        is_cancelling: Whether it was asked to stop.
        news: What is told together with the first nodes that begin.
        alarm: Ends the worker if the job does not stop.
    """

    job: Job
    worker: str
    is_cancelling: bool = False
    news: dict[str, JSON] = field(default_factory=dict)
    alarm: asyncio.TimerHandle | None = field(default=None, repr=False)


class Runs:
    """All runs under way, by the id of the job."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(tuple(self._runs.values()))

    def get(self, job: str) -> Run | None:
        """Give the run of a job; None where no worker has it."""
        return self._runs.get(job)

    def current(self, job: str, attempt: int, worker: str) -> Run | None:
        """Give the run that a worker speaks of; None where the job is not, or no longer, its."""
        run = self._runs.get(job)
        return run if run is not None and (run.job.attempt, run.worker) == (attempt, worker) else None

    def on(self, worker: str) -> list[Run]:
        """List the runs on a worker."""
        return [run for run in self._runs.values() if run.worker == worker]

    def add(self, run: Run) -> None:
        """Begin a run."""
        self._runs[run.job.id] = run

    def remove(self, run: Run) -> None:
        """End a run."""
        if self._runs.get(run.job.id) is run:
            del self._runs[run.job.id]
        if run.alarm is not None:
            run.alarm.cancel()

    def places(self, workers: Iterable[WorkerView]) -> list[Place]:
        """Describe the workers that are ready, for the choice of the next job."""
        found = []
        for view in workers:
            if view.state == "ready":
                runs = self.on(view.name)
                is_exclusive = any(run.job.deaths for run in runs)
                found.append(Place(view.name, len(runs), is_exclusive, frozenset(view.warm)))
        return found
