"""A keyed store of costly things that several threads share: made once, forgotten when unused longest."""

import gc
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

ThingT = TypeVar("ThingT")


class Shelf(Generic[ThingT]):
    """Things by key, each made at most once at a time, the least recently used forgotten first.

    Args:
        size_bytes: Returns what one thing holds in memory.
        keep: How many things to keep; None keeps all until `release`.
    """

    def __init__(self, size_bytes: Callable[[ThingT], int], *, keep: int | None = None) -> None:
        self._size_bytes = size_bytes
        self._keep = keep
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, ThingT] = OrderedDict()
        self._making: dict[Hashable, Future[ThingT]] = {}

    def get(self, key: Hashable, make: Callable[[], ThingT]) -> ThingT:
        """Return the thing of a key, making it if need be.

        Threads that ask for the same key while it is made wait for it; other keys are served meanwhile.

        Args:
            key: What identifies the thing.
            make: Makes it. What it raises reaches every thread that waits, and the next call tries again.
        """
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return self._things[key]
            future = self._making.get(key)
            is_maker = future is None
            if future is None:
                future = self._making[key] = Future()
        if is_maker:
            self._make(key, make, future)
        return future.result()

    def _make(self, key: Hashable, make: Callable[[], ThingT], future: "Future[ThingT]") -> None:
        try:
            thing = make()
        # Whatever went wrong belongs to the threads that wait, an interrupt included.
        except BaseException as error:  # noqa: BLE001
            with self._lock:
                del self._making[key]
            future.set_exception(error)
            return
        with self._lock:
            del self._making[key]
            self._things[key] = thing
            while self._keep is not None and len(self._things) > self._keep:
                self._things.popitem(last=False)
        future.set_result(thing)

    def held_bytes(self) -> int:
        """Return the bytes of everything on the shelf."""
        with self._lock:
            things = tuple(self._things.values())
        return sum(self._size_bytes(thing) for thing in things)

    def release(self, needed_bytes: int) -> int:
        """Forget the least recently used things until enough memory has come free.

        A thing that someone still uses is forgotten too, but its memory does not count as free.

        Args:
            needed_bytes: How much is wanted, >= 0.

        Returns:
            Bytes that came free; less than wanted if there was nothing left to forget.
        """
        freed = 0
        while freed < needed_bytes:
            with self._lock:
                if not self._things:
                    break
                _, thing = self._things.popitem(last=False)
            size, watcher = self._size_bytes(thing), weakref.ref(thing)
            del thing
            if watcher() is not None:
                gc.collect()
            freed += size if watcher() is None else 0
        return freed

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._things.clear()

    def __len__(self) -> int:
        return len(self._things)
