"""Widgets: how a value is entered, and which values an input takes.

A widget is metadata of a parameter: ``Annotated[int, Slider(1, 200)]``. Its `check` never coerces: a bool is
not an int, "5" is not a number, and NaN and infinity are refused; only an int is accepted for a float. A
reason completes a sentence whose subject is the input: "is 40000, but must lie between 1 and 200".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from weft.errors import JSON, suggest

LARGEST_SEED = 2**63 - 1
"""The largest seed; torch generators take no larger one."""

SHOWN_CHARACTERS = 60
"""A value is quoted in a reason up to this length."""


@runtime_checkable
class Widget(Protocol):
    """What every widget can do."""

    kind: ClassVar[str]

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""

    def to_json(self) -> dict[str, JSON]:
        """Give the widget as a JSON object with its `kind`."""

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""


class _Jsonable:
    """Writes a widget's fields beside its kind, leaving out what is None."""

    __slots__ = ()
    kind: ClassVar[str]

    def to_json(self) -> dict[str, JSON]:
        """Give the widget as a JSON object with its `kind`."""
        found: dict[str, JSON] = {"kind": self.kind}
        for item in fields(self):  # type: ignore[arg-type]
            content = getattr(self, item.name)
            if content is not None:
                found[item.name] = list(content) if isinstance(content, tuple) else content
        return found


@dataclass(frozen=True, slots=True)
class Number(_Jsonable):
    """A number entered as text.

    Attributes:
        min: Smallest value accepted; None for no limit.
        max: Largest value accepted; None for no limit.
        step: What one press of an arrow key adds; values in between are accepted.
        integer: Whether only whole numbers are accepted; set from the annotation.
    """

    kind: ClassVar[str] = "number"
    min: float | None = None
    max: float | None = None
    step: float | None = None
    integer: bool = False

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_number(value, integer=self.integer, low=self.min, high=self.max)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return _number_schema(integer=self.integer, low=self.min, high=self.max)


@dataclass(frozen=True, slots=True)
class Slider(_Jsonable):
    """A number within a range, entered with a slider.

    Attributes:
        min: Smallest value accepted.
        max: Largest value accepted.
        step: Distance of the slider's positions; values in between are accepted.
        integer: Whether only whole numbers are accepted; set from the annotation.
    """

    kind: ClassVar[str] = "slider"
    min: float
    max: float
    step: float | None = None
    integer: bool = False

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_number(value, integer=self.integer, low=self.min, high=self.max)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return _number_schema(integer=self.integer, low=self.min, high=self.max)


@dataclass(frozen=True, slots=True)
class SeedWidget(_Jsonable):
    """A seed of random numbers: a whole number in 0..2**63-1, with a button that draws a new one."""

    kind: ClassVar[str] = "seed"

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_number(value, integer=True, low=0, high=LARGEST_SEED)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return _number_schema(integer=True, low=0, high=LARGEST_SEED)


Seed: TypeAlias = Annotated[int, SeedWidget()]
"""A seed of random numbers, 0..2**63-1."""


