"""Waiting for the end of a job without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from weft.jobs.records import FINAL_STATES, Event


class Waits:
    """Who waits for which job."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def end_of(self, job: str) -> Iterator[asyncio.Event]:
        """Give what is set when a job ends, from now on.

        Args:
            job: Id of the job.
        """
        ended = asyncio.Event()
        self._waiting.setdefault(job, set()).add(ended)
        try:
            yield ended
        finally:
            rest = self._waiting.get(job, set())
            rest.discard(ended)
            if not rest:
                self._waiting.pop(job, None)

    def hear(self, events: Iterable[Event]) -> None:
        """Hear what happened."""
        for event in events:
            if event.type == "job" and event.data.get("state") in FINAL_STATES:
                for ended in self._waiting.pop(event.job, ()):
                    ended.set()

    def release(self) -> None:
        """Let everybody go, since nothing more will happen."""
        for waiting in self._waiting.values():
            for ended in waiting:
                ended.set()
