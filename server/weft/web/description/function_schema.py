"""What a saved workflow takes as a function, as a JSON Schema made from its signature."""

from __future__ import annotations

from dataclasses import dataclass

from weft.errors import JSON, WeftError
from weft.graph.document import Document
from weft.graph.signature import Signature, SignatureInput, signature
from weft.graph.workflows import WorkflowSource
from weft.registry import Catalog
from weft.schema import MISSING
from weft.sockets import is_optional
from weft.web.description.model_schemas import Schema
from weft.widgets import Choice, ModelFile


@dataclass(frozen=True, slots=True)
class Function:
    """A saved workflow that can be called by name.

    Attributes:
        name: Its name.
        document: The workflow.
        signature: Its inputs and outputs.
    """

    name: str
    document: Document
    signature: Signature

    @property
    def is_callable(self) -> bool:
        """Whether JSON can hold all that it needs."""
        return all(not entry.required or entry.widget for entry in self.signature.inputs.values())


def read_functions(source: WorkflowSource, catalog: Catalog) -> tuple[Function, ...]:
    """Read all saved workflows as functions.

    Args:
        source: The saved workflows.
        catalog: The installed node types.

    Returns:
        Those that have a signature; one that is malformed or uses what is not installed is left out, since
        the list must not break with one of its entries.
    """
    found: list[Function] = []
    for name in source.names():
        try:
            document = source.load(name)
            found.append(Function(name, document, signature(document, catalog, source)))
        except WeftError:
            continue
    return tuple(found)


def function_schema(function: Function, catalog: Catalog) -> Schema:
    """Describe the inputs of a workflow.

    Args:
        function: The workflow.
        catalog: What its choices and model files are looked up in.

    Returns:
        The JSON Schema of an object with one property for each input.
    """
    inputs = {name: entry for name, entry in function.signature.inputs.items() if entry.widget is not None}
    properties: dict[str, JSON] = {name: _input_schema(entry, catalog) for name, entry in inputs.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name, entry in inputs.items() if entry.required],
        "additionalProperties": False,
    }


def _input_schema(entry: SignatureInput, catalog: Catalog) -> Schema:
    found: Schema = {} if entry.widget is None else entry.widget.json_schema()
    offered = _offered(entry, catalog)
    if offered:
        found["enum"] = list(offered)
    if is_optional(entry.type):
        found = {"anyOf": [found, {"type": "null"}]}
    if entry.title != entry.name:
        found["title"] = entry.title
    if entry.doc:
        found["description"] = entry.doc
    if entry.default is not MISSING:
        found["default"] = entry.default
    return found


def _offered(entry: SignatureInput, catalog: Catalog) -> tuple[str, ...]:
    """Give the words that there are to choose from now; none where the widget takes any."""
    try:
        if isinstance(entry.widget, Choice):
            return catalog.choices(entry.widget.provider)
        if isinstance(entry.widget, ModelFile):
            return tuple(catalog.listing(entry.widget.listing))
    except WeftError:
        # What offers the words is broken, which the list of packs says; any word can be sent, and the
        # check of the call answers.
        return ()
    return ()
