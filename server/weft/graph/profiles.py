"""What the check needs to know of a node type, looked up once per check instead of once per node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from weft.errors import JSON
from weft.graph.document import Document
from weft.graph.library import Library
from weft.graph.literals import canonical
from weft.graph.ports import inner_inputs, inner_output, shared_type
from weft.registry import Catalog
from weft.schema import MISSING, InputSchema, NodeSchema, OutputSchema
from weft.sockets import Named, SocketType, Supertypes, fits, substitute, variables_in, without_null


@dataclass(frozen=True, slots=True)
class Profile:
    """One node type, or one workflow used as a node.

    Attributes:
        schema: Its schema; None for a workflow.
        inputs: Its inputs by name, in the order of the schema.
        outputs: Types of its outputs by name.
        required: Names of the inputs that must be given.
        defaults: Values of the inputs that need not be given, in canonical form.
        is_generic: Whether type variables occur in it.
    """

    schema: NodeSchema | None
    inputs: Mapping[str, InputSchema]
    outputs: Mapping[str, SocketType]
    required: tuple[str, ...]
    defaults: Mapping[str, JSON]
    is_generic: bool

    def stand_in(self, output: str, supertypes: Supertypes) -> str | None:
        """Give the input that takes an output's place when the node is bypassed.

        Args:
            output: Name of one of its outputs.
            supertypes: All value types above each value type.

        Returns:
            The first input, in the order of the schema, whose values fit wherever the output's do; None
            where there is none.
        """
        produced = _closed(self.outputs[output])
        for name, schema in self.inputs.items():
            taken = _closed(without_null(schema.type))
            if fits(taken, produced, supertypes).verdict not in ("no", "wrap", "map"):
                return name
        return None


class Profiles:
    """The profiles of one check, each made on first use.

    Args:
        catalog: The installed node types.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._known: dict[str, Profile | None] = {}

    def of(self, type: str) -> Profile | None:
        """Give the profile of a node type; None where it is not installed."""
        try:
            return self._known[type]
        except KeyError:
            schema = self.catalog.schema(type)
            found = None if schema is None else _profile(schema.inputs, schema.outputs, schema)
            self._known[type] = found
            return found


def workflow_profile(document: Document, library: Library) -> Profile:
    """Give the profile of a workflow used as a node, as far as its ports lead to sockets."""
    inputs: list[InputSchema] = []
    for name in document.inputs:
        sockets = inner_inputs(document, name, library)
        if not sockets:
            continue
        shared = shared_type([socket.schema.type for socket in sockets], library.catalog.supertypes)
        first = sockets[0].schema
        inputs.append(replace(first, name=name, type=shared or first.type))
    outputs = ((name, inner_output(document, name, library)) for name in document.outputs)
    return _profile(inputs, [replace(found, name=name) for name, found in outputs if found is not None], None)


def _closed(type: SocketType) -> SocketType:
    """Give the type with its variables as types of their own, which only the same variable fits."""
    return substitute(type, {name: Named(f"${name}") for name in variables_in(type)})


def _profile(
    inputs: tuple[InputSchema, ...] | list[InputSchema],
    outputs: tuple[OutputSchema, ...] | list[OutputSchema],
    schema: NodeSchema | None,
) -> Profile:
    return Profile(
        schema=schema,
        inputs={item.name: item for item in inputs},
        outputs={item.name: item.type for item in outputs},
        required=tuple(item.name for item in inputs if item.required),
        defaults={
            item.name: canonical(item.type, item.default) for item in inputs if item.default is not MISSING
        },
        is_generic=any(variables_in(item.type) for item in (*inputs, *outputs)),
    )
