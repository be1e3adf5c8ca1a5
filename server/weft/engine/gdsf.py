"""Which result to give up first: greedy-dual size with frequency.

An entry's standing is `age + uses × seconds / bytes`: what it costs to make again, how often it was wanted,
and how much room it takes. The age rises to the standing of whatever is given up, so that what was once
precious but is no longer asked for leaves in the end. (Cherkasova, "Improving WWW proxies performance with
greedy-dual-size-frequency caching policy", 1998.)
"""

import heapq

# The heap may hold this many outdated entries per live one before it is rebuilt.
SLACK = 3
# A result that took no measurable time still cost something: without a floor, size would not count among
# such.
LEAST_SECONDS = 1e-6


class Gdsf:
    """An order of entries by what is lost when they are given up."""

    def __init__(self) -> None:
        self._age = 0.0
        self._order = 0
        # For each entry when it was last wanted, how often, and what it cost per byte. Plain tuples of
        # numbers, since there may be very many and the garbage collector need not look at those.
        self._standings: dict[str, tuple[int, int, float]] = {}
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
        self._place(key, uses, max(seconds, LEAST_SECONDS) / max(size, 1))

    def touch(self, key: str) -> None:
        """Note that an entry was wanted; an unknown key is let pass.

        Args:
            key: Its key.
        """
        standing = self._standings.get(key)
        if standing is not None:
            self._place(key, standing[1] + 1, standing[2])

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
        return 0 if standing is None else standing[1]

    def victim(self) -> str | None:
        """Return the entry that is given up first and let the age rise to its standing; None when empty."""
        while self._heap:
            priority, order, key = self._heap[0]
            if self._is_current((priority, order, key)):
                self._age = max(self._age, priority)
                return key
            heapq.heappop(self._heap)
        return None

    def clear(self) -> None:
        """Forget every entry."""
        self._standings.clear()
        self._heap.clear()
        self._age = 0.0

    def _place(self, key: str, uses: int, worth: float) -> None:
        self._order += 1
        self._standings[key] = (self._order, uses, worth)
        heapq.heappush(self._heap, (self._age + uses * worth, self._order, key))
        if len(self._heap) > SLACK * len(self._standings) + 64:
            self._heap = [item for item in self._heap if self._is_current(item)]
            heapq.heapify(self._heap)

    def _is_current(self, item: tuple[float, int, str]) -> bool:
        standing = self._standings.get(item[2])
        return standing is not None and standing[0] == item[1]
