"""The signature of a workflow: its own inputs and outputs with their types, and giving them values.

It is what `weft run NAME --prompt …`, a form, and a call over HTTP know of a workflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from weft.errors import JSON, Problem, ProblemsError
from weft.graph.check import check
from weft.graph.document import Document, InputPort, InputValue, Link, NodeEntry, read_input, split_socket
from weft.graph.faults import WorkflowInputUnknownError
from weft.graph.library import Library
from weft.graph.literals import canonical
from weft.graph.node_versions import migrate_nodes
from weft.graph.port_check import port_faults
from weft.graph.ports import inner_inputs, inner_output, shared_type
from weft.graph.workflows import CarriedWorkflows, WorkflowSource
from weft.graph_errors import InputInvalidError
from weft.registry import Catalog
from weft.schema import MISSING, Missing
from weft.sockets import SocketType
from weft.widgets import Widget


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """An input of a workflow, as a form shows it.

    Attributes:
        name: Its name.
        type: The values that all sockets behind it take.
        widget: How it is entered; None where no value can be.
        default: What stands in the document, else the node's default; MISSING where there is neither.
        required: Whether the workflow does not run without it.
        doc: Its help.
        title: What a form calls it; its name where the document says nothing.
    """

    name: str
    type: SocketType
    widget: Widget | None
    default: JSON | Missing
    required: bool
    doc: str
    title: str

    def to_json(self) -> dict[str, JSON]:
        """Give the input as a JSON object; `default` is absent where there is none."""
        found: dict[str, JSON] = {
            "name": self.name,
            "type": str(self.type),
            "widget": None if self.widget is None else self.widget.to_json(),
            "required": self.required,
            "doc": self.doc,
            "title": self.title,
        }
        if self.default is not MISSING:
            found["default"] = self.default
        return found


@dataclass(frozen=True, slots=True)
class SignatureOutput:
    """An output of a workflow.

    Attributes:
        name: Its name.
        type: What it gives; a type variable where that depends on what is connected inside.
        doc: Its help.
        title: What a form calls it; its name where the document says nothing.
    """

    name: str
    type: SocketType
    doc: str
    title: str

    def to_json(self) -> dict[str, JSON]:
        """Give the output as a JSON object."""
        return {"name": self.name, "type": str(self.type), "doc": self.doc, "title": self.title}


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a workflow, in the order of the document."""

    inputs: Mapping[str, SignatureInput]
    outputs: Mapping[str, SignatureOutput]

    def to_json(self) -> dict[str, JSON]:
        """Give the signature as a JSON object."""
        return {
            "inputs": [item.to_json() for item in self.inputs.values()],
            "outputs": [item.to_json() for item in self.outputs.values()],
        }


def signature(document: Document, catalog: Catalog, workflows: WorkflowSource) -> Signature:
    """Give the signature of a workflow.

    Args:
        document: The workflow.
        catalog: The installed node types.
        workflows: The saved workflows that it may use as nodes.

    Returns:
        Its inputs and outputs, with types, widgets, defaults and help taken from the sockets behind them.

    Raises:
        ProblemsError: An input or output leads nowhere, or to sockets that do not agree; where it leads to
            something that is not installed, the problems of the whole workflow.
    """
    library = Library(catalog, CarriedWorkflows(document, workflows))
    migrated = migrate_nodes(document, catalog)
    problems = [*migrated.problems, *(fault.problem() for fault in port_faults(migrated.document, library))]
    if problems:
        raise ProblemsError(problems)
    inputs = {name: _input(migrated.document, name, library) for name in document.inputs}
    outputs = {name: _output(migrated.document, name, library) for name in document.outputs}
    if None in inputs.values() or None in outputs.values():
        # A port leads into a node or workflow that is not there; the check says which.
        errors = check(document, catalog, workflows).errors
        if errors:
            raise ProblemsError(errors)
    return Signature(
        {name: found for name, found in inputs.items() if found is not None},
        {name: found for name, found in outputs.items() if found is not None},
    )


def bind(document: Document, values: Mapping[str, JSON]) -> Document:
    """Give values to the inputs of a workflow.

    Whether a value fits its socket, the check of the result says.

    Args:
        document: The workflow; it is not changed.
        values: Values by the name of the workflow's input.

    Returns:
        The workflow with each value in the place of what stood at the sockets behind the input.

    Raises:
        ProblemsError: The workflow has no such input, or a value is not plain JSON; holds every problem.
    """
    problems: list[Problem] = []
    given: dict[str, dict[str, InputValue]] = {}
    for name, value in values.items():
        port = document.inputs.get(name)
        problem = _refused(name, value) if port is not None else _unknown(name, document.inputs)
        if problem is not None:
            problems.append(problem)
        for socket in () if port is None else port.to:
            node, taken = split_socket(socket)
            given.setdefault(node, {})[taken] = value
    if problems:
        raise ProblemsError(problems)
    nodes = {name: _with(entry, given.get(name)) for name, entry in document.nodes.items()}
    return document.model_copy(update={"nodes": nodes})


def _with(entry: NodeEntry, given: Mapping[str, InputValue] | None) -> NodeEntry:
    return entry if given is None else entry.model_copy(update={"inputs": {**entry.inputs, **given}})


def _unknown(name: str, known: Mapping[str, InputPort]) -> Problem:
    return WorkflowInputUnknownError(name=name, known=known).problem(input=name)


def _refused(name: str, value: JSON) -> Problem | None:
    """Say why a value cannot stand in a document as a value; None where it can."""
    try:
        found = read_input(value)
    except PydanticCustomError as error:
        reason = str((error.context or {}).get("fault", error))
        return InputInvalidError(name=name, reason=reason).problem(input=name)
    if _is_linked(found):
        reason = "is a link, but takes a value"
        return InputInvalidError(name=name, reason=reason).problem(input=name)
    return None


def _is_linked(value: InputValue | Missing) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, Link) for item in items)


def _input(document: Document, name: str, library: Library) -> SignatureInput | None:
    sockets = inner_inputs(document, name, library)
    if not sockets:
        return None
    port = document.inputs[name]
    shared = shared_type([socket.schema.type for socket in sockets], library.catalog.supertypes)
    first = next((socket for socket in sockets if socket.schema.type == shared), sockets[0])
    default: JSON | Missing = first.schema.default
    if first.given is not MISSING:
        default = MISSING if _is_linked(first.given) else first.given  # type: ignore[assignment]
    return SignatureInput(
        name=name,
        type=first.schema.type,
        widget=first.schema.widget,
        default=default if default is MISSING else canonical(first.schema.type, default),
        required=any(socket.schema.required and socket.given is MISSING for socket in sockets),
        doc=port.description or first.schema.doc,
        title=port.title or name,
    )


def _output(document: Document, name: str, library: Library) -> SignatureOutput | None:
    found = inner_output(document, name, library)
    if found is None:
        return None
    port = document.outputs[name]
    return SignatureOutput(name, found.type, port.description or found.doc, port.title or name)
