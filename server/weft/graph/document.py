"""The workflow document: what is saved, sent and submitted, as typed values.

A link is ``{"from": "node.output"}``; anything else is a value. Reading refuses every malformed
document with all its problems at once, and writing gives back what was read.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from weft.errors import JSON, GraphError, ProblemsError
from weft.graph.faults import JSONUnreadableError
from weft.graph.migrations import NEWEST_DOCUMENT_VERSION, migrate_document
from weft.graph.wording import problems_of, repeated_key_problems

DEEPEST_NESTING = 100
"""Values nested deeper than this many lists and objects are refused; nobody wrote them on purpose."""

WORKFLOW_PREFIX = "workflow:"
"""A node whose type begins so is a saved workflow."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input gets its value from: an output of another node of the same document."""

    node: str
    output: str

    def __str__(self) -> str:
        """Give the text form, ``node.output``."""
        return f"{self.node}.{self.output}"

    def to_json(self) -> dict[str, JSON]:
        """Give the link as it stands in a document."""
        return {"from": f"{self.node}.{self.output}"}


InputValue: TypeAlias = "Link | JSON | list[Link | JSON]"
"""What a document may give to an input: a link, a value, or a list that may hold links."""


def _refuse(fault: str, hint: str = "") -> PydanticCustomError:
    # Braces would be taken for a template of pydantic's.
    return PydanticCustomError("weft", "{fault}", {"fault": fault, "hint": hint})


def _read_json(value: object) -> JSON:
    """Give a value back if JSON can write it; its parts are looked at without recursion."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if item is None or isinstance(item, str | int):
            continue
        if isinstance(item, float):
            if not math.isfinite(item):
                raise _refuse(f"holds {item}, which is not a finite number")
        elif depth >= DEEPEST_NESTING:
            raise _refuse(f"is nested deeper than {DEEPEST_NESTING} levels")
        elif isinstance(item, dict) and all(isinstance(key, str) for key in item):
            waiting.extend((part, depth + 1) for part in item.values())
        elif isinstance(item, list):
            waiting.extend((part, depth + 1) for part in item)
        else:
            raise _refuse(f"holds a {type(item).__name__}, which JSON cannot write")
    return value  # type: ignore[return-value]


def _read_link_or_value(value: object) -> Link | JSON:
    if not (isinstance(value, dict) and len(value) == 1 and isinstance(value.get("from"), str)):
        return _read_json(value)
    text = value["from"]
    node, _, output = text.partition(".")
    if not node or not output or "." in output or "/" in text:
        raise _refuse(f'has the link "{text}"', 'A link is written {"from": "node.output"}.')
    return Link(node, output)


def read_input(value: object) -> InputValue:
    """Read what a document gives to an input, the inverse of `input_to_json`.

    Args:
        value: Parsed JSON.

    Returns:
        A link, a value, or a list that may hold links.

    Raises:
        PydanticCustomError: The value holds what JSON cannot write, or a malformed link.
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list):
        return [_read_link_or_value(item) for item in value]
    return _read_link_or_value(value)


_Name = Annotated[str, StringConstraints(pattern=r"^[^./]+$")]
_Socket = Annotated[str, StringConstraints(pattern=r"^[^./]+\.[^./]+$")]
if TYPE_CHECKING:
    _Input: TypeAlias = InputValue
    _Json: TypeAlias = JSON
