"""Who watches what happens: any number of observers, none of which another one has to wait for.

An observer holds no queue. It is a place in the log of durable events, and another in the row of passing
ones; what it has not seen yet is looked up when it asks. Recent events lie in memory for all observers
together, and whoever fell behind reads the ledger. So a slow observer costs nothing, and none sees a gap.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self, TypeAlias

from weft.errors import JSON
from weft.jobs.records import Event

RECENT_EVENTS = 512
"""So many durable events lie in memory; an observer that is farther behind reads the ledger."""

RECENT_NODES = 1024
"""The events in memory speak of so many nodes, at most: a single one can speak of thousands."""

MOST_IN_BATCH = 500
"""No batch holds more durable events, so that a long replay is sent in parts."""

MOST_PASSING = 2000
"""The newest frames of so many pairs of job and node are kept; beyond it the oldest go."""

PassingKind: TypeAlias = Literal["progress", "preview"]
"""What passes without being written down."""

ReadEvents: TypeAlias = Callable[["Filter", int, int], Awaitable[Sequence[Event]]]
"""Reads the events behind a number, at most so many, for a filter's owner and job but of all types."""


@dataclass(frozen=True)
class Announced:
    """A durable event, and its texts, which are made once for all observers."""

    event: Event

    @property
    def nodes(self) -> int:
        """How many nodes it speaks of."""
        told = (self.event.data.get("started"), self.event.data.get("finished"))
        return sum(len(names) for names in told if isinstance(names, list))

    @cached_property
    def data_text(self) -> str:
        """The event's data as JSON."""
        return _text(self.event.data)

    @cached_property
    def text(self) -> str:
        """The whole event as JSON: `number`, `at`, `type`, `job` and `data`."""
        event = self.event
        head = (
            f'"number":{event.number},"at":{event.at!r},"type":{_text(event.type)},"job":{_text(event.job)}'
        )
        return f'{{{head},"data":{self.data_text}}}'


@dataclass(frozen=True)
class Passing:
    """A progress or preview frame; only the newest of each kind, job and node counts.

    Attributes:
        serial: Counts all passing frames of this process.
        kind: Which.
        job: Id of the job.
        node: Id of the node.
        owner: Who may see it.
        data: What it says.
        binary: The picture of a preview.
    """

    serial: int
    kind: PassingKind
    job: str
    node: str
    owner: str
    data: Mapping[str, JSON]
    binary: bytes = b""

    @cached_property
    def data_text(self) -> str:
        """What it says as JSON."""
        return _text(self.data)

    @cached_property
    def text(self) -> str:
        """The whole frame as JSON: `type`, `job` and `data`."""
        return f'{{"type":"{self.kind}","job":{_text(self.job)},"data":{self.data_text}}}'

    @cached_property
    def frame(self) -> bytes:
        """The frame in bytes: four bytes with the length of the JSON, the JSON, the picture."""
        head = self.text.encode()
        return struct.pack(">I", len(head)) + head + self.binary


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events an observer sees.

    Attributes:
        owner: Only those of this owner and those for everyone; None for all.
        job: Only those of this job; None for all.
        types: Only these types; None for all.
    """

    owner: str | None = None
    job: str | None = None
    types: frozenset[str] | None = None

    def passes(self, kind: str, job: str, owner: str) -> bool:
        """Tell whether something of this type, job and owner is seen."""
        return (
            (self.types is None or kind in self.types)
            and (self.job is None or job == self.job)
            and (self.owner is None or owner in {"", self.owner})
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What an observer has not seen yet.

    Attributes:
        events: Durable events in order.
        passing: The newest progress and previews of nodes that are not covered by those events.
    """

    events: tuple[Announced, ...] = ()
    passing: tuple[Passing, ...] = ()


class _Board:
    """What all observers look at."""

    def __init__(self, most_recent: int) -> None:
        self.most_recent = most_recent
        self.recent: deque[Announced] = deque()
        self.recent_nodes = 0
        self.passing: OrderedDict[tuple[str, str, str], Passing] = OrderedDict()
        # All events behind the floor, up to the last, lie in `recent`.
        self.floor = 0
        self.last = 0
        self.is_closed = False
        self.observers: set[Subscription] = set()

    @property
    def is_full(self) -> bool:
        """Whether more lies in memory than should."""
        return len(self.recent) > self.most_recent or self.recent_nodes > RECENT_NODES

    def wake(self) -> None:
        """Have every observer look again."""
        for observer in self.observers:
            observer.wake()


