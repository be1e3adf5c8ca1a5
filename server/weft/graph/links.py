"""Where a link leads in the end: through names of workflow outputs, bypassed nodes and nodes that are off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from weft.errors import Problem
from weft.graph.profiles import Profile
from weft.graph.structure import Constant, Part, Source
from weft.graph.subgraphs import Flat, FlatInput, FlatNode
from weft.graph_errors import BypassImpossibleError, CycleError, NodeUnknownError, OutputUnknownError
from weft.schema import MISSING
from weft.sockets import Supertypes

MOST_SUGGESTIONS = 20
"""So many misspelt node ids get a "did you mean": looking for one compares with every id there is."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A link that brings nothing: the node it comes from is off, or bypassed without anything to pass on."""

    node: str
    mode: Literal["off", "bypass"]


@dataclass(frozen=True, slots=True)
class Broken:
    """A link that leads nowhere; the problem says why, and is None where it is reported elsewhere.

    Attributes:
        problem: What is wrong, without a place.
        node: The node it is to be reported at; None for the one that has the link.
    """

    problem: Problem | None = None
    node: str | None = None


Resolved: TypeAlias = "Source | tuple[Part, ...] | Constant | Absent | Broken"
"""What a link comes down to; a bypassed node may pass on a list or a value of the document."""


class Links:
    """Follows links of a flat graph, each bypassed output once.

    Args:
        flat: The nodes.
        profiles: The profiles of the nodes by id; None for a node whose type is not known.
        supertypes: All value types above each value type.
    """

    def __init__(self, flat: Flat, profiles: Mapping[str, Profile | None], supertypes: Supertypes) -> None:
        self._flat = flat
        self._profiles = profiles
        self._supertypes = supertypes
        self._resolved: dict[tuple[str, str], Resolved] = {}
        self._unknown_nodes: set[str] = set()

    def resolve(self, source: Source) -> Resolved:
        """Follow a link until it reaches a node that runs, a value, or nothing.

        Args:
            source: An output as the document names it.

        Returns:
            What the link comes down to.
        """
        path: dict[tuple[str, str], None] = {}
        found: Resolved | None = None
        while found is None:
            key = (source.node, source.output)
            if key in path:
                nodes = [node for node, _ in list(path)[list(path).index(key) :]]
                nodes.reverse()
                found = Broken(CycleError(nodes=nodes).problem(), node=nodes[0])
                break
            path[key] = None
            step = self._resolved.get(key) or self._step(source)
            if isinstance(step, Source) and (step.node, step.output) != key:
                source = step
            else:
                found = step
        # Everything on the way comes down to the same, so that long chains are walked once.
        self._resolved.update(dict.fromkeys(path, found))
        return found

    def _step(self, source: Source) -> Resolved:
        """Follow a link by one step; a source that gives itself back runs."""
        flat, name = self._flat, source.node
        node = flat.nodes.get(name)
        if node is not None:
            return self._in_node(source, node)
        if name in flat.workflows:
            return self._in_workflow(source)
        if name in flat.off:
            return Absent(name, "off")
        return Broken(self._unknown_node(name))

    def _unknown_node(self, name: str) -> Problem:
        flat = self._flat
        self._unknown_nodes.add(name)
        prefix, _, last = name.rpartition("/")
        known: list[str] = []
        if len(self._unknown_nodes) <= MOST_SUGGESTIONS:
            parts = (other.rpartition("/") for other in (*flat.nodes, *flat.workflows, *flat.off))
            known = [other for scope, _, other in parts if scope == prefix]
        return NodeUnknownError(name=last, known=known).problem()

    def _in_workflow(self, source: Source) -> Resolved:
        alias = self._flat.aliases.get((source.node, source.output))
        if alias is not None:
            known = self._flat
            exists = alias.node in known.nodes or alias.node in known.workflows or alias.node in known.off
            # An output that leads nowhere is reported where the workflow's ports are checked.
            return alias if exists else Broken()
        outputs = [output for node, output in self._flat.aliases if node == source.node]
        if not outputs:
            return Broken()
        owner = f'The workflow "{self._flat.workflows[source.node]}"'
        return Broken(OutputUnknownError(name=source.output, owner=owner, known=outputs).problem())

    def _in_node(self, source: Source, node: FlatNode) -> Resolved:
        profile = self._profiles[node.id]
        if profile is None:
            return Broken()
        if source.output not in profile.outputs:
            owner = f'"{node.id}" ({node.type})'
            error = OutputUnknownError(name=source.output, owner=owner, known=profile.outputs)
            return Broken(error.problem())
        return self._through(source, node, profile) if node.is_bypassed else source

    def _through(self, source: Source, node: FlatNode, profile: Profile) -> Resolved:
        stand_in = profile.stand_in(source.output, self._supertypes)
        if stand_in is None:
            produced = str(profile.outputs[source.output])
            error = BypassImpossibleError(output=source.output, produces=produced)
            return Broken(error.problem(), node=node.id)
        if stand_in in node.inputs:
            return as_resolved(node.inputs[stand_in])
        default = profile.inputs[stand_in].default
        return Absent(node.id, "bypass") if default is MISSING or default is None else Constant(default)


def as_resolved(given: FlatInput) -> Source | tuple[Part, ...] | Constant:
    """Give what stands at an input as what a link to it comes down to."""
    return given if isinstance(given, Source | tuple) else Constant(given)
