r"""What a prompt's text can say: weights of words, breaks, several prompts, and words that change on the way.

    (red circle:1.2)   these words count 1.2 times; without a number 1.1 times; brackets nest and multiply
    [red circle]       these words count 1 / 1.1 times
    [red:blue:0.4]     red for the first 40 % of the steps, then blue; either may be empty, and [blue:0.4] is
                       short for [:blue:0.4]
    [red|blue|green]   red, blue, green, red, … from step to step
    a BREAK b          b begins a new chunk of tokens
    a AND b:0.5        two prompts at once, the second with half the strength
    \( \) \[ \] \: \|  the characters themselves, as are \\, \AND and \BREAK

The syntax is that of Automatic1111's web interface, which the field writes; but when words change is always a
share of the steps, since how many there are is known only to the sampler.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import ClassVar, Literal

from weft.sdk import NodeError

Weighting = Literal["interpolate", "rescale", "off"]

MOST_VARIANTS = 64
_MOST_DEPTH = 64
_MOST_WEIGHT = 10.0
_PLAIN_WEIGHT = 1.1
_SHOWN = 24

EMBEDDING = re.compile(r"\bembedding:(?=[\d.]*[^\W\d.])([\w/-]+(?:\.[\w/-]+)*)")
"""A learned word in a text. Its name has a letter, so that `(embedding:1.1)` is a word with a weight."""

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*", re.ASCII)
_SIGN = re.compile(
    rf"(?P<learned>{EMBEDDING.pattern})|\\(?P<escaped>AND\b|BREAK\b|[\\()\[\]:|])"
    r"|(?P<sign>[()\[\]:|]|\b(?:AND|BREAK)\b)"
)


class PromptUnreadableError(NodeError):
    """A prompt's text uses signs of the syntax in a way that means nothing.

    Args:
        text: The prompt.
        at: Where in it the trouble begins, from 0.
        problem: What is wrong, as the end of the sentence "The prompt … at character 3".
        hint: What to do about it.
    """

    code: ClassVar[str] = "prompt-unreadable"

    def __init__(self, *, text: str, at: int, problem: str, hint: str = "") -> None:
        shown = text[at : at + _SHOWN] + ("…" if len(text) > at + _SHOWN else "")
        super().__init__(
            f'The prompt {problem} at character {at + 1}: "{shown}".',
            hint=hint or r"Pair the brackets; a bracket that is a character like others is written \( or \[.",
        )
        self.at = at


@dataclass(frozen=True, slots=True)
class Span:
    """Words that count alike.

    Args:
        text: The words, without any syntax.
        weight: How much they count; 1 is as written.
    """

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Wording:
    """A prompt as an encoder is to read it, with everything decided.

    Args:
        chunks: Words between breaks, in order; there is at least one chunk, and it may be empty.
        weighting: How weights change what the encoder says.
        apart: What encoders that are named read in place of it.
    """

    chunks: tuple[tuple[Span, ...], ...]
    weighting: Weighting = "interpolate"
    apart: tuple[tuple[str, "Wording"], ...] = ()

    @classmethod
    def plain(cls, text: str) -> "Wording":
        """Take a text letter by letter, without any syntax."""
        return cls(((Span(text),),))

    def read_by(self, encoder: str) -> "Wording":
        """Return what an encoder of this name reads: words of its own, or those of all."""
        return next((own for name, own in self.apart if name == encoder), self)

    @property
    def text(self) -> str:
        """Return all words in order, for encoders that know neither weights nor chunks."""
        return " ".join("".join(span.text for span in chunk) for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class TimedWording:
    """One of the prompts that a text stands for, and when it applies.

    Args:
        wording: The prompt.
        strength: Weight against other prompts of the same text.
        start: Share of the steps after which it applies, 0..1.
        end: Share of the steps after which it no longer applies, 0..1.
        turn: Of every `turns` steps, the one at which it applies.
        turns: How many steps it takes until it applies again; 1 is every step.
    """

    wording: Wording
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    turn: int = 0
    turns: int = 1


def read_prompt(text: str, *, weighting: Weighting = "interpolate") -> tuple[TimedWording, ...]:
    """Read all that a prompt's text says; the syntax stands at the head of this module.

    Args:
        text: Any text.
        weighting: How weights change what the encoder says; with "off" the text has no syntax at all.

    Returns:
        Prompts that together apply at every step. A text without syntax is a single one.

    Raises:
        PromptUnreadableError: Brackets do not pair, a number is out of bounds, or there are too many
            variants.
    """
    if weighting == "off":
        return (TimedWording(Wording.plain(text)),)
    found: list[TimedWording] = []
    for pieces, strength in _Parser(text).prompts():
        for timed in _variants(pieces, weighting):
            found.append(replace(timed, strength=strength))
            if len(found) > MOST_VARIANTS:
                raise PromptUnreadableError(
                    text=text,
                    at=0,
                    problem=f"stands for more than {MOST_VARIANTS} different prompts",
                    hint="Let fewer words take turns, or change at the same time.",
                )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words with all that the brackets around them say; None in place of words is a break."""

    text: str | None
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    turn: int = 0
    turns: int = 1

    def within(self, start: float, end: float) -> "_Piece":
        return replace(self, start=max(self.start, start), end=min(self.end, end))

    def taking_turns(self, turn: int, turns: int) -> "_Piece":
        # Inner words take turns among the steps that these brackets leave them.
        return replace(self, turn=self.turn * turns + turn, turns=self.turns * turns)