class EventHub:
    """Tells what happens to any number of observers.

    Everything here is called on one event loop.

    Args:
        read: Reads the log for those who fell behind.
        recent: So many durable events lie in memory.
    """

    def __init__(self, read: ReadEvents, *, recent: int = RECENT_EVENTS) -> None:
        self._read = read
        self._board = _Board(recent)
        self._serial = 0

    def begin(self, last: int) -> None:
        """Say which event was the last before this process began."""
        self._board.floor = self._board.last = last

    @property
    def last(self) -> int:
        """Number of the last event that was announced."""
        return self._board.last

    @property
    def observers(self) -> int:
        """How many observers there are."""
        return len(self._board.observers)

    def announce(self, events: Iterable[Event]) -> None:
        """Tell durable events that are committed, in the order of their numbers."""
        board = self._board
        for event in events:
            item = Announced(event)
            board.recent.append(item)
            board.recent_nodes += item.nodes
            board.last = event.number
            if event.type == "job" and event.data.get("state") != "running":
                self._forget(event.job)
        while board.recent and board.is_full:
            item = board.recent.popleft()
            board.recent_nodes -= item.nodes
            board.floor = item.event.number
        board.wake()

    def passing(
        self,
        kind: PassingKind,
        job: str,
        node: str,
        *,
        owner: str,
        data: Mapping[str, JSON],
        binary: bytes = b"",
    ) -> None:
        """Tell how far a node is, or show its unfinished picture; it replaces the one before."""
        self._serial += 1
        frames, key = self._board.passing, (kind, job, node)
        frames[key] = Passing(self._serial, kind, job, node, owner=owner, data=data, binary=binary)
        frames.move_to_end(key)
        if len(frames) > MOST_PASSING:
            frames.popitem(last=False)
        self._board.wake()

    def latest_preview(self, job: str) -> Passing | None:
        """Give the newest preview of a job that runs; None where it has shown none."""
        frames = reversed(self._board.passing.values())
        return next((frame for frame in frames if frame.kind == "preview" and frame.job == job), None)

    def subscribe(
        self,
        *,
        after: int | None = None,
        owner: str | None = None,
        job: str | None = None,
        types: Collection[str] | None = None,
    ) -> Subscription:
        """Begin to observe; use the subscription in a `with` block.

        Args:
            after: Begin behind the event of this number; None begins now.
            owner: Only what this owner may see; None for everything.
            job: Only what is about this job; None for everything.
            types: Only these types of events, ``progress`` and ``preview`` among them; None for all.
        """
        seen = Filter(owner, job, None if types is None else frozenset(types))
        # A number from beyond the end can only come from another data folder, or from before it was restored.
        start = self.last if after is None else min(after, self.last)
        return Subscription(self._board, self._read, seen, after=start)

    def close(self) -> None:
        """End all subscriptions, once they have handed out what lies in memory; the ledger closes next."""
        self._board.is_closed = True
        self._board.wake()

    def _forget(self, job: str) -> None:
        frames = self._board.passing
        for key in [key for key in frames if key[1] == job]:
            del frames[key]


class Subscription:
    """One observer: iterate over it for batches of what it has not seen yet.

    Args:
        board: What all observers look at.
        read: Reads the log.
        seen: What it may see.
        after: The number behind which it begins.
    """

    def __init__(self, board: _Board, read: ReadEvents, seen: Filter, *, after: int) -> None:
        self._board = board
        self._read = read
        self._filter = seen
        self._after = after
        self._serial = 0
        self._watched: frozenset[str] | None = None
        self._news = asyncio.Event()

    def __enter__(self) -> Self:
        self._board.observers.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._board.observers.discard(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        batch = await self.next_batch()
        if batch is None:
            raise StopAsyncIteration
        return batch

    @property
    def after(self) -> int:
        """All durable events up to this number were handed out."""
        return self._after

    def watch(self, jobs: Iterable[str] | None) -> None:
        """Limit progress and previews, not durable events, to some jobs; None lifts the limit."""
        self._watched = None if jobs is None else frozenset(jobs)
        self._serial = 0
        self.wake()

    def wake(self) -> None:
        """Have it look again whether there is something new."""
        self._news.set()

    async def next_batch(self, timeout_s: float | None = None) -> Batch | None:
        """Wait for something new. Cancelling it loses nothing.

        Args:
            timeout_s: Wait so long at most; None waits for ever.

        Returns:
            What is new, nothing after the time is up, None once the hub is closed and all was handed out.
        """
        deadline = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
        while True:
            self._news.clear()
            batch = Batch(*await self._take())
            if batch.events or batch.passing:
                return batch
            if self._board.is_closed:
                return None
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                return Batch()

    async def _take(self) -> tuple[tuple[Announced, ...], tuple[Passing, ...]]:
        """Take what is new: events until there are some or all were looked at, then what passes."""
        events: tuple[Announced, ...] = ()
        while not events and self._after < self._board.last:
            if self._board.floor <= self._after:
                events = self._remember()
            elif self._board.is_closed:
                # The ledger is closed too; whoever comes back reads on from where this one ends.
                break
            else:
                events = await self._replay()
        return events, () if self._after < self._board.last else self._newest()

    def _remember(self) -> tuple[Announced, ...]:
        """Take events from memory."""
        news: list[Announced] = []
        for item in reversed(self._board.recent):
            if item.event.number <= self._after:
                break
            if self._filter.passes(item.event.type, item.event.job, item.event.owner):
                news.append(item)
        news.reverse()
        taken = tuple(news[:MOST_IN_BATCH])
        self._after = taken[-1].event.number if len(taken) < len(news) else self._board.last
        return taken

    async def _replay(self) -> tuple[Announced, ...]:
        """Take events from the ledger, which may hold some that are not announced yet."""
        last = self._board.last
        found = await self._read(self._filter, self._after, MOST_IN_BATCH)
        if len(found) == MOST_IN_BATCH:
            self._after = found[-1].number
        else:
            self._after = max(last, found[-1].number if found else 0)
        return tuple(
            Announced(event) for event in found if self._filter.passes(event.type, event.job, event.owner)
        )

    def _newest(self) -> tuple[Passing, ...]:
        """Take the frames that came since the last time; one that was replaced meanwhile is never seen."""
        news: list[Passing] = []
        newest = self._serial
        for frame in reversed(self._board.passing.values()):
            if frame.serial <= self._serial:
                break
            newest = max(newest, frame.serial)
            is_watched = self._watched is None or frame.job in self._watched
            if is_watched and self._filter.passes(frame.kind, frame.job, frame.owner):
                news.append(frame)
        self._serial = newest
        news.reverse()
        return tuple(news)


def _text(data: object) -> str:
    return json.dumps(
        dict(data) if isinstance(data, Mapping) else data, ensure_ascii=False, separators=(",", ":")
    )
