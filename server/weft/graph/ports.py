"""Where the inputs and outputs of a workflow lead, through any number of workflows inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weft.graph.document import WORKFLOW_PREFIX, Document, InputValue, split_socket
from weft.graph.library import Library
from weft.schema import MISSING, InputSchema, Missing, OutputSchema
from weft.sockets import SocketType, Supertypes, fits, variables_in


@dataclass(frozen=True, slots=True)
class InnerInput:
    """A socket that an input of a workflow feeds in the end.

    Attributes:
        path: Its place, such as ``outer/inner.input``.
        schema: What its node says of it.
        given: What stands there when the workflow's input is left alone; MISSING where nothing does.
    """

    path: str
    schema: InputSchema
    given: InputValue | Missing


def inner_inputs(document: Document, name: str, library: Library) -> tuple[InnerInput, ...]:
    """Follow an input of a workflow to the sockets of real nodes.

    Args:
        document: The workflow, with its nodes in their installed versions.
        name: One of its inputs.
        library: The saved workflows that it may use.

    Returns:
        The sockets, in the order of the port; those that do not exist are left out.
    """
    found: list[InnerInput] = []
    seen: set[tuple[int, str]] = set()
    waiting: list[tuple[Document, str, str, InputValue | Missing]] = [
        (document, socket, "", MISSING) for socket in reversed(document.inputs[name].to)
    ]
    while waiting:
        inside, socket, prefix, outer = waiting.pop()
        node, input_name = split_socket(socket)
        entry = inside.nodes.get(node)
        if entry is None or (id(inside), socket) in seen:
            continue
        seen.add((id(inside), socket))
        given = outer if outer is not MISSING else entry.inputs.get(input_name, MISSING)
        if entry.type.startswith(WORKFLOW_PREFIX):
            inner = library.document(entry.type.removeprefix(WORKFLOW_PREFIX))
            port = None if inner is None else inner.inputs.get(input_name)
            if inner is not None and port is not None:
                waiting.extend((inner, target, f"{prefix}{node}/", given) for target in reversed(port.to))
            continue
        schema = library.catalog.schema(entry.type)
        matching = () if schema is None else (item for item in schema.inputs if item.name == input_name)
        found.extend(InnerInput(f"{prefix}{socket}", item, given) for item in matching)
    return tuple(found)


def inner_output(document: Document, name: str, library: Library) -> OutputSchema | None:
    """Follow an output of a workflow to the output of a real node.

    Args:
        document: The workflow, with its nodes in their installed versions.
        name: One of its outputs.
        library: The saved workflows that it may use.

    Returns:
        What the node says of that output; None where the port leads nowhere.
    """
    seen: set[tuple[int, str]] = set()
    while name in document.outputs and (id(document), name) not in seen:
        seen.add((id(document), name))
        node, output = split_socket(document.outputs[name].from_)
        entry = document.nodes.get(node)
        if entry is None:
            return None
        if not entry.type.startswith(WORKFLOW_PREFIX):
            schema = library.catalog.schema(entry.type)
            outputs = () if schema is None else schema.outputs
            return next((item for item in outputs if item.name == output), None)
        inner = library.document(entry.type.removeprefix(WORKFLOW_PREFIX))
        if inner is None:
            return None
        document, name = inner, output
    return None


def shared_type(types: Sequence[SocketType], supertypes: Supertypes) -> SocketType | None:
    """Find the type whose values fit all of several sockets.

    Args:
        types: Types of the sockets, at least one.
        supertypes: All value types above each value type.

    Returns:
        The first type that fits every other as it stands or wrapped into a list; None where there is none.
        Type variables fit whatever the others are.
    """
    fixed = [found for found in types if not variables_in(found)]
    for candidate in fixed:
        if all(fits(candidate, other, supertypes).verdict not in ("no", "map") for other in fixed):
            return candidate
    return None if fixed else types[0]
