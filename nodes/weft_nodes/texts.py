"""Texts: joining, replacing, filling in, and making many prompts of one."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, ClassVar, TypeVar

from torch import Tensor
from weft.sdk import NodeError, Text, node

Value = TypeVar("Value")

_MOST_VARIANTS = 10_000
_MOST_ITEMS = 8
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class PlaceholderError(NodeError):
    """A template asks for something that no input gives."""

    code: ClassVar[str] = "placeholder-unknown"

    def __init__(self, *, placeholder: str) -> None:
        super().__init__(
            f"The template asks for {{{placeholder}}}, which is not an input.",
            hint="Use {a}, {b}, {c} or {d}.",
        )


class PatternError(NodeError):
    """A pattern of alternatives cannot be read, or it has far too many variants."""

    code: ClassVar[str] = "pattern-unreadable"

    def __init__(self, *, pattern: str, why: str) -> None:
        super().__init__(
            f"The pattern {pattern!r} {why}.",
            hint="Write alternatives as {red|blue|green}, one pair of braces inside no other.",
        )


@node("text.value", lane="inline", output="text", title="Text")
def text_value(text: Annotated[str, Text(multiline=True)] = "") -> str:
    """Hold a text, to be used in several places.

    Args:
        text: Any text.

    Returns:
        The text.
    """
    return text


@node("text.join", lane="inline", output="text")
def join_texts(texts: list[str], separator: str = ", ") -> str:
    """Join texts into one.

    Args:
        texts: Any number of texts; empty ones are left out.
        separator: What stands between two texts.

    Returns:
        One text.
    """
    return separator.join(text for text in texts if text)


@node("text.replace", lane="inline", output="text")
def replace_text(text: str, search: str, replacement: str = "") -> str:
    """Replace every place where a text contains another.

    Args:
        text: The text to change.
        search: What to look for, letter by letter; nothing is replaced when it is empty.
        replacement: What to put in its place.

    Returns:
        The changed text.
    """
    return text.replace(search, replacement) if search else text


@node("text.template", lane="inline", output="text")
def fill_template(
    template: Annotated[str, Text(multiline=True, placeholder="a {a} circle left of a {b} star")] = "{a}",
    # An int stays one: as a float, 7 would be written 7.0.
    a: str | int | float = "",  # noqa: PYI041
    b: str | int | float = "",  # noqa: PYI041
    *,
    c: str | int | float = "",  # noqa: PYI041
    d: str | int | float = "",  # noqa: PYI041
) -> str:
    """Fill words or numbers into a text.

    Args:
        template: A text with {a}, {b}, {c} and {d} where something is to stand.
        a: Takes the place of {a}.
        b: Takes the place of {b}.
        c: Takes the place of {c}.
        d: Takes the place of {d}.

    Returns:
        The text with everything filled in.

    Raises:
        PlaceholderError: The template asks for another name.
    """
    words = {"a": str(a), "b": str(b), "c": str(c), "d": str(d)}

    def word(found: re.Match[str]) -> str:
        if found[1] not in words:
            raise PlaceholderError(placeholder=found[1])
        return words[found[1]]

    return _PLACEHOLDER.sub(word, template)


@node("text.lines", lane="inline", output="lines")
def split_lines(text: Annotated[str, Text(multiline=True, placeholder="one prompt per line")]) -> list[str]:
    """Make a list of texts, one per line; what follows runs once for each.

    Args:
        text: Lines of text. Empty lines, and space around a line, are left out.

    Returns:
        The lines in their order.
    """
    return [line.strip() for line in text.splitlines() if line.strip()]


@node("text.variants", lane="inline", output="texts")
def expand_variants(
    pattern: Annotated[str, Text(multiline=True, placeholder="a {small|large} {red|blue} circle")],
) -> list[str]:
    """Write out every variant of a text with alternatives.

    Args:
        pattern: A text with alternatives in braces: "a {red|blue} circle" gives two texts.

    Returns:
        Every combination, the last alternatives changing fastest; at most 10,000.

    Raises:
        PatternError: Braces do not pair, or there would be more than 10,000 variants.
    """
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    if any(brace in piece for piece in pieces[::2] for brace in "{}"):
        raise PatternError(pattern=pattern, why="has braces that do not pair")
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    count = 1
    for alternatives in choices:
        count *= len(alternatives)
    if count > _MOST_VARIANTS:
        raise PatternError(pattern=pattern, why=f"has {count} variants, more than {_MOST_VARIANTS}")
    return ["".join(parts) for parts in itertools.product(*choices)]


@node("text.describe", output="text")
def describe_value(value: Value) -> str:
    """Say in words what a value is, to see what flows along a wire.

    Args:
        value: Anything.

    Returns:
        Texts and numbers as they are; shape and range of pictures, masks and latents; the parts of others.
    """
    return _described(value)


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        shape = "x".join(str(side) for side in value.shape)
        least, most = (float(end) for end in (value.min(), value.max())) if value.numel() else (0.0, 0.0)
        return f"{shape} from {least:.4g} to {most:.4g}"
    if is_dataclass(value) and not isinstance(value, type):
        parts = [f"{field.name}: {_described(getattr(value, field.name))}" for field in fields(value)]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_described(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        shown = [_described(item) for item in value[:_MOST_ITEMS]]
        rest = [f"… {len(value)} in all"] if len(value) > _MOST_ITEMS else []
        return f"[{', '.join(shown + rest)}]"
    return str(value)
