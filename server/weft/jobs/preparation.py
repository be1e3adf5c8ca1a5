"""From a workflow and values to what a worker can run: every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from weft.errors import JSON, Problem, ProblemsError, WeftError
from weft.graph.check import check
from weft.graph.document import Document, parse_document
from weft.graph.faults import GraphTooLargeError
from weft.graph.signature import Signature, bind, signature
from weft.graph.structure import Graph
from weft.graph.workflows import WorkflowSource, carry
from weft.graph_errors import OutputUnknownError
from weft.registry import Catalog
from weft.widgets import AnyOf, Items, ModelFile, Widget


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a workflow with values given to it, whether it can run or not.

    Attributes:
        document: The workflow with the values in it.
        problems: Every problem, errors and warnings.
        signature: Its inputs and outputs; None where they lead nowhere.
        graph: The graph; None where an error prevents it.
    """

    document: Document
    problems: tuple[Problem, ...]
    signature: Signature | None
    graph: Graph | None

    @property
    def can_run(self) -> bool:
        """Whether none of the problems is an error."""
        return self.graph is not None and all(found.severity != "error" for found in self.problems)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workflow that can run.

    Attributes:
        document: The workflow with the values in it and every saved workflow that it uses, as JSON.
        affinity: Names of the model files that it uses, sorted.
        warnings: What does not prevent the run.
    """

    document: dict[str, JSON]
    affinity: tuple[str, ...]
    warnings: tuple[Problem, ...]


def count_nodes(document: Mapping[str, JSON]) -> int:
    """Count the nodes of a document and of the workflows it carries, before it is known to be one."""
    carried = document.get("workflows")
    parts = [document, *(carried.values() if isinstance(carried, Mapping) else ())]
    found = [part.get("nodes") for part in parts if isinstance(part, Mapping)]
    return sum(len(nodes) for nodes in found if isinstance(nodes, Mapping))


def read_document(tree: Mapping[str, JSON], *, most_nodes: int) -> Document:
    """Read a document that is not too large.

    Args:
        tree: The document as JSON.
        most_nodes: It has so many nodes at most.

    Raises:
        ProblemsError: It is too large or malformed; holds every problem.
    """
    if count_nodes(tree) > most_nodes:
        raise ProblemsError([GraphTooLargeError(limit=most_nodes).problem()])
    return parse_document(tree)


def is_outdated(document: Document, catalog: Catalog) -> bool:
    """Tell whether a node of a document, or of a workflow it carries, is older than its installed type."""
    for part in (document, *document.workflows.values()):
        for entry in part.nodes.values():
            schema = catalog.schema(entry.type)
            if schema is not None and entry.version < schema.version and entry.mode != "off":
                return True
    return False


def carry_if_possible(document: Document, workflows: WorkflowSource) -> Document:
    """Make a document complete by itself; where that cannot be, give it as it is, and the check says why."""
    try:
        return carry(document, workflows)
    except WeftError:
        return document


@dataclass(frozen=True, slots=True)
class Examiner:
    """Checks workflows against what is installed.

    Attributes:
        catalog: The installed node types.
        workflows: The saved workflows.
        most_nodes: A workflow unfolds to so many nodes at most.
    """

    catalog: Catalog
    workflows: WorkflowSource
    most_nodes: int

    def examine(
        self, document: Document, inputs: Mapping[str, JSON], targets: Iterable[str] | None = None
    ) -> Findings:
        """Find everything that is wrong with a workflow and the values given to it.

        Args:
            document: The workflow.
            inputs: Values by name of the workflow's input.
            targets: The wanted outputs or nodes; None for all outputs.
        """
        found = self._look(document, inputs, targets)
        try:
            return replace(found, signature=signature(document, self.catalog, self.workflows))
        except ProblemsError as error:
            # They are those of the check, but for values that were given meanwhile.
            is_told = any(problem.severity == "error" for problem in found.problems)
            return found if is_told else replace(found, problems=(*found.problems, *error.problems))

    def prepare(
        self, document: Document, inputs: Mapping[str, JSON], targets: Iterable[str] | None = None
    ) -> Prepared:
        """Make a workflow ready to run.

        Args:
            document: The workflow.
            inputs: Values by name of the workflow's input.
            targets: The wanted outputs or nodes; None for all outputs.

        Raises:
            ProblemsError: It cannot run; holds every problem.
        """
        # Without the signature: what could be wrong with that, the check finds too.
        found = self._look(document, inputs, targets)
        if found.graph is None or not found.can_run:
            raise ProblemsError(found.problems)
        complete = carry(found.document, self.workflows).to_json()
        return Prepared(complete, tuple(sorted(set(_model_files(found.graph)))), found.problems)

    def _look(
        self, document: Document, inputs: Mapping[str, JSON], targets: Iterable[str] | None
    ) -> Findings:
        """Find everything but the signature."""
        bound, problems = _bind(document, inputs)
        report = check(bound, self.catalog, self.workflows)
        problems.extend(_told_by_input(report.problems, document, inputs))
        problems.extend(_unknown_targets(targets or (), bound, report.graph))
        if report.graph is not None and len(report.graph.nodes) > self.most_nodes:
            problems.append(GraphTooLargeError(limit=self.most_nodes).problem())
        return Findings(bound, tuple(problems), None, report.graph)


def _bind(document: Document, inputs: Mapping[str, JSON]) -> tuple[Document, list[Problem]]:
    """Give the values that can be given; a refused one must not make the others look missing."""
    problems: list[Problem] = []
    for name, value in inputs.items():
        try:
            document = bind(document, {name: value})
        except ProblemsError as error:
            problems.extend(error.problems)
    return document, problems


def _told_by_input(
    problems: Iterable[Problem], document: Document, inputs: Mapping[str, JSON]
) -> Iterator[Problem]:
    """Name the workflow's input that a bad value came through, for those who know only the inputs."""
    given = {
        socket: name for name in inputs if name in document.inputs for socket in document.inputs[name].to
    }
    for problem in problems:
        name = given.get(f"{problem.node}.{problem.input}")
        if name is None:
            yield problem
        else:
            yield replace(problem, details={**problem.details, "workflow_input": name})


def _unknown_targets(targets: Iterable[str], document: Document, graph: Graph | None) -> Iterator[Problem]:
    known = {*document.outputs, *document.nodes, *(() if graph is None else graph.nodes)}
    for name in targets:
        if name not in known:
            yield OutputUnknownError(name=name, owner="The workflow", known=document.outputs).problem()


def _model_files(graph: Graph) -> Iterator[str]:
    for node in graph.nodes.values():
        for item in node.schema.inputs:
            if item.name in node.values and _names_models(item.widget):
                value = node.values[item.name]
                yield from (name for name in _flat(value) if isinstance(name, str))


def _names_models(widget: Widget | None) -> bool:
    match widget:
        case ModelFile():
            return True
        case Items(item=inner):
            return _names_models(inner)
        case AnyOf(widgets=inner):
            return any(_names_models(option) for option in inner)
        case _:
            return False


def _flat(value: JSON) -> Iterable[JSON]:
    return value if isinstance(value, list) else [value]
