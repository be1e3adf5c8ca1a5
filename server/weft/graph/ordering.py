"""The order in which nodes can run, and the circles that prevent one. Linear, and without recursion."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_CYCLES = 100
"""So many circles are told apart; whoever has more is not helped by a longer list."""


@dataclass(frozen=True, slots=True)
class Ordering:
    """The nodes in an order that respects the links.

    Attributes:
        order: Every id; each stands behind those it reads from, as far as circles allow.
        cycles: Circles found, no two with a node in common; each node reads from the one before it, and the
            first from the last.
    """

    order: tuple[str, ...]
    cycles: tuple[tuple[str, ...], ...]


def ordered(feeds: Mapping[str, Iterable[str]]) -> Ordering:
    """Order nodes so that each stands behind what it reads from.

    Args:
        feeds: For each node the ids it reads from; an id may stand there several times.

    Returns:
        The order, the same for the same `feeds`, and the circles. A circle is cut at one of its nodes
        and the rest ordered all the same, so that everything can still be looked at.
    """
    open_feeds = {name: len(tuple(sources)) for name, sources in feeds.items()}
    readers: dict[str, list[str]] = {name: [] for name in feeds}
    for name, sources in feeds.items():
        for source in sources:
            readers[source].append(name)
    done: dict[str, None] = {}
    cycles: list[tuple[str, ...]] = []
    _settle([name for name, count in open_feeds.items() if not count], open_feeds, readers, done)
    if len(done) < len(open_feeds):
        # Whatever is left lies in a circle or behind one: walk back from each until a circle closes.
        for name in open_feeds:
            while name not in done and len(cycles) < MOST_CYCLES:
                cycle = _cycle_behind(name, feeds, done)
                cycles.append(cycle)
                _settle([cycle[0]], open_feeds, readers, done)
        done.update(dict.fromkeys(open_feeds))
    return Ordering(tuple(done), tuple(cycles))


def _settle(
    ready: list[str], open_feeds: dict[str, int], readers: Mapping[str, list[str]], done: dict[str, None]
) -> None:
    """Put the ready nodes into the order, and after them all that become ready by it."""
    done.update(dict.fromkeys(ready))
    for name in ready:
        # The list grows while it is walked: it is the queue.
        for reader in readers[name]:
            open_feeds[reader] -= 1
            if not open_feeds[reader] and reader not in done:
                done[reader] = None
                ready.append(reader)


def _cycle_behind(name: str, feeds: Mapping[str, Iterable[str]], done: Mapping[str, None]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    while name not in seen:
        seen[name] = len(seen)
        name = next(source for source in feeds[name] if source not in done)
    return tuple(reversed(tuple(seen)[seen[name] :]))
