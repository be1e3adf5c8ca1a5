"""Joining the nodes: every input of every node, with its link followed to where it really comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.errors import JSON, Problem
from weft.graph.faults import ListTooLongError
from weft.graph.links import Absent, Broken, Links, Resolved
from weft.graph.profiles import Profile
from weft.graph.structure import Constant, Part, Source, source_of
from weft.graph.subgraphs import Flat, FlatNode
from weft.graph_errors import InputUnknownError
from weft.schema import NodeSchema

MOST_UNFOLDED_ITEMS = 100_000
"""Bypassed nodes that pass on lists of links may not unfold a list to more items than this."""


@dataclass(frozen=True, slots=True)
class WiredNode:
    """A node that runs, with what each of its inputs comes down to.

    Attributes:
        flat: The node as the document has it.
        profile: Its type.
        schema: The schema of its type.
        links: Inputs fed by nodes that run. In a tuple, nothing is a `Spread` yet: that is a matter of types.
        literals: Inputs given a value.
        absent: Inputs whose link brings nothing.
        broken: Inputs whose link leads nowhere; the problem is reported.
    """

    flat: FlatNode
    profile: Profile
    schema: NodeSchema
    links: dict[str, Source | tuple[Part, ...]] = field(default_factory=dict)
    literals: dict[str, JSON] = field(default_factory=dict)
    absent: dict[str, Absent] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def feeds(self) -> list[str]:
        """List the ids of the nodes it reads from; one that is read twice stands twice."""
        found: list[str] = []
        for link in self.links.values():
            if isinstance(link, Source):
                found.append(link.node)
            else:
                found.extend(source.node for part in link if (source := source_of(part)) is not None)
        return found


@dataclass(frozen=True, slots=True)
class Wired:
    """All nodes that run, joined.

    Attributes:
        nodes: The nodes of known types by id.
        problems: What was found on the way.
    """

    nodes: dict[str, WiredNode]
    problems: list[Problem]


def wire(flat: Flat, profiles: Mapping[str, Profile | None], links: Links) -> Wired:
    """Follow every link of a flat graph.

    Args:
        flat: The nodes.
        profiles: The profiles of the nodes by id; None where the type is not known.
        links: Follows the links.

    Returns:
        The nodes that run, with problems for unknown inputs and links that lead nowhere.
    """
    wired = Wired({}, [])
    joiner = _Joiner(flat, profiles, links, wired.problems)
    for name, node in flat.nodes.items():
        profile = profiles[name]
        if profile is None:
            continue
        if node.is_bypassed or profile.schema is None:
            joiner.check_names(node, profile)
        else:
            wired.nodes[name] = joiner.join(WiredNode(node, profile, profile.schema))
    return wired


class _Joiner:
    """Joins one node after the other and keeps the problems."""

    def __init__(
        self, flat: Flat, profiles: Mapping[str, Profile | None], links: Links, problems: list[Problem]
    ) -> None:
        self._flat = flat
        self._profiles = profiles
        self._links = links
        self._problems = problems

    def join(self, wired: WiredNode) -> WiredNode:
        known = wired.profile.inputs
        for name, given in wired.flat.inputs.items():
            if name not in known:
                self._unknown_input(wired.flat, wired.profile, name)
            elif isinstance(given, Source):
                self._connect(wired, name, self._follow(given))
            elif isinstance(given, tuple):
                self._connect_list(wired, name, given)
            else:
                wired.literals[name] = given
        return wired

    def check_names(self, node: FlatNode, profile: Profile) -> None:
        for name in node.inputs:
            if name not in profile.inputs:
                self._unknown_input(node, profile, name)

    def _follow(self, source: Source) -> Resolved:
        # Nearly every link leads straight to an output of a node that runs.
        node = self._flat.nodes.get(source.node)
        if node is not None and not node.is_bypassed:
            profile = self._profiles[source.node]
            if profile is not None and source.output in profile.outputs:
                return source
        return self._links.resolve(source)

    def _connect(self, wired: WiredNode, name: str, found: Resolved) -> None:
        match found:
            case Source():
                wired.links[name] = found
            case Constant(value=value):
                wired.literals[name] = value
            case Absent():
                wired.absent[name] = found
            case Broken():
                wired.broken.add(name)
                self._report(found, wired.flat.id, name)
            case _:
                self._connect_list(wired, name, found)

    def _connect_list(self, wired: WiredNode, name: str, given: tuple[Part, ...]) -> None:
        """Follow each link of a list; what brings nothing is left out of it."""
        parts: list[Part] = []
        waiting = list(reversed(given))
        steps_left = len(given) + MOST_UNFOLDED_ITEMS
        while waiting:
            steps_left -= 1
            if steps_left < 0:
                too_long = ListTooLongError(limit=MOST_UNFOLDED_ITEMS).problem()
                self._report(Broken(too_long), wired.flat.id, name)
                break
            part = waiting.pop()
            found = self._follow(part) if isinstance(part, Source) else part
            if isinstance(found, tuple):
                waiting.extend(reversed(found))
            elif isinstance(found, Broken):
                wired.broken.add(name)
                self._report(found, wired.flat.id, name)
            elif not isinstance(found, Absent):
                parts.append(found)
        wired.links[name] = tuple(parts)

    def _unknown_input(self, node: FlatNode, profile: Profile, name: str) -> None:
        error = InputUnknownError(name=name, owner=f'"{node.id}" ({node.type})', known=profile.inputs)
        place, at = self._flat.place(node.id, name)
        self._problems.append(error.problem(node=place, input=at))

    def _report(self, broken: Broken, id: str, name: str) -> None:
        if broken.problem is None:
            return
        node, at = (broken.node, None) if broken.node is not None else self._flat.place(id, name)
        found = broken.problem
        self._problems.append(
            Problem(found.code, found.message, found.hint, node=node, input=at, details=found.details)
        )