@dataclass(frozen=True, slots=True)
class Toggle(_Jsonable):
    """A switch: true or false."""

    kind: ClassVar[str] = "toggle"

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return None if isinstance(value, bool) else f"is {shown(value)}, but must be true or false"

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Text(_Jsonable):
    """Text.

    Attributes:
        multiline: Whether it may have several lines.
        placeholder: What the empty field shows.
        brackets: Brackets that must pair in it, each opening one before its closing one, such as `()[]`; one
            behind a backslash is a character like others. None where all are.
        literal_where: An input and a value of it with which all brackets are characters like others, such as
            `syntax=off`.
    """

    kind: ClassVar[str] = "text"
    multiline: bool = False
    placeholder: str = ""
    brackets: str | None = None
    literal_where: str | None = None

    def unpaired(self, text: str) -> str | None:
        """Give the reason why the brackets of a text do not pair, or None where they do."""
        closing = dict(zip(*[iter(self.brackets or "")] * 2, strict=True))
        waiting: list[tuple[str, int]] = []
        for found in re.finditer(r"\\?.", text, re.DOTALL):
            sign, at = found[0], found.start() + 1
            if sign in closing:
                waiting.append((sign, at))
            elif sign in closing.values():
                if not waiting or closing[waiting[-1][0]] != sign:
                    why = f"where '{waiting[-1][0]}' is open" if waiting else "without opening it"
                    return f"closes '{sign}' at character {at} {why}"
                waiting.pop()
        if not waiting:
            return None
        sign, at = waiting[-1]
        return f"opens '{sign}' at character {at} and never closes it"

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_text(value)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Options(_Jsonable):
    """One of a few fixed words; made from a `Literal` annotation.

    Attributes:
        options: The words, in the order they are shown.
    """

    kind: ClassVar[str] = "options"
    options: tuple[str, ...]

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return check_choice(value, self.options)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class Choice(_Jsonable):
    """One of the words that a function marked with ``@choices(provider)`` offers.

    `check` sees only that it is text; whether it is offered is known where the registry is.

    Attributes:
        provider: Name of the function that offers the words, such as ``samplers``.
    """

    kind: ClassVar[str] = "choice"
    provider: str

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_text(value)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "string", "x-choices": self.provider}


@dataclass(frozen=True, slots=True)
class ModelFile(_Jsonable):
    """One of the weight files that a function marked with ``@listing(listing)`` names.

    Attributes:
        listing: Kind of file, such as ``checkpoint``.
        folders: Where such files lie in a models folder: in one of these folders, or in itself where there
            are none.
    """

    kind: ClassVar[str] = "model-file"
    listing: str
    folders: tuple[str, ...] = ()

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_text(value)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "string", "x-listing": self.listing}


@dataclass(frozen=True, slots=True)
class ImageFile(_Jsonable):
    """One of the pictures in the input folder.

    Attributes:
        listing: Kind of file; the function marked with ``@listing("image")`` names them.
    """

    kind: ClassVar[str] = "image-file"
    listing: str = "image"

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        return _check_text(value)

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "string", "x-listing": self.listing}


_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class ColorPicker(_Jsonable):
    """A colour, written ``#rrggbb``."""

    kind: ClassVar[str] = "color"

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        if isinstance(value, str) and _COLOR.fullmatch(value):
            return None
        return f"is {shown(value)}, but must be a colour such as #ff8800"

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}


@dataclass(frozen=True, slots=True)
class JsonEditor(_Jsonable):
    """Any JSON value, entered as text."""

    kind: ClassVar[str] = "json"

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, dict) and all(isinstance(key, str) for key in item):
                pending.extend(item.values())
            elif isinstance(item, list):
                pending.extend(item)
            elif isinstance(item, float) and not math.isfinite(item):
                return f"holds {shown(item)}, but must be finite"
            elif not (item is None or isinstance(item, (bool, int, float, str))):
                return f"holds {shown(item)}, which is not JSON"
        return None

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {}