@dataclass(slots=True)
class _Group:
    """An open bracket: where it stands, and what came since, cut at colons and bars."""

    sign: str
    at: int
    parts: list[list[_Piece]] = field(default_factory=lambda: [[]])
    cuts: list[str] = field(default_factory=list)

    def cut(self, sign: str) -> None:
        self.cuts.append(sign)
        self.parts.append([])

    def take_number(self) -> float | None:
        """Take the number behind the last colon away, if there is one."""
        if not self.cuts or self.cuts[-1] != ":":
            return None
        # A number in brackets of its own is words, and so is a break.
        written = "".join(
            piece.text if piece.text and piece == _Piece(piece.text) else "x" for piece in self.parts[-1]
        )
        if not _NUMBER.fullmatch(written):
            return None
        self.cuts.pop()
        self.parts.pop()
        return float(written)

    def whole(self) -> list[_Piece]:
        """Return all pieces, with the signs that cut nothing put back."""
        pieces = list(self.parts[0])
        for sign, part in zip(self.cuts, self.parts[1:], strict=True):
            pieces += [_Piece(sign), *part]
        return pieces


class _Parser:
    """Reads a text once from left to right; what is open lies on a stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open = [_Group("", 0)]
        self._done: list[tuple[list[_Piece], float | None]] = []

    def prompts(self) -> list[tuple[list[_Piece], float]]:
        """Return the pieces and the strength of each prompt between ANDs."""
        at = 0
        for found in _SIGN.finditer(self._text):
            self._add(self._text[at : found.start()])
            at = found.end()
            if found["sign"]:
                self._read(found["sign"], found.start())
            else:
                self._add(found["learned"] or found["escaped"])
        self._add(self._text[at:])
        if len(self._open) > 1:
            group = self._open[-1]
            raise self._error(group.at, f"opens '{group.sign}' and never closes it")
        return self._finished()

    def _add(self, text: str) -> None:
        if text:
            self._open[-1].parts[-1].append(_Piece(text))

    def _read(self, sign: str, at: int) -> None:
        group = self._open[-1]
        if sign in "([":
            if len(self._open) > _MOST_DEPTH:
                raise self._error(at, f"nests brackets deeper than {_MOST_DEPTH}")
            self._open.append(_Group(sign, at))
        elif sign in ")]":
            self._close(sign, at)
        elif sign == "BREAK":
            group.parts[-1].append(_Piece(None))
        elif sign == "AND":
            if group.sign:
                raise self._error(at, "has AND within brackets", "AND stands between whole prompts.")
            self._end_prompt()
        elif sign == ":" or group.sign == "[":
            group.cut(sign)
        else:
            self._add(sign)

    def _close(self, sign: str, at: int) -> None:
        group = self._open[-1]
        if group.sign != {")": "(", "]": "["}[sign]:
            why = f"where '{group.sign}' is open" if group.sign else "without opening it"
            raise self._error(at, f"closes '{sign}' {why}")
        self._open.pop()
        if sign == ")":
            weight = group.take_number()
            pieces = self._weighted(group, _PLAIN_WEIGHT if weight is None else weight)
        else:
            pieces = self._square(group)
        self._open[-1].parts[-1].extend(pieces)

    def _weighted(self, group: _Group, weight: float) -> list[_Piece]:
        if abs(weight) > _MOST_WEIGHT:
            raise self._error(group.at, f"has the weight {weight:g}, beyond {_MOST_WEIGHT:g}")
        return [replace(piece, weight=piece.weight * weight) for piece in group.whole()]

    def _square(self, group: _Group) -> list[_Piece]:
        if "|" in group.cuts:
            options = _options(group)
            return [
                piece.taking_turns(turn, len(options))
                for turn, option in enumerate(options)
                for piece in option
            ]
        when = group.take_number()
        if when is None:
            return self._weighted(group, 1 / _PLAIN_WEIGHT)
        if not 0.0 <= when <= 1.0:
            hint = "Write a share of all steps: 0.4 is after 40 % of them."
            raise self._error(group.at, f"changes words after {when:g} of the steps", hint)
        if len(group.parts) > 2:
            hint = r"Write [from:to:0.4], and \: for a colon in the words."
            raise self._error(group.at, "has more than two texts to change between", hint)
        before = group.parts[0] if len(group.parts) == 2 else []
        first = [piece.within(0.0, when) for piece in before]
        return first + [piece.within(when, 1.0) for piece in group.parts[-1]]

    def _end_prompt(self) -> None:
        root = self._open[-1]
        strength = root.take_number()
        self._done.append((root.whole(), strength))
        self._open[-1] = _Group("", 0)

    def _finished(self) -> list[tuple[list[_Piece], float]]:
        if not self._done:
            # A colon means a strength only between prompts: "a clock at 12:30" is a text like any other.
            return [(self._open[-1].whole(), 1.0)]
        self._end_prompt()
        found = [(pieces, 1.0 if strength is None else strength) for pieces, strength in self._done]
        if any(not 0.0 <= strength <= _MOST_WEIGHT for _, strength in found):
            raise self._error(0, f"has a prompt whose strength is not between 0 and {_MOST_WEIGHT:g}")
        return found

    def _error(self, at: int, problem: str, hint: str = "") -> PromptUnreadableError:
        return PromptUnreadableError(text=self._text, at=at, problem=problem, hint=hint)


def _options(group: _Group) -> list[list[_Piece]]:
    """Return what stands between bars, with the colons of each put back."""
    options: list[list[_Piece]] = [list(group.parts[0])]
    for sign, part in zip(group.cuts, group.parts[1:], strict=True):
        if sign == "|":
            options.append(list(part))
        else:
            options[-1] += [_Piece(sign), *part]
    return options


def _variants(pieces: Sequence[_Piece], weighting: Weighting) -> Iterator[TimedWording]:
    """Yield one prompt for each time at which other pieces apply."""
    applying = [piece for piece in pieces if piece.start < piece.end]
    cuts = sorted({0.0, 1.0, *(cut for piece in applying for cut in (piece.start, piece.end))})
    for start, end in pairwise(cuts):
        present = [piece for piece in applying if piece.start <= start and end <= piece.end]
        turns = math.lcm(*(piece.turns for piece in present))
        for turn in range(turns):
            words = [piece for piece in present if turn % piece.turns == piece.turn]
            yield TimedWording(
                Wording(_chunks(words), weighting), start=start, end=end, turn=turn, turns=turns
            )


def _chunks(pieces: Sequence[_Piece]) -> tuple[tuple[Span, ...], ...]:
    """Join neighbours that count alike, so that syntax without effect leaves no trace."""
    chunks: list[list[Span]] = [[]]
    for piece in pieces:
        if piece.text is None:
            chunks.append([])
        elif chunks[-1] and chunks[-1][-1].weight == piece.weight:
            chunks[-1][-1] = Span(chunks[-1][-1].text + piece.text, piece.weight)
        else:
            chunks[-1].append(Span(piece.text, piece.weight))
    filled = [chunk for chunk in chunks if any(span.text.strip() for span in chunk)]
    return tuple(tuple(chunk) for chunk in filled) or ((),)
