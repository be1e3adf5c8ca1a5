"""Do the inputs and outputs of a workflow lead to sockets that exist and agree?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from weft.errors import suggest
from weft.graph.document import WORKFLOW_PREFIX, Document, NodeEntry, split_socket
from weft.graph.faults import PortConflictError, PortInvalidError
from weft.graph.library import Library
from weft.graph.ports import inner_inputs, shared_type

PortFault: TypeAlias = PortInvalidError | PortConflictError


def port_faults(document: Document, library: Library) -> tuple[PortFault, ...]:
    """Check where the inputs and outputs of one document lead.

    Args:
        document: The workflow, with its nodes in their installed versions.
        library: The saved workflows that it may use.

    Returns:
        One error for each end that leads nowhere, for each socket that two inputs feed, and for each
        input whose sockets no single value fits.
    """
    return (*_input_faults(document, library), *_output_faults(document, library))


def _input_faults(document: Document, library: Library) -> Iterator[PortFault]:
    fed: dict[str, str] = {}
    for name, socket in ((name, to) for name, port in document.inputs.items() for to in port.to):
        target, taken = split_socket(socket)
        entry = document.nodes.get(target)
        if socket in fed:
            fault = f'feeds {socket}, which the input "{fed[socket]}" feeds already'
            yield PortInvalidError(kind="input", name=name, fault=fault, hint="Keep one of them.")
        fed[socket] = name
        if entry is None:
            yield _leads_nowhere("input", name, target, known=document.nodes)
            continue
        known = _inputs_of(entry, library)
        if known is not None and taken not in known:
            fault = f'leads to {socket}, but "{target}" ({entry.type}) has no input "{taken}"'
            hint = suggest(taken, known) or "Correct or remove it."
            yield PortInvalidError(kind="input", name=name, fault=fault, hint=hint)
    for name in document.inputs:
        sockets = inner_inputs(document, name, library)
        types = [socket.schema.type for socket in sockets]
        if len(types) > 1 and shared_type(types, library.catalog.supertypes) is None:
            listed = [(socket.path, str(socket.schema.type)) for socket in sockets]
            yield PortConflictError(name=name, sockets=listed)


def _output_faults(document: Document, library: Library) -> Iterator[PortInvalidError]:
    for name, port in document.outputs.items():
        source, output = split_socket(port.from_)
        entry = document.nodes.get(source)
        if entry is None:
            yield _leads_nowhere("output", name, source, known=document.nodes)
        elif entry.mode == "off":
            fault = f'comes from the node "{source}", which is switched off'
            hint = f'Switch "{source}" on, or remove the output.'
            yield PortInvalidError(kind="output", name=name, fault=fault, hint=hint)
        else:
            known = _outputs_of(entry, library)
            if known is not None and output not in known:
                fault = f'comes from {port.from_}, but "{source}" ({entry.type}) has no output "{output}"'
                hint = suggest(output, known) or "Correct or remove it."
                yield PortInvalidError(kind="output", name=name, fault=fault, hint=hint)


def _leads_nowhere(kind: str, name: str, target: str, *, known: Iterable[str]) -> PortInvalidError:
    hint = suggest(target, known) or "Correct or remove it."
    if kind == "input":
        fault = f'leads to the node "{target}", which does not exist'
        return PortInvalidError(kind="input", name=name, fault=fault, hint=hint)
    fault = f'comes from the node "{target}", which does not exist'
    return PortInvalidError(kind="output", name=name, fault=fault, hint=hint)


def _inputs_of(entry: NodeEntry, library: Library) -> tuple[str, ...] | Mapping[str, object] | None:
    """List the inputs of a node; None where its type is not known, which is a problem of its own."""
    if entry.type.startswith(WORKFLOW_PREFIX):
        inner = library.document(entry.type.removeprefix(WORKFLOW_PREFIX))
        return None if inner is None else inner.inputs
    schema = library.catalog.schema(entry.type)
    return None if schema is None else tuple(item.name for item in schema.inputs)


def _outputs_of(entry: NodeEntry, library: Library) -> tuple[str, ...] | Mapping[str, object] | None:
    if entry.type.startswith(WORKFLOW_PREFIX):
        inner = library.document(entry.type.removeprefix(WORKFLOW_PREFIX))
        return None if inner is None else inner.outputs
    schema = library.catalog.schema(entry.type)
    return None if schema is None else tuple(item.name for item in schema.outputs)
