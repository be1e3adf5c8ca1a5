"""Values that stand in the document: do they fit their input, and what is their canonical form?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from weft.errors import JSON
from weft.graph.offers import Offers
from weft.paths import ASSET_PREFIX, PICKLE_SUFFIXES
from weft.schema import InputSchema
from weft.sockets import FLOAT, ListOf, SocketType, members_of, without_null
from weft.widgets import AnyOf, Choice, ImageFile, Items, ModelFile, Text, Widget, check_choice, shown

_ASSET = re.compile(rf"{ASSET_PREFIX}[0-9a-f]{{64}}")
# How repositories of model hubs are named; names of files in a folder end with what is in them.
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(?<!\.safetensors)(?<!\.gguf)")

# So many files are named where one has to be chosen.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that fits its input.

    Attributes:
        value: Its canonical form.
        maps: Whether it is a list for an input that takes one item, so that the node runs once per item.
    """

    value: JSON
    maps: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that does not fit its input; the reason completes "<input> …"."""

    reason: str


def read_literal(schema: InputSchema, value: JSON, offers: Offers) -> Literal | Refusal:
    """Check a value against its input.

    Args:
        schema: The input.
        value: What the document gives it.
        offers: The words that dynamic choices offer.

    Returns:
        The value in canonical form, one item wrapped where the input takes a list; or why it is refused.

    Raises:
        PluginError: What the input offers cannot be found out.
    """
    reason = _refusal(schema, value, offers)
    if reason is None:
        return Literal(canonical(schema.type, value))
    widget = schema.widget
    if isinstance(widget, Items) and not isinstance(value, list):
        item_reason = _widget_refusal(widget.item, value, offers)
        return Literal(canonical(schema.type, [value])) if item_reason is None else Refusal(item_reason)
    if isinstance(value, list) and widget is not None and not isinstance(widget, Items):
        reasons = ((index, _refusal(schema, item, offers)) for index, item in enumerate(value))
        at = next(((index, found) for index, found in reasons if found is not None), None)
        if at is not None:
            return Refusal(f"has at index {at[0]} an item that {at[1]}")
        return Literal([canonical(schema.type, item) for item in value], maps=True)
    return Refusal(reason)


def item_refusal(schema: InputSchema, value: JSON, offers: Offers) -> str | None:
    """Give the reason why a value cannot be one item of a list input, or None where it can."""
    if isinstance(schema.widget, Items):
        return _widget_refusal(schema.widget.item, value, offers)
    return _refusal(schema, value, offers)


def file_hint(widget: Widget | None, value: JSON = None) -> str:
    """Say where the files lie that an input may name.

    Args:
        widget: The input's widget.
        value: What it was given, which was refused.

    Returns:
        One sentence; empty for an input that names no file.
    """
    match widget:
        case ModelFile() if _is_pickle(value):
            return "Download the model as .safetensors, or convert it on a machine you can afford to lose."
        case ModelFile() if isinstance(value, str) and _REPOSITORY.fullmatch(value):
            return f"Correct it, or fetch {value} on the page of models, or with `hf download {value}`."
        case ModelFile():
            return f"Correct it, or put the file into {_folder_of(widget)}."
        case ImageFile():
            return "Correct it, or put the picture into the input folder: ./input or WEFT_INPUT_DIR."
        case Items(item=inner):
            return file_hint(inner, value)
        case _:
            return ""


def missing_hint(widget: Widget | None, offers: Offers) -> str:
    """Say what to choose for an input that names a file and was given none.

    Args:
        widget: The input's widget.
        offers: Knows the files that are there.

    Returns:
        One sentence; empty for an input that names no file.

    Raises:
        PluginError: What is there cannot be found out.
    """
    match widget:
        case ModelFile(listing=kind) if names := list(offers.listing(kind)):
            others = " and others" if len(names) > _NAMED else ""
            return f"Choose a file, such as {', '.join(names[:_NAMED])}{others}."
        case ModelFile():
            return f"There is no such file yet: put one into {_folder_of(widget)}."
        case ImageFile(listing=kind) if not offers.listing(kind):
            return "There is no picture yet: put one into the input folder, ./input or WEFT_INPUT_DIR."
        case Items(item=inner):
            return missing_hint(inner, offers)
        case _:
            return ""


def missing_models(widget: Widget | None, value: JSON, offers: Offers) -> list[str]:
    """Name the model files that an input asks for and that are not there.

    Args:
        widget: The input's widget.
        value: What it was given: a name, or names in a list.
        offers: Knows the files that are there.

    Raises:
        PluginError: What is there cannot be found out.
    """
    match widget:
        case Items(item=inner):
            return missing_models(inner, value, offers)
        case ModelFile(listing=kind):
            names = value if isinstance(value, list) else [value]
            return [name for name in names if isinstance(name, str) and name not in offers.listing(kind)]
        case _:
            return []


def canonical(type: SocketType, value: JSON) -> JSON:
    """Give the one form in which equal values of a type are written.

    Args:
        type: Type of the socket.
        value: A value that fits it.

    Returns:
        The value, its whole numbers as floats where the socket takes floats.
    """
    inner = without_null(type) if len(members_of(type)) > 1 else type
    if inner == FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(inner, ListOf) and isinstance(value, list):
        return [canonical(inner.item, item) for item in value]
    return value


def _refusal(schema: InputSchema, value: JSON, offers: Offers) -> str | None:
    reason = schema.check(value)
    if reason is not None or value is None or schema.widget is None:
        return reason
    return _unlisted(schema.widget, value, offers)


def _widget_refusal(widget: Widget, value: JSON, offers: Offers) -> str | None:
    return widget.check(value) or _unlisted(widget, value, offers)


def _unlisted(widget: Widget, value: JSON, offers: Offers) -> str | None:
    """Give the reason why a word is not among those offered just now; None for all other widgets."""
    match widget:
        case Choice(provider=provider):
            return check_choice(value, offers.choices(provider))
        case ImageFile() if isinstance(value, str) and value.startswith(ASSET_PREFIX):
            return _missing_asset((value,), offers)
        case Text() if isinstance(value, str):
            # A text may go over a link to a node that loads the picture of that name.
            return _missing_asset(_ASSET.findall(value), offers)
        case ModelFile(listing=kind) if _is_pickle(value) and value not in offers.listing(kind):
            return f"is {shown(value)}, a pickle: opening it would run whatever code it contains"
        case ModelFile(listing=kind) | ImageFile(listing=kind):
            return check_choice(value, offers.listing(kind))
        case Items(item=inner) if isinstance(value, list):
            return _first_reason(_unlisted(inner, item, offers) for item in value)
        case AnyOf(widgets=widgets):
            fitting = [inner for inner in widgets if inner.check(value) is None]
            reasons = [_unlisted(inner, value, offers) for inner in fitting]
            return None if None in reasons else _first_reason(reasons)
        case _:
            return None


def _folder_of(widget: ModelFile) -> str:
    place = "a models folder (./models or models in the data folder; WEFT_MODELS_DIRS names others)"
    return f"the folder {' or '.join(widget.folders)} of {place}" if widget.folders else place


def _is_pickle(value: JSON) -> bool:
    return isinstance(value, str) and PurePosixPath(value).suffix.lower() in PICKLE_SUFFIXES


def _missing_asset(names: Iterable[str], offers: Offers) -> str | None:
    missing = next((name for name in names if not offers.has_asset(name)), None)
    return None if missing is None else f"is {shown(missing)}, but no such picture was uploaded"


def _first_reason(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason is not None), None)
