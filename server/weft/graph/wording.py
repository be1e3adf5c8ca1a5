"""What pydantic and the JSON reader found, in our words: one problem for each fault, with its place."""

from collections.abc import Sequence
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weft.errors import Problem, suggest
from weft.graph_errors import DocumentInvalidError

_SECTIONS = ("weft", "title", "description", "inputs", "outputs", "nodes", "view", "workflows")
_NODE_FIELDS = ("type", "version", "inputs", "mode", "zip")
_PORT_FIELDS = ("to", "from", "title", "description")
_NAME_HINT = "A name is not empty and holds neither a dot nor a slash."

_PLAIN_FAULTS = MappingProxyType(
    {
        "missing": "is missing",
        "too_short": "must not be empty",
        "string_too_short": "must not be an empty text",
    }
)
_WANTED = MappingProxyType(
    {
        "dict_type": "an object",
        "model_type": "an object",
        "model_attributes_type": "an object",
        "list_type": "a list",
        "string_type": "a text",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "greater_than_equal": "{ge} or more",
        "less_than_equal": "{le} or less",
        "literal_error": "{expected}",
    }
)


def problems_of(error: ValidationError) -> list[Problem]:
    """Put what pydantic found into problems.

    Args:
        error: What pydantic raised for a document.

    Returns:
        One problem for each fault, in the order of the document.
    """
    return [_problem(found) for found in error.errors(include_url=False)]


def repeated_key_problems(tree: object) -> list[Problem]:
    """Find the JSON objects that give a key twice.

    Args:
        tree: What was read; objects with repeated keys carry their names in `repeated`.

    Returns:
        One problem for each repeated key.
    """
    problems: list[Problem] = []
    waiting: list[tuple[object, tuple[str | int, ...]]] = [(tree, ())]
    while waiting:
        item, place = waiting.pop()
        problems.extend(
            _place((*place, key), "stands there more than once", "Keep one of them.")
            for key in getattr(item, "repeated", ())
        )
        if isinstance(item, dict):
            waiting.extend((value, (*place, key)) for key, value in item.items())
        elif isinstance(item, list):
            waiting.extend((value, (*place, index)) for index, value in enumerate(item))
    return problems


def _problem(found: ErrorDetails) -> Problem:
    place = tuple(part for part in found["loc"] if part != "[key]")
    is_key = len(place) != len(found["loc"])
    fault, hint = _fault(found, place)
    if is_key:
        fault, hint = "has a name that cannot be used", _NAME_HINT
    return _place(place, fault, hint)


def _place(place: Sequence[str | int], fault: str, hint: str) -> Problem:
    where = ".".join(str(part) for part in place)
    # Only of a node that has an id can a problem be shown beside the node.
    node = str(place[1]) if len(place) > 1 and place[0] == "nodes" and place[1] else None
    name = str(place[3]) if node and len(place) > 3 and place[2] == "inputs" else None
    problem = DocumentInvalidError(where=where, fault=fault, hint=hint).problem(node=node, input=name)
    return Problem(
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        node=node,
        input=name,
        details={"location": where},
    )


def _fault(found: ErrorDetails, place: Sequence[str | int]) -> tuple[str, str]:
    """Give the fault, whose subject is the place, and the help."""
    context = found.get("ctx", {})
    kind = found["type"]
    if kind == "weft":
        return str(context["fault"]), str(context["hint"])
    if kind == "extra_forbidden":
        return "is not known", suggest(str(place[-1]), _known_fields(place)) or "Remove it."
    if kind == "string_pattern_mismatch":
        return f'must read "node.socket", not {_shown(found["input"])}', _NAME_HINT
    if kind in _PLAIN_FAULTS:
        return _PLAIN_FAULTS[kind], ""
    wanted = _WANTED.get(kind)
    if wanted is None:
        return f"is refused: {found['msg'][:1].lower()}{found['msg'][1:]}", ""
    return f"must be {wanted.format(**context)}, not {_shown(found['input'])}", ""


def _known_fields(place: Sequence[str | int]) -> tuple[str, ...]:
    if place[0] == "workflows":
        place = place[2:]
    if len(place) == 1:
        return _SECTIONS
    if place[0] == "nodes":
        return _NODE_FIELDS
    return ("to", *_PORT_FIELDS[2:]) if place[0] == "inputs" else _PORT_FIELDS[1:]


def _shown(value: object) -> str:
    """Show what stood there, briefly."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 60 else f"{text[:57]}…"
