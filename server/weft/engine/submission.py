"""What is settled when a run is submitted: the state outside, and with it the fingerprint of every node."""

import asyncio
import inspect
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from weft.context import FingerprintScope
from weft.engine.codec import key_of
from weft.engine.explain import Lineage, explain_miss
from weft.engine.lanes import Lanes
from weft.engine.reasons import DEFERRED, FIRST_RUN, IMPURE, Reason
from weft.engine.traces import Snapshot
from weft.graph.fingerprint import fingerprints
from weft.graph.structure import Graph, GraphNode
from weft.node import NodeDefinition

# Below this many nodes, hopping to a thread costs more than it spares the event loop.
FEW_NODES = 200


@dataclass(frozen=True, slots=True)
class Submission:
    """A graph with all that has to be known before it can be planned or run.

    Attributes:
        snapshot: The graph, its fingerprints and the state outside.
        targets: The nodes that are wanted.
        needed: The targets and all that feeds them, in an order in which they can run.
        deferred: The nodes whose outside state depends on linked inputs and is only known when they run.
        unstable: The nodes whose fingerprint is new in every run: those that always run, the deferred, and
            all that they feed. Only their content keys can be found again.
    """

    snapshot: Snapshot
    targets: tuple[str, ...]
    needed: tuple[str, ...]
    deferred: frozenset[str]
    unstable: frozenset[str]

    def why(self, node: str, lineage: Lineage) -> Reason:
        """Say why a node has to run, given that its result is not in the cache.

        Args:
            node: Its id.
            lineage: What is known of earlier runs of the workflow.
        """
        if not self.snapshot.graph.nodes[node].schema.pure:
            return IMPURE
        if node in self.deferred:
            return DEFERRED
        if not lineage.knows(node):
            return FIRST_RUN
        return explain_miss(lineage.last(node), self.snapshot.trace(node))

    def always_runs(self, node: str) -> bool:
        """Whether a node's fingerprint is new in every run.

        Args:
            node: Its id.
        """
        return node in self.deferred or not self.snapshot.graph.nodes[node].schema.pure


class Submitter:
    """Prepares graphs for planning and running.

    Args:
        definition: Returns a node type by name.
        scope: What fingerprint functions may look at.
        lanes: Where they are called, since they may read files.
    """

    def __init__(
        self, definition: Callable[[str], NodeDefinition], scope: FingerprintScope, lanes: Lanes
    ) -> None:
        self._definition = definition
        self._scope = scope
        self._lanes = lanes

    async def submit(self, graph: Graph, wanted: tuple[str, ...] | None) -> Submission:
        """Look at the state outside and compute all fingerprints, once.

        Args:
            graph: The graph.
            wanted: Outputs or node ids; None for all outputs and sinks.

        Returns:
            All that planning and running need.

        Raises:
            NodeUnknownError: A wanted name is neither an output nor a node.
        """
        if len(graph.nodes) < FEW_NODES:
            targets, needed = _cut(graph, wanted)
        else:
            targets, needed = await self._lanes.call("cpu", lambda: _cut(graph, wanted))
        outside, deferred = await self._outside(graph, needed)
        nonce = uuid.uuid4().hex
        changing = outside | dict.fromkeys(deferred, nonce)
        if len(graph.nodes) < FEW_NODES:
            prints = fingerprints(graph, changing, nonce=nonce)
        else:
            prints = await self._lanes.call("cpu", lambda: fingerprints(graph, changing, nonce=nonce))
        unstable = _unstable(graph, needed, deferred)
        return Submission(Snapshot(graph, prints, outside), targets, needed, deferred, unstable)

    def outside_of(self, node: GraphNode, values: Mapping[str, object]) -> str:
        """Return the outside state of one call; an empty text where the node declares none.

        Args:
            node: The node.
            values: The arguments of the call.
        """
        definition = self._definition(node.type)
        try:
            return definition.outside_state(self._scope, values) or ""  # type: ignore[arg-type]
        # Foreign code. The node itself will meet the same trouble and report it properly.
        except Exception as error:  # noqa: BLE001
            return key_of("failed", repr(error))

    async def _outside(self, graph: Graph, needed: tuple[str, ...]) -> tuple[dict[str, str], frozenset[str]]:
        states = [graph.nodes[name] for name in needed if graph.nodes[name].schema.has_fingerprint]
        deferred = frozenset(node.id for node in states if self._is_deferred(node))
        ready = [node for node in states if node.id not in deferred]
        found = await asyncio.gather(
            *(self._lanes.call("io", partial(self.outside_of, node, node.values)) for node in ready)
        )
        return {node.id: state for node, state in zip(ready, found, strict=True)}, deferred

    def _is_deferred(self, node: GraphNode) -> bool:
        """Whether the fingerprint function asks for an input that only a run can tell."""
        function = self._definition(node.type).fingerprint
        if function is None:
            return False
        changing = {*node.links, *node.axes}
        parameters = list(inspect.signature(function).parameters.values())[1:]
        return any(entry.name in changing for entry in parameters)


def _cut(graph: Graph, wanted: tuple[str, ...] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut the graph to the targets and what feeds them."""
    targets = graph.targets(wanted)
    ancestors = graph.ancestors(targets)
    if len(ancestors) == len(graph.order):
        return targets, graph.order
    return targets, tuple(name for name in graph.order if name in ancestors)


def _unstable(graph: Graph, needed: tuple[str, ...], deferred: frozenset[str]) -> frozenset[str]:
    """Find what always runs and all that it feeds."""
    found = {name for name in needed if not graph.nodes[name].schema.pure} | deferred
    if not found:
        return frozenset()
    for name in needed:
        if any(source.node in found for source in graph.nodes[name].sources()):
            found.add(name)
    return frozenset(found)
