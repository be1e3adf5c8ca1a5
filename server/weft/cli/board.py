"""What is known about a run at this moment: fed by its events, drawn by a display."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from weft.cli.durations import in_words
from weft.cli.sizes import size_in_words
from weft.engine.events import (
    Event,
    NodeFailed,
    NodeFinished,
    NodeItem,
    NodeProgress,
    NodeStarted,
    RunStarted,
)
from weft.engine.footprint import Footprint


@dataclass(slots=True)
class RunningNode:
    """A node that is at work.

    Attributes:
        node: The node's id.
        started_s: When it began, on the board's clock.
        step: Steps done.
        total: Steps in all; 0 where the node does not count.
        items: Items of its list that are done; 0 where it runs once.
        seconds_left: What the engine expects; None where it cannot know.
        message: What the node says it is doing.
    """

    node: str
    started_s: float
    step: int = 0
    total: int = 0
    items: int = 0
    items_total: int | None = None
    seconds_left: float | None = None
    message: str = ""

    def in_words(self) -> str:
        """Say how far the node is, such as `step 5/20, 3.1 s left` or `item 2/6, step 5/20`."""
        of = "" if self.items_total is None else f"/{self.items_total}"
        parts = [f"item {self.items}{of}"] if self.items else []
        if self.total:
            parts.append(f"step {self.step}/{self.total}")
        if self.seconds_left is not None:
            parts.append(f"{in_words(self.seconds_left)} left")
        if self.message:
            parts.append(self.message)
        return ", ".join(parts)


@dataclass(slots=True)
class Board:
    """The state of a run.

    Attributes:
        clock: Where the time comes from, in seconds.
        total: The number of nodes of the run.
        running: The nodes at work, by id.
        ended: How many nodes ended in each state; those that nobody needed count as "not-needed".
    """

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    running: dict[str, RunningNode] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    started_s: float = 0.0

    def take(self, event: Event) -> None:
        """Bring the board up to date.

        Args:
            event: What just happened.
        """
        if isinstance(event, RunStarted):
            self.total, self.started_s = len(event.nodes), self.clock()
        elif isinstance(event, NodeStarted):
            self.running[event.node] = RunningNode(event.node, self.clock())
        elif isinstance(event, NodeProgress):
            self._progress(event)
        elif isinstance(event, NodeItem):
            node = self._running(event.node)
            node.items, node.items_total = node.items + 1, event.total
        elif isinstance(event, NodeFinished):
            self._end(event.node, event.state if event.reason.is_reuse else "not-needed")
        elif isinstance(event, NodeFailed):
            self._end(event.node, "failed")

    def summary(self) -> str:
        """Say how far the run is, such as `3 of 6 nodes, 2 reused, 4.1 s`; nothing before it began."""
        if not self.total:
            return ""
        done = sum(self.ended.values())
        parts = [f"{done} of {self.total} nodes"]
        if reused := self.ended.get("hit", 0):
            parts.append(f"{reused} reused")
        if unneeded := self.ended.get("not-needed", 0):
            parts.append(f"{unneeded} not needed")
        if failed := self.ended.get("failed", 0):
            parts.append(f"{failed} failed")
        parts.append(in_words(self.clock() - self.started_s))
        return ", ".join(parts)

    def _progress(self, event: NodeProgress) -> None:
        node = self._running(event.node)
        node.step, node.total = event.step, event.total
        node.seconds_left, node.message = event.seconds_left, event.message

    def _running(self, node: str) -> RunningNode:
        return self.running.setdefault(node, RunningNode(node, self.clock()))

    def _end(self, node: str, state: str) -> None:
        self.running.pop(node, None)
        self.ended[state] = self.ended.get(state, 0) + 1


def line_of(event: NodeFinished | NodeFailed) -> str:
    """Say in one line how a node ended.

    Args:
        event: Its end.

    Returns:
        Such as `✓ sample  12.3 s  1.2 MB  Its input seed changed.` or `= load  reused  It was on disk.`
    """
    if isinstance(event, NodeFailed):
        return f"✗ {event.node}  failed"
    if not event.reason.is_reuse:
        return f"- {event.node}  not needed  {event.reason.text}"
    if event.state == "hit":
        return f"= {event.node}  reused  {event.reason.text}"
    if event.state == "ran":
        took = "".join(f"{part}  " for part in (in_words(event.seconds), *_memory(event.footprint)))
        return f"✓ {event.node}  {took}{event.reason.text}"
    return f"- {event.node}  {event.state}  {event.reason.text}"


def _memory(footprint: Footprint) -> tuple[str, ...]:
    """Say what a node holds and where the device peaked, as far as there is something to say."""
    held = (size_in_words(footprint.held_bytes),) if footprint.held_bytes else ()
    peak = () if footprint.peak_bytes is None else (f"peak {size_in_words(footprint.peak_bytes)}",)
    return (*held, *peak)
