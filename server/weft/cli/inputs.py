"""Values for a workflow's inputs: from the text that was typed to what the input's type asks for."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from weft.cli.arguments import flags_of, plain_name
from weft.cli.faults import GivenInputUnknownError
from weft.errors import JSON, Problem
from weft.graph_errors import InputInvalidError
from weft.sockets import ListOf, Named, Null, SocketType, members_of

if TYPE_CHECKING:
    from weft.graph.signature import Signature

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def read_inputs(
    given: Mapping[str, str | None], signature: "Signature", *, workflow: str
) -> tuple[dict[str, JSON], list[Problem]]:
    """Read what was typed for the inputs of a workflow.

    Args:
        given: The texts by input name, in which `-` and `_` are the same; None for an option without a value.
        signature: The inputs that the workflow declares.
        workflow: What messages call the workflow.

    Returns:
        The values by input name, and every problem with those that are missing from it.
    """
    values: dict[str, JSON] = {}
    problems: list[Problem] = []
    names = {plain_name(name): name for name in signature.inputs}
    for typed, text in given.items():
        name = names.get(plain_name(typed))
        if name is None:
            problems.append(_unknown(typed, workflow, list(signature.inputs)))
            continue
        try:
            values[name] = parse_value(text, signature.inputs[name].type, name=name)
        except InputInvalidError as error:
            problems.append(error.problem(input=name))
    return values, problems


def parse_value(text: str | None, expects: SocketType, *, name: str) -> JSON:
    """Read a value of a type.

    Args:
        text: What was typed; None for an option without a value, which is true where a bool is expected.
        expects: The type.
        name: The input's name, for the message.

    Returns:
        The value as a workflow document would hold it.

    Raises:
        InputInvalidError: The text is not a value of the type.
    """
    if text is None:
        if _accepts(expects, "bool"):
            return True
        raise InputInvalidError(name=name, reason="was given no value", hint=f"Write --{name} VALUE.")
    for member in _members(expects):
        try:
            return _parse_one(text, member)
        except ValueError:
            continue
    raise InputInvalidError(
        name=name,
        reason=f"takes {type_in_words(expects)}, not {text!r}",
        hint=f"Correct the value of --{name}.{_how_to_write(expects)}",
    )


def type_in_words(expects: SocketType) -> str:
    """Name a type as a person would.

    Args:
        expects: The type.

    Returns:
        Such as `a whole number`, or the type's own text where there is no better word.
    """
    words = {
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "string": "text",
        "json": "JSON",
    }
    members = [words.get(str(m), str(m)) for m in _members(expects)]
    return " or ".join(members)


def _how_to_write(expects: SocketType) -> str:
    """Say how a number is written, where one is expected; Python and locales would allow more."""
    if _accepts(expects, "float"):
        return " Write numbers as JSON does, such as -3, 0.5 or 1e-3."
    return " Write whole numbers as JSON does, such as -3 or 1000." if _accepts(expects, "int") else ""


def _parse_one(text: str, expects: SocketType) -> JSON:
    """Read a value of a type that is not a union.

    Raises:
        ValueError: The text is not a value of the type.
    """
    if isinstance(expects, Null):
        if text != "null":
            raise ValueError(text)
        return None
    if isinstance(expects, ListOf):
        return _parse_list(text)
    if not isinstance(expects, Named) or expects.name not in _PARSERS:
        # What weft computes, such as an image, cannot be typed.
        raise ValueError(text)
    return _PARSERS[expects.name](text)


def _parse_list(text: str) -> JSON:
    if not text.lstrip().startswith("["):
        raise ValueError(text)
    return _parse_json(text)


def _parse_json(text: str) -> JSON:
    read: JSON = json.loads(text)
    return read


def _parse_int(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _parse_float(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _parse_bool(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.lower() in _TRUE


def _members(expects: SocketType) -> Sequence[SocketType]:
    """List the types of a union in the order in which a text is tried, the strictest first."""
    order = ("null", "int", "float", "bool", "json", "string")
    return sorted(members_of(expects), key=lambda m: order.index(str(m)) if str(m) in order else -1)


def _accepts(expects: SocketType, name: str) -> bool:
    return any(str(member) == name for member in _members(expects))


def _unknown(typed: str, workflow: str, inputs: list[str]) -> Problem:
    options = [flag.name.removeprefix("--") for flag in flags_of("run")]
    error = GivenInputUnknownError(name=typed, workflow=workflow, inputs=inputs, options=options)
    return error.problem(input=typed)


_PARSERS: Mapping[str, Callable[[str], JSON]] = MappingProxyType(
    {"int": _parse_int, "float": _parse_float, "bool": _parse_bool, "string": str, "json": _parse_json}
)
