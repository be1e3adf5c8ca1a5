"""The ledger from a running server: one thread writes, some read, and the event loop waits for none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from weft.jobs.ledger.database import READERS
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Event, JobState

T = TypeVar("T")


class LedgerThreads:
    """The threads on which all work with the ledger is done.

    What is handed to `write` is done in the order in which it was handed over, so that whoever hands over two
    pieces of work without waiting in between can rely on the order. Work that was handed over is done even if
    nobody waits for it any more.

    Args:
        ledger: The ledger; `close` closes it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._reader = ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")

    def write(self, work: Callable[[Ledger], T]) -> asyncio.Future[T]:
        """Hand over work that changes the ledger; await the result to have its answer."""
        return asyncio.get_running_loop().run_in_executor(self._writer, work, self._ledger)

    def read(self, work: Callable[[Ledger], T]) -> asyncio.Future[T]:
        """Hand over work that only reads; it sees everything that was committed before."""
        return asyncio.get_running_loop().run_in_executor(self._reader, work, self._ledger)

    def beside(self, work: Callable[[Ledger], T]) -> asyncio.Future[T]:
        """Hand over long work of many small changes, between which those of others are made."""
        return self.read(work)

    def counts(self, owner: str | None = None) -> dict[JobState, int]:
        """Say how many jobs are in each state, which the ledger knows without asking the disk."""
        return self._ledger.counts(owner)

    def announce_to(self, hear: Callable[[Sequence[Event]], None]) -> None:
        """Have each group of events told on the event loop, in order, soon after it was committed.

        Args:
            hear: Called on the loop that runs now.
        """
        loop = asyncio.get_running_loop()

        def tell(events: Sequence[Event]) -> None:
            # A commit may end after the loop did; then nobody listens any more.
            if not loop.is_closed():
                loop.call_soon_threadsafe(partial(hear, events))

        self._ledger.on_events = tell

    async def close(self) -> None:
        """Do what was handed over, then close the ledger."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, partial(self._writer.shutdown, wait=True))
        await loop.run_in_executor(None, partial(self._reader.shutdown, wait=True))
        await loop.run_in_executor(None, self._ledger.close)
