"""Nodes that were saved with an older version of their type, brought up to the installed one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from weft.errors import JSON, MigrationFailedError, Problem, WeftError
from weft.graph.document import Document, InputPort, NodeEntry, input_to_json, read_input, split_socket
from weft.graph_errors import NodeVersionError
from weft.registry import Catalog
from weft.schema import NodeSchema

_PROBE = "probe.probe"
"""A link sent through a migration to see where it comes out; whether such a node exists does not matter."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """A document whose nodes have the installed versions, and what stood in the way."""

    document: Document
    problems: tuple[Problem, ...]


def migrate_nodes(document: Document, catalog: Catalog) -> Migrated:
    """Bring every node of a document to the installed version of its type.

    Nodes of unknown types and nodes that are off stay as they are. Where a migration renames an input,
    the workflow's own inputs and the zip groups follow.

    Args:
        document: A document of the newest format.
        catalog: The installed node types.

    Returns:
        The document, the same object where nothing was to be done, with one problem for each node that
        is newer than what is installed or whose migration failed.
    """
    changed: dict[str, NodeEntry] = {}
    renamed: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    ported = _ported_inputs(document)
    for name, entry in document.nodes.items():
        schema = catalog.schema(entry.type)
        if schema is None or schema.version == entry.version or entry.mode == "off":
            continue
        try:
            fresh, moves = _migrate(entry, schema, catalog, named=ported.get(name, ()))
        except WeftError as error:
            problems.append(error.problem(node=name))
            continue
        changed[name] = fresh
        renamed.update(((name, old), new) for old, new in moves.items())
    if not changed:
        return Migrated(document, tuple(problems))
    update: dict[str, object] = {"nodes": {**document.nodes, **changed}}
    if renamed:
        update["inputs"] = {name: _follow(port, renamed) for name, port in document.inputs.items()}
    return Migrated(document.model_copy(update=update), tuple(problems))


def _ported_inputs(document: Document) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for port in document.inputs.values():
        for socket in port.to:
            node, name = split_socket(socket)
            found.setdefault(node, set()).add(name)
    return found


def _migrate(
    entry: NodeEntry, schema: NodeSchema, catalog: Catalog, *, named: Iterable[str]
) -> tuple[NodeEntry, dict[str, str]]:
    """Give the entry in the installed version, and the new names of its inputs that others mention."""
    if entry.version > schema.version:
        raise NodeVersionError(type=entry.type, found=entry.version, newest=schema.version)
    old = {name: input_to_json(value) for name, value in entry.inputs.items()}
    new = catalog.migrate(entry.type, entry.version, old)
    moves: dict[str, str] = {}
    for name in {*named, *(member for group in entry.zip for member in group)}:
        target = _new_name(entry, name, old, catalog)
        if target != name:
            moves[name] = target
    try:
        inputs = {name: read_input(value) for name, value in new.items()}
    except PydanticCustomError as error:
        raise MigrationFailedError(type=entry.type, version=entry.version, cause=error) from error
    fresh = entry.model_copy(
        update={
            "version": schema.version,
            "inputs": inputs,
            "zip": [[moves.get(member, member) for member in group] for group in entry.zip],
        }
    )
    return fresh, moves


def _new_name(entry: NodeEntry, name: str, inputs: dict[str, JSON], catalog: Catalog) -> str:
    """Find out what a migration calls an input now: send a link through it and see where it comes out."""
    try:
        moved = catalog.migrate(entry.type, entry.version, {**inputs, name: {"from": _PROBE}})
    except WeftError:
        return name
    return next((new for new, value in moved.items() if value == {"from": _PROBE}), name)


def _follow(port: InputPort, renamed: dict[tuple[str, str], str]) -> InputPort:
    sockets = [split_socket(socket) for socket in port.to]
    return port.model_copy(
        update={"to": [f"{node}.{renamed.get((node, name), name)}" for node, name in sockets]}
    )