@dataclass(frozen=True, slots=True)
class Items:
    """A list, each item entered with the same widget; made from a ``list[...]`` annotation.

    Attributes:
        item: The widget of each item.
    """

    kind: ClassVar[str] = "items"
    item: Widget

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        if not isinstance(value, (list, tuple)):
            return f"is {shown(value)}, but must be a list"
        reasons = ((index, self.item.check(entry)) for index, entry in enumerate(value))
        return next(
            (f"has at index {index} an item that {reason}" for index, reason in reasons if reason), None
        )

    def to_json(self) -> dict[str, JSON]:
        """Give the widget as a JSON object with its `kind`."""
        return {"kind": self.kind, "item": self.item.to_json()}

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"type": "array", "items": self.item.json_schema()}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A value that one of several widgets accepts; made from a union of builtins.

    Attributes:
        widgets: The widgets, the first of which the editor shows at first.
    """

    kind: ClassVar[str] = "any-of"
    widgets: tuple[Widget, ...]

    def check(self, value: object) -> str | None:
        """Give the reason why the value is refused, or None where it is accepted."""
        reasons = [widget.check(value) for widget in self.widgets]
        if None in reasons:
            return None
        return " and ".join(reason for reason in reasons if reason)

    def to_json(self) -> dict[str, JSON]:
        """Give the widget as a JSON object with its `kind`."""
        return {"kind": self.kind, "widgets": [widget.to_json() for widget in self.widgets]}

    def json_schema(self) -> dict[str, JSON]:
        """Give the JSON Schema of the accepted values."""
        return {"anyOf": [widget.json_schema() for widget in self.widgets]}


_PLAIN: tuple[type[Widget], ...] = (
    Number,
    Slider,
    SeedWidget,
    Toggle,
    Text,
    Choice,
    ModelFile,
    ImageFile,
    ColorPicker,
    JsonEditor,
)


def widget_from_json(data: Mapping[str, Any]) -> Widget:
    """Read a widget from its JSON object; the inverse of `Widget.to_json`.

    Raises:
        ValueError: There is no such widget.
    """
    content = dict(data)
    kind = content.pop("kind", None)
    if kind == Items.kind:
        return Items(widget_from_json(content["item"]))
    if kind == AnyOf.kind:
        return AnyOf(tuple(widget_from_json(widget) for widget in content["widgets"]))
    if kind == Options.kind:
        return Options(tuple(content["options"]))
    if kind == ModelFile.kind:
        # A catalogue of before knows no folders.
        return ModelFile(content["listing"], tuple(content.get("folders", ())))
    for plain in _PLAIN:
        if plain.kind == kind:
            return plain(**content)
    raise ValueError(f"There is no widget of the kind {shown(kind)}.")


def check_choice(value: object, offered: Iterable[str]) -> str | None:
    """Give the reason why a value is not among the offered words, or None where it is."""
    known = tuple(offered)
    if isinstance(value, str) and value in known:
        return None
    if len(known) < 2:
        there = f"the only choice is {shown(known[0])}" if known else "there is nothing to choose from"
        return f"is {shown(value)}, but {there}"
    help_text = suggest(value, known) if isinstance(value, str) else ""
    reason = f"is {shown(value)}, which is not one of the {len(known)} choices"
    return f"{reason} ({help_text.rstrip('.')})" if help_text else reason


def shown(value: object) -> str:
    """Give a value as it is quoted in a reason: as JSON writes it, cut where it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = f'"{value}"' if isinstance(value, str) else _shown_number(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _shown_number(value: object) -> str:
    # Python refuses to write integers of more than some thousand digits.
    if isinstance(value, int) and abs(value) >= 10**SHOWN_CHARACTERS:
        return "a number of more than 60 digits"
    return repr(value)


def _check_text(value: object) -> str | None:
    return None if isinstance(value, str) else f"is {shown(value)}, but must be text"


def _check_number(value: object, *, integer: bool, low: float | None, high: float | None) -> str | None:
    wanted = "a whole number" if integer else "a number"
    if isinstance(value, bool) or not isinstance(value, int if integer else (int, float)):
        return f"is {shown(value)}, but must be {wanted}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {shown(value)}, but must be finite"
    if not integer and isinstance(value, int) and abs(value) > 2**1023:
        return f"is {shown(value)}, which is too large for a number with a point"
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    return f"is {shown(value)}, but must {_range(low, high, integer=integer)}"


def _range(low: float | None, high: float | None, *, integer: bool) -> str:
    def text(bound: float) -> str:
        return str(int(bound)) if integer and bound == int(bound) else f"{bound:g}"

    if low is not None and high is not None:
        return f"lie between {text(low)} and {text(high)}"
    return f"be at least {text(low)}" if low is not None else f"be at most {text(high or 0)}"


def _number_schema(*, integer: bool, low: float | None, high: float | None) -> dict[str, JSON]:
    found: dict[str, JSON] = {"type": "integer" if integer else "number"}
    if low is not None:
        found["minimum"] = low
    if high is not None:
        found["maximum"] = high
    return found
