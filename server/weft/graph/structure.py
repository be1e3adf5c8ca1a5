"""The flat graph that the engine runs: nodes by id, what feeds each input, and the lists it maps over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from weft.errors import JSON
from weft.graph_errors import NodeUnknownError
from weft.schema import NodeSchema


@dataclass(frozen=True, slots=True)
class Source:
    """One output of one node of the graph."""

    node: str
    output: str

    def __str__(self) -> str:
        """Give the text form, ``node.output``."""
        return f"{self.node}.{self.output}"


@dataclass(frozen=True, slots=True)
class Spread:
    """A part of a list that is itself a list: all its items go in."""

    source: Source


@dataclass(frozen=True, slots=True)
class Constant:
    """A part of a list that is a value of the document."""

    value: JSON


Part: TypeAlias = Source | Spread | Constant
"""One part of a list input that is put together from several places."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node as the engine runs it. Every input of its schema stands in `values` or in `links`.

    Attributes:
        id: Its id; inside a sub-workflow ``outer/inner``.
        type: Its node type.
        version: The installed version of that type.
        values: Literal inputs with the defaults filled in, in canonical form: a whole number given to
            a float socket is a float, one item given to a list socket is a list of one.
        links: Where the other inputs come from. A `Source` is passed on as it is. A tuple makes one
            list: a `Source` adds its value (all its values, row-major, where its node is mapped), a
            `Spread` adds the items of its list, a `Constant` adds its value.
        axes: For the inputs that map, the axes by which their value is indexed, outermost first.
        out_axes: The axes the node runs over, outermost first; empty when it runs once.
        schema: What its type says of itself.
    """

    id: str
    type: str
    version: int
    values: Mapping[str, JSON]
    links: Mapping[str, Source | tuple[Part, ...]]
    axes: Mapping[str, tuple[str, ...]]
    out_axes: tuple[str, ...]
    schema: NodeSchema

    def sources(self) -> tuple[Source, ...]:
        """List the outputs it reads, in the order of its inputs; one that is read twice stands twice."""
        found: list[Source] = []
        for link in self.links.values():
            if isinstance(link, Source):
                found.append(link)
            else:
                found.extend(part_source for part in link if (part_source := source_of(part)) is not None)
        return tuple(found)


def source_of(part: Part) -> Source | None:
    """Give the output that a part of a list comes from; None for a value of the document."""
    if isinstance(part, Source):
        return part
    return part.source if isinstance(part, Spread) else None


@dataclass(frozen=True)
class Graph:
    """A workflow that was found to be free of errors, flat and ready to run.

    Attributes:
        nodes: The nodes by id, in the order of the document.
        outputs: The outputs of the workflow by name.
        order: All ids; each stands behind the nodes it reads from.
    """

    nodes: Mapping[str, GraphNode]
    outputs: Mapping[str, Source]
    order: tuple[str, ...]

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the nodes that read from each node, each once."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.order}
        for name in self.order:
            for source in self.nodes[name].sources():
                found[source.node][name] = None
        return {name: tuple(readers) for name, readers in found.items()}

    def targets(self, wanted: Iterable[str] | None = None) -> tuple[str, ...]:
        """List the nodes that a run has to reach.

        Args:
            wanted: Names of outputs of the workflow, or ids of nodes. None wants every output and every
                node with an effect outside; where there is neither, every node that feeds nothing.

        Returns:
            Ids of nodes, each once.

        Raises:
            NodeUnknownError: A wanted name is neither an output nor a node.
        """
        if wanted is None:
            found = [source.node for source in self.outputs.values()]
            found += [name for name in self.order if self.nodes[name].schema.sink]
            return tuple(dict.fromkeys(found or [name for name in self.order if not self.consumers[name]]))
        return tuple(dict.fromkeys(self._target(name) for name in wanted))

    def ancestors(self, ids: Iterable[str]) -> frozenset[str]:
        """Give the ids themselves and every node that they need, however far back."""
        found = set(ids)
        waiting = list(found)
        while waiting:
            for source in self.nodes[waiting.pop()].sources():
                if source.node not in found:
                    found.add(source.node)
                    waiting.append(source.node)
        return frozenset(found)

    def _target(self, name: str) -> str:
        if name in self.outputs:
            return self.outputs[name].node
        if name not in self.nodes:
            raise NodeUnknownError(name=name, known=(*self.outputs, *self.nodes), where="The run")
        return name
