"""Texts: joining, replacing, filling in, and making many prompts of one."""

import csv
import hashlib
import itertools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from torch import Tensor
from weft.sdk import FingerprintScope, NodeError, Paths, Run, Seed, Text, node

Value = TypeVar("Value")

_MOST_VARIANTS = 10_000
_MOST_ITEMS = 8
_MOST_DRAWS = 1000
_WILDCARD_FOLDER = "wildcards"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DRAWN = re.compile(r"\\(?P<escaped>.)|(?P<brace>[{}])|__(?P<name>[\w/-]+?)__", re.DOTALL)
_SIGN = re.compile(r"\\.|[{|}]", re.DOTALL)
_CHANCE = re.compile(r"\s*(\d+\.?\d*|\.\d+)::", re.ASCII)


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


class ValuesError(NodeError):
    """A text with values between commas cannot be read."""

    code: ClassVar[str] = "values-unreadable"


class WildcardError(NodeError):
    """A text with choices and wildcards cannot be drawn from."""

    code: ClassVar[str] = "wildcard-unreadable"


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


@node("text.values", lane="inline", output="values")
def split_values(
    text: Annotated[str, Text(placeholder='euler, dpmpp_2m, "with, comma"')],
) -> list[str]:
    """Make a list of short texts, separated by commas; what follows runs once for each.

    Args:
        text: Texts with commas or lines between them; one that holds a comma stands in "quotation marks".
            Empty ones, and space around them, are left out.

    Returns:
        The texts in their order.

    Raises:
        ValuesError: A quotation mark is not closed.
    """
    try:
        rows = list(csv.reader(text.splitlines(), skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValuesError(
            f"The values {text!r} cannot be read: {error}.",
            hint="Close every quotation mark; inside quotation marks, write it twice.",
        ) from error
    return [cell.strip() for row in rows for cell in row if cell.strip()]


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


def _digest_of_wildcards(run: FingerprintScope) -> str:
    """Tell by content what lies in the folders; which files a text draws from is known only by drawing."""
    found = _wildcards(run.paths).items()
    return " ".join(f"{name}:{run.file_digest(path)}" for name, path in sorted(found))


@node("text.wildcards", lane="io", output="text", fingerprint=_digest_of_wildcards)
def draw_wildcards(
    run: Run,
    text: Annotated[str, Text(multiline=True, placeholder="a {red|green|2::blue} __shape__")],
    *,
    seed: Seed = 0,
) -> str:
    r"""Draw one of the many texts that choices and wildcards stand for.

    `a {red|green|2::blue} circle` draws one of three colours, blue twice as often as each of the others.
    `__shape__` draws a line of the file shape.txt, and `__animals/birds__` one of birds.txt in the folder
    animals; the files lie in the wildcards folder of weft's data or of a models folder. Lines and choices may
    hold further choices and wildcards; empty lines, and lines that begin with #, are left out. A backslash
    makes `\{`, `\}` and `\|` characters.

    Args:
        run: The run this is part of.
        text: The text to draw from.
        seed: Decides what is drawn; each choice is drawn anew. With a list of seeds there are as many texts.

    Returns:
        A text without choices.

    Raises:
        WildcardError: Braces do not pair, there is no file of a name, or drawing comes to no end.
    """
    files = _wildcards(run.paths)
    drawing = _Drawing(seed)
    done, waiting = [], [text]
    while waiting:
        piece = waiting.pop()
        found = _DRAWN.search(piece)
        if found is None:
            done.append(piece)
            continue
        done.append(piece[: found.start()])
        if found["escaped"]:
            done.append(found["escaped"] if found["escaped"] in "{}|" else found[0])
            waiting.append(piece[found.end() :])
        elif found["name"]:
            lines = _lines(run, files, found["name"])
            waiting += [piece[found.end() :], drawing.choose(lines)]
        else:
            options, end = _options(piece, found.start())
            waiting += [piece[end:], drawing.choose(options)]
    return "".join(done)


@node("text.describe", output="text")
def describe_value(value: Value) -> str:
    """Say in words what a value is, to see what flows along a wire.

    Args:
        value: Anything.

    Returns:
        Texts and numbers as they are; shape and range of pictures, masks and latents; the parts of others.
    """
    return _described(value)


class _Drawing:
    """Chooses by a seed, and not for ever: a wildcard may name itself."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._draws = 0

    def choose(self, options: Sequence[str]) -> str:
        self._draws += 1
        if self._draws > _MOST_DRAWS:
            raise WildcardError(
                f"After {_MOST_DRAWS} draws there are still wildcards left.",
                hint="Look for a wildcard that names itself.",
            )
        found = [_CHANCE.match(option) for option in options]
        chances = [float(match[1]) if match else 1.0 for match in found]
        if not sum(chances):
            raise WildcardError(
                f'Nothing can be drawn from "{"|".join(options)}".', hint="Give one of them a chance above 0."
            )
        (index,) = self._random.choices(range(len(options)), chances)
        match = found[index]
        return options[index][match.end() :] if match else options[index]


def _wildcards(paths: Paths) -> Mapping[str, Path]:
    """List the files by what texts call them; the first folder that has one counts."""
    found: dict[str, Path] = {}
    for folder in (base / _WILDCARD_FOLDER for base in (paths.data_dir, *paths.models)):
        for path in sorted(folder.rglob("*.txt")) if folder.is_dir() else ():
            found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return found


def _lines(run: Run, files: Mapping[str, Path], name: str) -> Sequence[str]:
    if name not in files:
        known = ", ".join(sorted(files)) or "none yet"
        raise WildcardError(
            f"There is no wildcard __{name}__.",
            hint=f"Put {name}.txt into a {_WILDCARD_FOLDER} folder; known: {known}.",
        )
    content = files[name].read_bytes()
    run.note_file(f"{_WILDCARD_FOLDER}/{name}.txt", hashlib.blake2b(content, digest_size=16).hexdigest())
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise WildcardError(f"{name}.txt is not text in UTF-8.", hint="Save it as UTF-8.") from error
    kept = [line for line in lines if line and not line.startswith("#")]
    if not kept:
        raise WildcardError(f"{name}.txt has no line to draw.", hint="Write one choice per line.")
    return kept


def _options(text: str, start: int) -> tuple[Sequence[str], int]:
    """Return the choices of the brace at `start`, with those inside them unread, and where it is closed."""
    depth, options, begin = 0, [], start + 1
    for found in _SIGN.finditer(text, start):
        sign = found[0]
        depth += (sign == "{") - (sign == "}")
        if depth == 0 or (depth == 1 and sign == "|"):
            options.append(text[begin : found.start()])
            begin = found.end()
        if depth <= 0:
            break
    if depth != 0:
        raise WildcardError(
            f'The braces of "{text}" do not pair.',
            hint=r"Write choices as {red|blue}, and a brace that is a character as \{ or \}.",
        )
    return options, begin


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
