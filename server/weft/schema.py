"""What is known of a node type without its function: plain data that travels as JSON."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeAlias

from weft.errors import JSON
from weft.sockets import SocketType, is_optional, parse_type
from weft.widgets import Widget, shown, widget_from_json

Lane: TypeAlias = Literal["inline", "cpu", "device", "io"]
"""Where a node runs: at once on the event loop, in threads, in the device's one thread, or waiting."""


class Missing(enum.Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""Stands where an input has no default; None is a default like any other."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A trait's value that depends on the file chosen in an input.

    Attributes:
        input: Name of an input with a `ModelFile` or `ImageFile` widget.
        trait: Name of the trait in that file's listing.
    """

    input: str
    trait: str


ALTERNATIVES: Final = ", "
"""Stands between the alternatives of a trait's value; two values agree that share one."""

TOGETHER: Final = " + "
"""Stands between variables of which an output has what is known of each: once where they are equal."""

TraitValue: TypeAlias = str | Listed
"""A constant, a ``$Variable`` that is the same in the whole node, or what a listing says."""

Traits: TypeAlias = Mapping[str, TraitValue]
"""Values by name of trait, such as ``{"family": "$F", "space": "sdxl"}``."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A warning that a number or a text does not suit what is connected; it stops no run.

    Attributes:
        most: The largest number that suits it; of a text, the largest number of letters.
        source: Name of the input whose trait is looked at.
        trait: Name of the trait.
        value: What the trait must be for the warning to be given.
        reason: What such a thing is like, as it follows its name: "was made for few steps".
        hint: What to do, as a sentence.
        beside: Name of an input without whose link the number has no effect; empty where it always has one.
    """

    most: float
    source: str
    trait: str
    value: str
    reason: str
    hint: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class InputSchema:
    """One input of a node type.

    Attributes:
        name: The parameter's name.
        type: What may be connected.
        required: Whether it must be connected or entered.
        default: The value where it is neither; `MISSING` for a required input.
        widget: How a value is entered; None where only a link will do.
        doc: The parameter's documentation.
        lazy: Whether it is evaluated only when the node awaits it.
        traits: What is required of what is connected.
        advice: What is said of numbers that do not suit what other inputs are given.
    """

    name: str
    type: SocketType
    required: bool = True
    default: JSON | Missing = MISSING
    widget: Widget | None = None
    doc: str = ""
    lazy: bool = False
    traits: Traits = field(default_factory=dict, hash=False)
    advice: tuple[Advice, ...] = ()

    @property
    def link_only(self) -> bool:
        """Whether no value can be entered."""
        return self.widget is None

    def check(self, value: JSON) -> str | None:
        """Give the reason why an entered value is refused, or None where it is accepted.

        Whether a word is among dynamic choices is not checked here; see `Catalog.choices`.
        """
        if value is None and is_optional(self.type):
            return None
        if self.widget is None:
            return f"is {shown(value)}, but takes a link from an output of type {self.type}"
        return self.widget.check(value)

    def json_schema(self) -> dict[str, JSON] | None:
        """Give the JSON Schema of the values that can be entered; None where none can."""
        if self.widget is None:
            return None
        found = self.widget.json_schema()
        if is_optional(self.type):
            found = {"anyOf": [found, {"type": "null"}]}
        if self.doc:
            found["description"] = self.doc
        if self.default is not MISSING:
            found["default"] = self.default
        return found

    def to_json(self) -> dict[str, JSON]:
        """Give the input as a JSON object; `default` is absent where there is none."""
        found: dict[str, JSON] = {
            "name": self.name,
            "type": str(self.type),
            "required": self.required,
            "widget": None if self.widget is None else self.widget.to_json(),
            "doc": self.doc,
            "lazy": self.lazy,
            "link_only": self.link_only,
            "traits": _traits_to_json(self.traits),
            "advice": [asdict(advice) for advice in self.advice],
        }
        if self.default is not MISSING:
            found["default"] = self.default
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> InputSchema:
        """Read an input from its JSON object."""
        return cls(
            name=data["name"],
            type=parse_type(data["type"]),
            required=data["required"],
            default=data.get("default", MISSING),
            widget=None if data["widget"] is None else widget_from_json(data["widget"]),
            doc=data["doc"],
            lazy=data["lazy"],
            traits=_traits_from_json(data["traits"]),
            # A catalogue that an earlier version left behind has none.
            advice=tuple(Advice(**entry) for entry in data.get("advice", ())),
        )


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """One output of a node type.

    Attributes:
        name: Its name in links.
        type: What it produces.
        doc: Its documentation.
        traits: What is known of what it produces.
    """

    name: str
    type: SocketType
    doc: str = ""
    traits: Traits = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, JSON]:
        """Give the output as a JSON object."""
        return {
            "name": self.name,
            "type": str(self.type),
            "doc": self.doc,
            "traits": _traits_to_json(self.traits),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OutputSchema:
        """Read an output from its JSON object."""
        traits = _traits_from_json(data["traits"])
        return cls(name=data["name"], type=parse_type(data["type"]), doc=data["doc"], traits=traits)


@dataclass(frozen=True, slots=True)
class NodeSchema:
    """A node type as the check, the editor and the API see it.

    Attributes:
        type: Name in documents: ``area.verb``, or ``pack:area.verb``.
        version: Counts the changes that old documents must be migrated over, from 1.
        title: Name shown to the user.
        category: The area, by which menus are sorted.
        summary: First sentence of the help.
        doc: The help text.
        inputs: Its inputs in the order they are shown.
        outputs: Its outputs in the order they are shown.
        pure: Whether equal inputs always give equal outputs; an impure node always runs.
        lane: Where it runs.
        sink: Whether it has an effect outside, and so is a target of a run by itself.
        is_async: Whether it is written as ``async def``.
        streams: Whether it yields the items of its only output one by one.
        has_fingerprint: Whether outside state is part of its key.
        hints: What to do where a trait is not what it must be, by name of trait.
        pack: Name of the pack that offers it; empty before it is registered.
        code_digest: Hash of its module's source and of what that imports from its pack.
    """

    type: str
    version: int
    title: str
    category: str
    summary: str
    doc: str
    inputs: tuple[InputSchema, ...]
    outputs: tuple[OutputSchema, ...]
    pure: bool = True
    lane: Lane = "cpu"
    sink: bool = False
    is_async: bool = False
    streams: bool = False
    has_fingerprint: bool = False
    hints: Mapping[str, str] = field(default_factory=dict, hash=False)
    pack: str = ""
    code_digest: str = ""

    def input(self, name: str) -> InputSchema | None:
        """Give the input of that name; None where there is none."""
        return next((found for found in self.inputs if found.name == name), None)

    def output(self, name: str) -> OutputSchema | None:
        """Give the output of that name; None where there is none."""
        return next((found for found in self.outputs if found.name == name), None)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the values that can be entered, as if none of these inputs were linked."""
        found = {entry.name: entry.json_schema() for entry in self.inputs}
        properties: dict[str, JSON] = {name: schema for name, schema in found.items() if schema is not None}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
            "description": self.summary,
            "type": "object",
            "properties": properties,
            "required": [entry.name for entry in self.inputs if entry.required and not entry.link_only],
            "additionalProperties": False,
        }

    def to_json(self) -> dict[str, JSON]:
        """Give the node type as a JSON object."""
        return {
            "type": self.type,
            "version": self.version,
            "title": self.title,
            "category": self.category,
            "summary": self.summary,
            "doc": self.doc,
            "inputs": [entry.to_json() for entry in self.inputs],
            "outputs": [entry.to_json() for entry in self.outputs],
            "pure": self.pure,
            "lane": self.lane,
            "sink": self.sink,
            "is_async": self.is_async,
            "streams": self.streams,
            "has_fingerprint": self.has_fingerprint,
            "hints": dict(self.hints),
            "pack": self.pack,
            "code_digest": self.code_digest,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NodeSchema:
        """Read a node type from its JSON object; the inverse of `to_json`."""
        plain = {key: content for key, content in data.items() if key not in ("inputs", "outputs")}
        return cls(
            inputs=tuple(InputSchema.from_json(entry) for entry in data["inputs"]),
            outputs=tuple(OutputSchema.from_json(entry) for entry in data["outputs"]),
            **plain,
        )


def _traits_to_json(traits: Traits) -> dict[str, JSON]:
    return {
        name: {"listed": {"input": found.input, "trait": found.trait}} if isinstance(found, Listed) else found
        for name, found in traits.items()
    }


def _traits_from_json(data: Mapping[str, Any]) -> dict[str, TraitValue]:
    return {
        name: found if isinstance(found, str) else Listed(found["listed"]["input"], found["listed"]["trait"])
        for name, found in data.items()
    }
