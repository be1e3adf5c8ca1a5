"""Which result to give up first: greedy-dual size with frequency.

An entry's standing is `age + uses × seconds / bytes`: what it costs to make again, how often it was wanted,
and how much room it takes. The age rises to the standing of whatever is given up, so that what was once
precious but is no longer asked for leaves in the end. (Cherkasova, "Improving WWW proxies performance with
greedy-dual-size-frequency caching policy", 1998.)
"""

import heapq
from dataclasses import dataclass

# The heap may hold this many outdated entries per live one before it is rebuilt.
SLACK = 3
# A result that took no measurable time still cost something: without a floor, size would not count among
# such.
LEAST_SECONDS = 1e-6


@dataclass(slots=True)
class Standing:
    """What decides how long one entry stays.

    Attributes:
        seconds: What it cost to make.
        size: Its bytes, at least 1.
        uses: How often it was wanted.
        priority: Its standing; the lowest leaves first.
        order: Breaks ties: the one touched longest ago leaves first.
    """

    seconds: float
    size: int
    uses: int
    priority: float
    order: int


class Gdsf:
    """An order of entries by what is lost when they are given up."""

    def __init__(self) -> None:
        self._age = 0.0
        self._order = 0
        self._standings: dict[str, Standing] = {}
        self._heap: list[tuple[float, int, str]] = []

    def __len__(self) -> int:
        return len(self._standings)

    def __contains__(self, key: str) -> bool:
        return key in self._standings

    def admit(self, key: str, seconds: float, size: int, *, uses: int = 1) -> None:
        """Take an entry in, or renew it with a new cost and size.

        Args:
            key: Its key.
            seconds: What it cost to make, at least 0.
            size: Its bytes.
            uses: How often it was wanted so far.
        """
        standing = Standing(max(seconds, LEAST_SECONDS), max(size, 1), uses, 0.0, 0)
        self._standings[key] = standing
        self._place(key, standing)

    def touch(self, key: str) -> None:
        """Note that an entry was wanted; an unknown key is let pass.

        Args:
            key: Its key.
        """
        standing = self._standings.get(key)
        if standing is not None:
            standing.uses += 1
            self._place(key, standing)

    def remove(self, key: str) -> None:
        """Forget an entry; an unknown key is let pass.

        Args:
            key: Its key.
        """
        self._standings.pop(key, None)

    def uses(self, key: str) -> int:
        """Return how often an entry was wanted; 0 for an unknown one.

        Args:
            key: Its key.
        """
        standing = self._standings.get(key)
        return 0 if standing is None else standing.uses

    def victim(self) -> str | None:
        """Return the entry that is given up first and let the age rise to its standing; None when empty."""
        while self._heap:
            priority, order, key = self._heap[0]
            standing = self._standings.get(key)
            if standing is not None and standing.order == order:
                self._age = max(self._age, priority)
                return key
            heapq.heappop(self._heap)
        return None

    def clear(self) -> None:
        """Forget every entry."""
        self._standings.clear()
        self._heap.clear()
        self._age = 0.0

    def _place(self, key: str, standing: Standing) -> None:
        self._order += 1
        standing.order = self._order
        standing.priority = self._age + standing.uses * standing.seconds / standing.size
        heapq.heappush(self._heap, (standing.priority, standing.order, key))
        if len(self._heap) > SLACK * len(self._standings) + 64:
            self._heap = [(s.priority, s.order, k) for k, s in self._standings.items()]
            heapq.heapify(self._heap)
