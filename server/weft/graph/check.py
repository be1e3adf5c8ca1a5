"""The check of a workflow: every problem at once, and the flat graph where there is none.

Phases, none of which uses recursion, each going on with whatever the one before could make out:

1. The document's nodes are brought to their installed versions.
2. Workflows used as nodes are unfolded; only real nodes are left.
3. Every link is followed to where it really comes from: bypassed and switched-off nodes are gone.
4. The nodes are put into an order in which they can run; circles are found.
5. Types, values and lists are checked node by node in that order.
6. What must be given is looked for, among all nodes that a run needs.
7. Traits are followed along the links and compared where they meet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from weft.errors import JSON, PluginError, Problem
from weft.graph.assembly import Assembly
from weft.graph.converters import Converters
from weft.graph.document import WORKFLOW_PREFIX, Document, split_socket
from weft.graph.faults import PortInvalidError, SourceOffError
from weft.graph.library import Library
from weft.graph.links import Absent, Broken, Links
from weft.graph.literals import missing_hint
from weft.graph.node_versions import migrate_nodes
from weft.graph.offers import Offers
from weft.graph.ordering import ordered
from weft.graph.profiles import Profile, Profiles, workflow_profile
from weft.graph.structure import Graph, GraphNode, Source
from weft.graph.subgraphs import FlatNode, unfold
from weft.graph.traits import check_traits
from weft.graph.wiring import WiredNode, wire
from weft.graph.workflows import CarriedWorkflows, WorkflowSource
from weft.graph_errors import CycleError, InputMissingError, NodeTypeUnknownError
from weft.registry import Catalog
from weft.schema import InputSchema
from weft.sockets import without_null

MOST_TYPE_SUGGESTIONS = 100
"""So many unknown node types get a "did you mean": looking for one compares with every type there is."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        problems: Every problem, in the order of the document.
        graph: The graph to run; None where a problem is an error.
    """

    problems: tuple[Problem, ...]
    graph: Graph | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that prevent a run."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")


def check(document: Document, catalog: Catalog, workflows: WorkflowSource) -> Report:
    """Check a workflow.

    Args:
        document: The workflow.
        catalog: The installed node types.
        workflows: The saved workflows that it may use as nodes.

    Returns:
        Every problem there is, and the graph where none of them is an error. Nodes that are off are not
        looked at; a node that no output and no sink needs may lack inputs, which is a warning.
    """
    return _Check(document, catalog, workflows).report()


class _Check:
    """One check: what is known after each phase."""

    def __init__(self, document: Document, catalog: Catalog, workflows: WorkflowSource) -> None:
        self._catalog = catalog
        self._offers = Offers(catalog)
        self._converters = Converters(catalog)
        self._library = Library(catalog, CarriedWorkflows(document, workflows))
        migrated = migrate_nodes(document, catalog)
        self._document = migrated.document
        self._flat = unfold(migrated.document, self._library)
        self._problems: list[Problem] = [*migrated.problems, *self._flat.problems]
        profiles = self._profiles()
        links = Links(self._flat, profiles, catalog.supertypes)
        wired = wire(self._flat, profiles, links)
        self._wired = wired.nodes
        self._problems.extend(wired.problems)
        self._outputs = self._resolve_outputs(links)

    def report(self) -> Report:
        """Run the phases that look at the wired nodes, and draw up the report."""
        feeds = {name: node.feeds() for name, node in self._wired.items()}
        ordering = ordered(feeds)
        self._problems.extend(CycleError(nodes=nodes).problem(node=nodes[0]) for nodes in ordering.cycles)
        assembly = Assembly(self._wired, self._flat, self._catalog, self._offers)
        for name in ordering.order:
            assembly.add(self._wired[name])
        self._problems.extend(assembly.problems)
        incomplete = self._find_missing(feeds)
        traits = check_traits(assembly.nodes, ordering.order, self._offers, place=self._flat.place)
        self._problems.extend(traits)
        problems = self._in_order()
        if any(problem.severity == "error" for problem in problems):
            return Report(problems, None)
        kept = _without(ordering.order, incomplete, feeds) if incomplete else ordering.order
        return Report(problems, self._graph(assembly.nodes, kept))

    def _profiles(self) -> dict[str, Profile | None]:
        """Look up the type of every node; a type that is not installed is a problem."""
        known = Profiles(self._catalog)
        unknown: set[str] = set()
        found: dict[str, Profile | None] = {}
        for name, node in self._flat.nodes.items():
            profile = known.of(node.type)
            if profile is None and node.type.startswith(WORKFLOW_PREFIX):
                profile = self._bypassed_workflow(node)
            elif profile is None:
                unknown.add(node.type)
                types = self._catalog.types() if len(unknown) <= MOST_TYPE_SUGGESTIONS else ()
                self._problems.append(NodeTypeUnknownError(type=node.type, known=types).problem(node=name))
            found[name] = profile
        return found

    def _bypassed_workflow(self, node: FlatNode) -> Profile | None:
        volume = self._library.volume(node.type.removeprefix(WORKFLOW_PREFIX))
        if volume.document is not None:
            return workflow_profile(volume.document, self._library)
        self._problems.extend(
            Problem(found.code, found.message, found.hint, node=node.id) for found in volume.problems
        )
        return None

    def _resolve_outputs(self, links: Links) -> dict[str, Source]:
        outputs: dict[str, Source] = {}
        for name, port in self._document.outputs.items():
            found = links.resolve(Source(*split_socket(port.from_)))
            if isinstance(found, Source):
                outputs[name] = found
            elif isinstance(found, Broken):
                # Ports that lead nowhere are reported already; only what a bypass adds is new.
                if found.problem is not None and found.node is not None:
                    old = found.problem
                    problem = Problem(old.code, old.message, old.hint, found.node, details=old.details)
                    self._problems.append(problem)
            elif not (isinstance(found, Absent) and found.mode == "off"):
                fault = f"comes from {port.from_}, which is bypassed and has only a value to pass on"
                error = PortInvalidError(
                    kind="output", name=name, fault=fault, hint="Run that node, or remove the output."
                )
                self._problems.append(error.problem())
        return outputs

    def _find_missing(self, feeds: Mapping[str, list[str]]) -> set[str]:
        """Report inputs that must be given and are not; give the ids of nodes that can be left out for it."""
        missing = [
            (node, name)
            for node in self._wired.values()
            for name in node.profile.required
            if name not in node.links and name not in node.literals and name not in node.broken
        ]
        if not missing:
            return set()
        needed = self._needed(feeds)
        incomplete: set[str] = set()
        for node, name in missing:
            is_needed = node.flat.id in needed
            self._problems.append(self._missing(node, name, severity="error" if is_needed else "warning"))
            if not is_needed:
                incomplete.add(node.flat.id)
        return incomplete

    def _missing(self, node: WiredNode, name: str, *, severity: Literal["error", "warning"]) -> Problem:
        absent = node.absent.get(name)
        place, at = self._flat.place(node.flat.id, name, is_missing=True)
        error: InputMissingError | SourceOffError
        if absent is None:
            schema = node.profile.inputs[name]
            error = InputMissingError(name=at, expects=str(schema.type), hint=self._hint(schema))
        else:
            error = SourceOffError(name=at, source=absent.node, mode=absent.mode)
        ports = (port for port, found in self._document.inputs.items() if f"{place}.{at}" in found.to)
        port = next(ports, None)
        hint = error.hint if port is None else f'{error.hint} Or give the workflow\'s input "{port}".'
        details: dict[str, JSON] = {} if port is None else {"workflow_input": port}
        return Problem(error.code, error.message, hint, place, at, severity, details)

    def _hint(self, schema: InputSchema) -> str:
        """Say which file or output an input may be given; nothing where what is there cannot be found out."""
        if schema.widget is None:
            givers = self._converters.between(None, without_null(schema.type))
            return f"Connect an output of type {schema.type}: {givers} gives one." if givers else ""
        try:
            return missing_hint(schema.widget, self._offers)
        except PluginError:
            return ""

    def _needed(self, feeds: Mapping[str, list[str]]) -> set[str]:
        """Give the nodes that outputs and sinks need; all of them where there is neither."""
        found = {source.node for source in self._outputs.values()}
        found.update(name for name, node in self._wired.items() if node.schema.sink)
        if not found:
            return set(self._wired)
        waiting = list(found)
        while waiting:
            for source in feeds[waiting.pop()]:
                if source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    def _in_order(self) -> tuple[Problem, ...]:
        """Sort the problems by the place of their nodes in the document, each once."""
        if not self._problems:
            return ()
        rank = {name: index for index, name in enumerate((*self._flat.workflows, *self._flat.nodes))}
        top = {name: index for index, name in enumerate(self._document.nodes)}

        def place(problem: Problem) -> tuple[int, int]:
            if problem.node is None:
                return -1, 0
            return top.get(problem.node.partition("/")[0], len(top)), rank.get(problem.node, len(rank))

        return tuple(sorted(dict.fromkeys(self._problems), key=place))

    def _graph(self, nodes: Mapping[str, GraphNode], order: tuple[str, ...]) -> Graph:
        kept = set(order)
        return Graph(
            nodes={name: nodes[name] for name in self._wired if name in kept},
            outputs=self._outputs,
            order=order,
        )


def _without(order: tuple[str, ...], incomplete: set[str], feeds: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Leave out the incomplete nodes and all that hangs on them."""
    dropped = set(incomplete)
    kept: list[str] = []
    for name in order:
        if name in dropped or not dropped.isdisjoint(feeds[name]):
            dropped.add(name)
        else:
            kept.append(name)
    return tuple(kept)
