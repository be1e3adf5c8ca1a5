"""Inlining: workflows used as nodes are unfolded until only real nodes are left.

A node inside a workflow gets the id ``outer/inner``. What is given to the workflow's inputs takes the
place of what stands inside; its outputs become other names for outputs inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from weft.errors import JSON, Problem
from weft.graph.document import WORKFLOW_PREFIX, Document, InputValue, Link, NodeEntry, split_socket
from weft.graph.faults import GraphTooLargeError, ZipInvalidError
from weft.graph.library import Library
from weft.graph.port_check import PortFault, port_faults
from weft.graph.structure import Constant, Part, Source
from weft.graph_errors import InputUnknownError, WorkflowRecursionError

LARGEST_GRAPH = 100_000
"""More nodes than this, workflows and what they unfold to together, are refused."""

FlatInput: TypeAlias = "Source | tuple[Part, ...] | JSON"
"""What an input is given: an output, a list with links in it (the only tuple), or a value."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """The input of a workflow node through which an inner input is reached.

    Attributes:
        node: Id of the workflow node.
        input: Name of the workflow's input.
        is_given: Whether that input has a link or value.
    """

    node: str
    input: str
    is_given: bool


@dataclass(frozen=True, slots=True)
class FlatNode:
    """A node as the document has it, with the links inside turned into sources of the flat graph."""

    id: str
    type: str
    inputs: Mapping[str, FlatInput]
    zip: list[list[str]]
    is_bypassed: bool


@dataclass(frozen=True, slots=True)
class Flat:
    """All nodes of a workflow and of the workflows inside it.

    Attributes:
        nodes: The nodes that are not off, by id.
        off: Ids of the nodes that are off.
        workflows: The name of the workflow behind each workflow node that was unfolded.
        aliases: What an output of a workflow node stands for.
        exposed: Through which workflow node an inner input is reached.
        problems: What was found on the way.
    """

    nodes: dict[str, FlatNode] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    workflows: dict[str, str] = field(default_factory=dict)
    aliases: dict[tuple[str, str], Source] = field(default_factory=dict)
    exposed: dict[tuple[str, str], Exposure] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, node: str, input: str, *, is_missing: bool = False) -> tuple[str, str]:
        """Say where a problem of an input can be mended: outside, where its value was given or is awaited."""
        place = node, input
        exposure = self.exposed.get(place)
        while exposure is not None and (exposure.is_given or is_missing):
            place = exposure.node, exposure.input
            exposure = self.exposed.get(place)
        return place


@dataclass(frozen=True, slots=True)
class _Scope:
    """One document to unfold: where it stands, which workflows it stands in, and what it is given."""

    document: Document
    prefix: str = ""
    chain: tuple[str, ...] = ()
    given: Mapping[str, Mapping[str, FlatInput]] = field(default_factory=dict)


def unfold(document: Document, library: Library) -> Flat:
    """Unfold a document and every workflow that it uses, without recursion.

    Args:
        document: The workflow, with its nodes in their installed versions.
        library: The saved workflows.

    Returns:
        The flat nodes with the problems found: workflows that are missing, malformed or contain
        themselves, inputs they do not have, ports that lead nowhere.
    """
    flat = Flat()
    # A workflow that is used a thousand times is checked once.
    faults: dict[int, tuple[PortFault, ...]] = {}
    waiting = [_Scope(document)]
    while waiting:
        scope = waiting.pop()
        if id(scope.document) not in faults:
            faults[id(scope.document)] = port_faults(scope.document, library)
        home = scope.prefix.rstrip("/") or None
        flat.problems.extend(fault.problem(node=home) for fault in faults[id(scope.document)])
        for name, entry in scope.document.nodes.items():
            path = scope.prefix + name
            if entry.mode == "off":
                flat.off.add(path)
                continue
            inputs = _inputs(entry, scope, scope.given.get(name))
            if entry.mode is None and entry.type.startswith(WORKFLOW_PREFIX):
                inner = _enter(flat, path, entry, inputs=inputs, chain=scope.chain, library=library)
                waiting.extend(() if inner is None else (inner,))
            else:
                flat.nodes[path] = FlatNode(path, entry.type, inputs, entry.zip, entry.mode is not None)
        if len(flat.nodes) + len(flat.workflows) + len(flat.off) > LARGEST_GRAPH:
            flat.problems.append(GraphTooLargeError(limit=LARGEST_GRAPH).problem())
            break
    return flat


def _inputs(entry: NodeEntry, scope: _Scope, given: Mapping[str, FlatInput] | None) -> dict[str, FlatInput]:
    inputs = {name: _flat(value, scope.prefix) for name, value in entry.inputs.items()}
    if given:
        inputs.update(given)
    return inputs


def _flat(value: InputValue, prefix: str) -> FlatInput:
    if isinstance(value, Link):
        return Source(prefix + value.node, value.output)
    if isinstance(value, list) and any(isinstance(item, Link) for item in value):
        return tuple(
            Source(prefix + item.node, item.output) if isinstance(item, Link) else Constant(item)
            for item in value
        )
    return value  # type: ignore[return-value]


def _enter(
    flat: Flat,
    id: str,
    entry: NodeEntry,
    *,
    inputs: Mapping[str, FlatInput],
    chain: tuple[str, ...],
    library: Library,
) -> _Scope | None:
    """Give the scope inside a workflow node, or None with the reason among the problems."""
    name = entry.type.removeprefix(WORKFLOW_PREFIX)
    flat.workflows[id] = name
    if name in chain:
        loop = (*chain[chain.index(name) :], name)
        flat.problems.append(WorkflowRecursionError(path=loop).problem(node=id))
        return None
    volume = library.volume(name)
    flat.problems.extend(_inside(problem, id) for problem in volume.problems)
    if volume.document is None:
        return None
    inner = volume.document
    if entry.zip:
        flat.problems.append(
            ZipInvalidError(
                fault=f'"{id}" is a workflow, and workflows do not zip',
                hint="Put the zip group on the node inside that maps.",
            ).problem(node=id)
        )
    for unknown in [given for given in inputs if given not in inner.inputs]:
        error = InputUnknownError(name=unknown, owner=f'The workflow "{name}"', known=inner.inputs)
        flat.problems.append(error.problem(node=id, input=unknown))
    for output, output_port in inner.outputs.items():
        node, socket = split_socket(output_port.from_)
        flat.aliases[id, output] = Source(f"{id}/{node}", socket)
    return _Scope(inner, f"{id}/", (*chain, name), _given(flat, id, inner, inputs))


def _given(
    flat: Flat, id: str, inner: Document, inputs: Mapping[str, FlatInput]
) -> dict[str, dict[str, FlatInput]]:
    """Sort what a workflow node is given by the nodes inside that receive it."""
    given: dict[str, dict[str, FlatInput]] = {}
    for outer, target in ((name, to) for name, port in inner.inputs.items() for to in port.to):
        node, taken = split_socket(target)
        flat.exposed[f"{id}/{node}", taken] = Exposure(id, outer, is_given=outer in inputs)
        if outer in inputs:
            given.setdefault(node, {})[taken] = inputs[outer]
    return given


def _inside(problem: Problem, id: str) -> Problem:
    """Report a problem of a saved workflow under the node that uses it."""
    return Problem(
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        node=id if problem.node is None else f"{id}/{problem.node}",
        input=problem.input,
        severity=problem.severity,
        details=problem.details,
    )