else:
    # pydantic would unfold the recursive alias; these two functions are the whole validation.
    _Input = Annotated[object, PlainValidator(read_input)]
    _Json = Annotated[object, PlainValidator(_read_json)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class NodeEntry(_Part):
    """One node of a document.

    Attributes:
        type: Node type such as ``latent.sample``, or ``workflow:NAME`` for a saved workflow.
        version: Version of the node type that the inputs were written for, from 1.
        inputs: Links and values by input name.
        mode: ``bypass`` passes an input through, ``off`` leaves the node out; None runs it.
        zip: Groups of inputs that advance together where they map over lists.
    """

    type: Annotated[str, StringConstraints(min_length=1)]
    version: Annotated[int, Field(ge=1)] = 1
    inputs: dict[_Name, _Input] = Field(default_factory=dict)
    mode: Literal["bypass", "off"] | None = None
    zip: list[list[str]] = Field(default_factory=list)

    def to_json(self) -> dict[str, JSON]:
        """Give the node as it stands in a document."""
        result: dict[str, JSON] = {
            "type": self.type,
            "version": self.version,
            "inputs": {name: input_to_json(value) for name, value in self.inputs.items()},
        }
        if self.mode is not None:
            result["mode"] = self.mode
        if self.zip:
            result["zip"] = [list(group) for group in self.zip]
        return result


class InputPort(_Part):
    """An input of the workflow itself.

    Attributes:
        to: The sockets it feeds, each ``node.input``.
        title: What a form calls it; empty means its name.
        description: Its help; empty means the help of the first socket.
    """

    to: Annotated[list[_Socket], Field(min_length=1)]
    title: str = ""
    description: str = ""

    def to_json(self) -> dict[str, JSON]:
        """Give the port as it stands in a document."""
        return {"to": list(self.to), **_words(self.title, self.description)}


class OutputPort(_Part):
    """An output of the workflow itself.

    Attributes:
        from_: The output it hands out, ``node.output``.
        title: What a form calls it; empty means its name.
        description: Its help; empty means the help of the output.
    """

    from_: Annotated[_Socket, Field(alias="from")]
    title: str = ""
    description: str = ""

    def to_json(self) -> dict[str, JSON]:
        """Give the port as it stands in a document."""
        return {"from": self.from_, **_words(self.title, self.description)}


class Document(_Part):
    """A workflow as it is saved and submitted.

    Attributes:
        weft: Version of the document format.
        title: What people call the workflow.
        description: What it is for.
        inputs: Its own inputs by name.
        outputs: Its own outputs by name.
        nodes: Its nodes by id; an id is not empty and holds neither ``.`` nor ``/``.
        view: How an editor shows it. Kept as it is; it never changes a result.
        workflows: Workflows that the nodes use, by name, carried along so that the document is complete by
            itself, as in a picture. They come before saved workflows of the same name.
    """

    weft: Annotated[int, Field(ge=1, le=NEWEST_DOCUMENT_VERSION)]
    title: str = ""
    description: str = ""
    inputs: dict[_Name, InputPort] = Field(default_factory=dict)
    outputs: dict[_Name, OutputPort] = Field(default_factory=dict)
    nodes: dict[_Name, NodeEntry] = Field(default_factory=dict)
    view: dict[str, _Json] = Field(default_factory=dict)
    workflows: dict[str, Document] = Field(default_factory=dict)

    @field_validator("workflows")
    @classmethod
    def _carry_one_level(cls, workflows: dict[str, Document]) -> dict[str, Document]:
        for name, document in workflows.items():
            if document.workflows:
                raise _refuse(
                    f'holds "{name}", which carries workflows of its own', "Carry all of them here."
                )
        return workflows

    def to_json(self) -> dict[str, JSON]:
        """Give the document as JSON; reading it again gives an equal document."""
        result: dict[str, JSON] = {"weft": self.weft, **_words(self.title, self.description)}
        result["inputs"] = {name: port.to_json() for name, port in self.inputs.items()}
        result["outputs"] = {name: port.to_json() for name, port in self.outputs.items()}
        result["nodes"] = {name: entry.to_json() for name, entry in self.nodes.items()}
        if self.view:
            result["view"] = dict(self.view)
        if self.workflows:
            result["workflows"] = {name: document.to_json() for name, document in self.workflows.items()}
        return result


def input_to_json(value: InputValue) -> JSON:
    """Give a link or value as it stands in a document."""
    if isinstance(value, Link):
        return value.to_json()
    if isinstance(value, list):
        return [item.to_json() if isinstance(item, Link) else item for item in value]
    return value


def split_socket(socket: str) -> tuple[str, str]:
    """Split ``node.input`` or ``node.output`` into its two names."""
    node, _, name = socket.partition(".")
    return node, name


def parse_document(data: str | bytes | Mapping[str, JSON]) -> Document:
    """Read a workflow document of this version or an older one.

    Args:
        data: JSON text, its UTF-8 bytes, or the object it describes.

    Returns:
        The document, in the newest version.

    Raises:
        ProblemsError: The text is not JSON, or the document is malformed; holds every problem.
    """
    tree = read_json(data) if isinstance(data, str | bytes) else data
    if isinstance(tree, Mapping):
        try:
            tree = migrate_document(tree)
        except GraphError as error:
            raise ProblemsError([error.problem()]) from error
    try:
        return Document.model_validate(tree)
    except ValidationError as error:
        raise ProblemsError(problems_of(error)) from None


class _Repeating(dict[str, object]):
    """A JSON object that gives the same key twice; `repeated` names the keys."""

    repeated: tuple[str, ...] = ()


def read_json(data: str | bytes) -> object:
    """Read JSON whose objects give every key once.

    Args:
        data: JSON text, or its UTF-8 bytes.

    Raises:
        ProblemsError: The text is not JSON, or an object gives a key twice; holds every problem.
    """
    is_repeating = False

    def read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal is_repeating
        result = dict(pairs)
        if len(result) == len(pairs):
            return result
        is_repeating = True
        counts = Counter(key for key, _ in pairs)
        found = _Repeating(result)
        found.repeated = tuple(key for key, count in counts.items() if count > 1)
        return found

    try:
        tree: object = json.loads(data, object_pairs_hook=read_object)
    except json.JSONDecodeError as error:
        unreadable = JSONUnreadableError(fault=error.msg.lower(), line=error.lineno, column=error.colno)
        raise ProblemsError([unreadable.problem()]) from None
    except (ValueError, RecursionError) as error:
        fault = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ProblemsError([JSONUnreadableError(fault=fault).problem()]) from None
    if is_repeating:
        raise ProblemsError(repeated_key_problems(tree))
    return tree


def _words(title: str, description: str) -> dict[str, JSON]:
    words: dict[str, JSON] = {}
    if title:
        words["title"] = title
    if description:
        words["description"] = description
    return words
