"""How the nodes of a workflow hang together: an order to read them in, what is near, what stays unknown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import ForeignNode, Source
from weft.foreign.rules import Rule


class Kinship:
    """The wires of a workflow, looked at from both ends.

    Args:
        nodes: Its nodes by id.
        rules: The rules by type.
    """

    def __init__(self, nodes: Mapping[str, ForeignNode], rules: Mapping[str, Rule]) -> None:
        self._nodes = nodes
        self._rules = rules
        self._fed: dict[str, list[tuple[str, str]]] = {key: [] for key in nodes}
        for key, node in nodes.items():
            for name, source in node.links.items():
                self._fed[source.node].append((key, name))
        self.unknown = self._find_unknown()
        self._near = {
            (key, name): found
            for key, node in nodes.items()
            if key not in self.unknown
            for name in rules[node.type].near
            if (found := self._find_near(key, name)) is not None
        }

    def near(self, key: str, name: str) -> Source | None:
        """Give the output of a name that is nearest to a node; None where there is none."""
        return self._near.get((key, name))

    def slots_used(self, key: str) -> set[int]:
        """List the outputs of a node that something is fed by."""
        wanted = {source for source in self._near.values() if source.node == key}
        wanted.update(self._nodes[fed].links[name] for fed, name in self._fed[key])
        return {source.slot for source in wanted}

    def order(self) -> list[str]:
        """List the nodes, each behind all that feed it.

        Raises:
            ForeignUnreadableError: Some feed each other in a circle.
        """
        try:
            return self._sorted()
        except CycleError:
            # What was looked for nearby is not in the file, and must not be what closes a circle.
            self._near = {}
        try:
            return self._sorted()
        except CycleError as error:
            circle = ", ".join(dict.fromkeys(error.args[1]))
            raise ForeignUnreadableError(fault=f"the nodes {circle} feed each other in a circle") from None

    def _sorted(self) -> list[str]:
        before = {key: {source.node for source in node.links.values()} for key, node in self._nodes.items()}
        for (key, _), source in self._near.items():
            before[key].add(source.node)
        return list(TopologicalSorter(before).static_order())

    def _find_unknown(self) -> frozenset[str]:
        """Find the nodes that stay as they are.

        A node that dissolves into those that it feeds cannot dissolve into one that stays as it is, and one
        that looks only for what others left cannot do without it. So the unknown spreads, until nothing
        changes.
        """
        unknown = {key for key, node in self._nodes.items() if node.type not in self._rules}
        waiting = deque(unknown)
        while waiting:
            key = waiting.popleft()
            found = {source.node for source in self._nodes[key].links.values() if not self._is_linked(source)}
            found.update(fed for fed, name in self._fed[key] if name in self._records(fed))
            for other in found - unknown:
                unknown.add(other)
                waiting.append(other)
        return frozenset(unknown)

    def _records(self, key: str) -> frozenset[str]:
        rule = self._rules.get(self._nodes[key].type)
        return frozenset() if rule is None else rule.records

    def _is_linked(self, source: Source) -> bool:
        """Tell whether an output stands for something that can be linked to."""
        rule = self._rules.get(self._nodes[source.node].type)
        if rule is None or source.slot >= len(rule.gives):
            return True
        return bool(rule.gives[source.slot].bases)

    def _find_near(self, key: str, name: str) -> Source | None:
        """Look down the wires for a node that takes such an output, then up and anywhere for one."""
        below = list(self._walk(key, is_down=True))
        for other in below:
            for at in (other, *self._guides(other)):
                source = self._nodes[at].links.get(name)
                if source is not None and source.node not in below and source.node != key:
                    return self._origin(source, name)
        above = list(self._walk(key, is_down=False))
        others = (other for other in self._nodes if other not in {key, *below, *above})
        for other in (*above, *others):
            slot = self._slot_of(other, name)
            if slot is not None:
                return self._origin(Source(other, slot), name)
        return None

    def _origin(self, source: Source, name: str) -> Source:
        """Climb from what was changed on the way to where it was loaded, which is of the same kind."""
        # As often as there are nodes at most: they may stand in a circle, which `order` refuses.
        for _ in self._nodes:
            if name not in self._nodes[source.node].links or not self._gives(source, name):
                break
            source = self._nodes[source.node].links[name]
        return source

    def _gives(self, source: Source, name: str) -> bool:
        """Tell whether an output is called so, be it made there or handed on."""
        rule = self._rules.get(self._nodes[source.node].type)
        give = rule.gives[source.slot] if rule and source.slot < len(rule.gives) else None
        return give is not None and any(base.path[-1] == name for base in give.bases)

    def _walk(self, key: str, *, is_down: bool) -> Iterable[str]:
        seen, waiting = {key}, deque([key])
        while waiting:
            at = waiting.popleft()
            steps = (
                [fed for fed, _ in self._fed[at]]
                if is_down
                else [s.node for s in self._nodes[at].links.values()]
            )
            for step in steps:
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
                    yield step

    def _guides(self, key: str) -> list[str]:
        """List the nodes that dissolve into one."""
        return [
            self._nodes[key].links[name].node for name in self._records(key) if name in self._nodes[key].links
        ]

    def _slot_of(self, key: str, name: str) -> int | None:
        rule = self._rules.get(self._nodes[key].type)
        for slot, give in enumerate(rule.gives if rule else ()):
            if any(base.kind == "made" and base.path[-1] == name for base in give.bases):
                return slot
        return None
