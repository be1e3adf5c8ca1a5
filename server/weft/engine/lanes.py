"""Where work is done beside the event loop: pools for computing and for waiting, one thread per device."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

T = TypeVar("T")
LaneName = Literal["cpu", "io", "device"]
IO_THREADS = 8


class Lanes:
    """Threads by what they are for. A device has one thread, since its work is done in order anyway.

    Args:
        cpu_threads: Size of the pool for computing; None takes one per core, at least two.
    """

    def __init__(self, cpu_threads: int | None = None) -> None:
        cores = cpu_threads or max(2, os.cpu_count() or 1)
        self._pools: dict[LaneName, ThreadPoolExecutor] = {
            "cpu": ThreadPoolExecutor(cores, thread_name_prefix="weft-cpu"),
            "io": ThreadPoolExecutor(IO_THREADS, thread_name_prefix="weft-io"),
            "device": ThreadPoolExecutor(1, thread_name_prefix="weft-device"),
        }

    async def call(
        self, lane: LaneName, work: Callable[[], T], *, stop: Callable[[], None] | None = None
    ) -> T:
        """Do blocking work in a lane.

        A thread cannot be interrupted. When the caller is cancelled, work that has not begun never begins;
        for work under way, `stop` is called and its end awaited, so that nothing outlives the run it belongs
        to.

        Args:
            lane: Where.
            work: What; it takes nothing.
            stop: Asks the work to end soon.

        Returns:
            What the work returns; what it raises is raised here.
        """
        promise = self._pools[lane].submit(_contained, work)
        future = asyncio.wrap_future(promise)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not promise.cancel():
                if stop is not None:
                    stop()
                await _settled(future)
            raise

    def close(self) -> None:
        """End all threads after the work that is under way."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)


def _contained(work: Callable[[], T]) -> T:
    """Do the work; a stray StopIteration becomes an error that asyncio can carry, instead of a hang."""
    try:
        return work()
    except StopIteration as error:
        raise RuntimeError("StopIteration was raised outside of a generator.") from error


async def _settled(future: asyncio.Future[T]) -> None:
    """Wait until a future is done, whatever its result, and however often the waiting itself is cancelled."""
    while not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([future])
    if not future.cancelled():
        future.exception()
