"""Many small events written with few commits: those that come while one is under way go into the next."""

from __future__ import annotations

import asyncio
import logging

from weft.errors import WeftError
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.records import NewEvent

RETRY_S = 1.0
"""After so long a failed commit is tried again; a disk that was full may have room by then."""

MOST_PENDING = 100_000
"""While nothing can be written, so many events are held; beyond it the oldest are given up."""

logger = logging.getLogger(__name__)


class Journal:
    """Writes events into the ledger in the order in which they came.

    Args:
        ledger: Where they are written.
    """

    def __init__(self, ledger: LedgerThreads) -> None:
        self._ledger = ledger
        self._pending: list[NewEvent] = []
        self._writing: asyncio.Task[None] | None = None
        self._is_closed = False

    def add(self, event: NewEvent) -> None:
        """Have an event written soon; once the journal is closed, nothing is."""
        if not self._is_closed:
            self._pending.append(event)
            self._wake()

    async def settle(self) -> None:
        """Wait until all that was added is written, or put off because the disk refuses it."""
        batch = self.take()
        if batch and not await self._commit(batch):
            self._wake()

    def take(self) -> list[NewEvent]:
        """Give what is not written yet to whoever writes it with something else."""
        batch, self._pending = self._pending, []
        return batch

    async def close(self) -> None:
        """Write what was added, if that is possible now, and nothing that comes later."""
        self._is_closed = True
        if self._writing is not None:
            self._writing.cancel()
        await self.settle()

    def _wake(self) -> None:
        if not self._is_closed and (self._writing is None or self._writing.done()):
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._pending:
            batch = self.take()
            if not await self._commit(batch):
                await asyncio.sleep(RETRY_S)

    async def _commit(self, batch: list[NewEvent]) -> bool:
        try:
            await self._ledger.write(lambda ledger: ledger.append(batch))
        except WeftError as error:
            logger.warning("events cannot be written now: %s", error)
            self._pending = [*batch, *self._pending][-MOST_PENDING:]
            return False
        return True
