"""What becomes of the nodes of another program: rules, from files that lie beside the nodes they lead to.

A rule is a line that says which node stands for theirs, and where each of its inputs comes from:

    VAEDecode = { makes = "latent.decode latent=samples vae", gives = "image" }

``makes`` names a node type, then its inputs: `vae` alone takes their input of that name, `latent=samples`
another one. To the right of the equals sign stands

    samples            their input or value of that name
    'alpha'  0.5  true a value
    noise.seed         what a node that dissolved into others left at their input `noise`
    a/b                the first of these that is there;  a+b is their sum;  a,b is a list of both
    :name.image        an output of another node that this rule makes: `:image` where it makes a single one
    ^model             an output of that name nearby, where theirs need none
    a|sampler          a value by another name: a table of `names`, or one of the changes of `changes`;
                       `a|table|file` goes through both

Several nodes are a list, each with a name: `"masked: latent.mask latent mask=:grown.mask"`. One called
`third?image3!plain:` is made only where their `image3` is there and `plain` is not. ``gives`` says for each
of their outputs which of ours stands for it, the first that is there of `third.image/second.image`, `<model`
handing on what came in; `<model rescale=multiplier` leaves something on the wire for whoever looks for
`model.rescale`, and `@ seed=noise_seed` has nothing but that.

``widgets`` names values in the order in which they are saved; ``drops`` those that need not be mentioned,
always or, as in `crop='disabled'`, where they have that value; ``differs`` says what is different in any
case; ``hands_out`` says what becomes outputs of the workflow: `image=images`. Where their names have a point,
as `values.a`, it is written `values_a`.

A node that they hang on a model, and that belongs to the prompt here, is left on the wire until somebody
samples: `<model ~positive=:seen.conditioning` puts `seen` before the `positive` of whoever takes that model,
and `conditioning=~positive` in `seen` is what was there before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from weft.errors import JSON
from weft.foreign.faults import RulesInvalidError

How: TypeAlias = Literal["first", "sum", "list"]

_LATER = "~"
_CONDITION = re.compile(r"(?P<sign>[?!])(?P<text>[\w./]+)")
_ASSIGNMENT = re.compile(r"(?P<name>~?\w+)(?:=(?P<text>'[^']*'|\S+))?(?:\s+|$)")
_SIGNS: Mapping[str, How] = MappingProxyType({"/": "first", "+": "sum", ",": "list"})


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a value may come from.

    Attributes:
        kind: ``input`` of theirs, ``made`` node of ours, something ``near``, a ``literal``, or what is given
            ``later`` to whoever takes the wire.
        path: Names from there on.
        literal: The value of a literal.
    """

    kind: Literal["input", "made", "near", "literal", "later"]
    path: tuple[str, ...] = ()
    literal: JSON = None


@dataclass(frozen=True, slots=True)
class Expression:
    """Where a value comes from.

    Attributes:
        terms: One thing, or several.
        how: What becomes of several.
        changes: Tables or changes that the value goes through, in this order.
    """

    terms: tuple[Term, ...]
    how: How = "first"
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Make:
    """A node of ours that stands for one of theirs.

    Attributes:
        name: What the rule calls it; empty where it makes a single one.
        type: Its type.
        inputs: Where its inputs come from.
        needs: That of which something has to be there for it to be made.
        lacks: That of which nothing must be there for it to be made.
    """

    name: str
    type: str
    inputs: Mapping[str, Expression]
    needs: tuple[Expression, ...] = ()
    lacks: tuple[Expression, ...] = ()

    @property
    def is_later(self) -> bool:
        """Whether it is made only where somebody takes what it is left on."""
        return any(term.kind == "later" for e in self.inputs.values() for term in e.terms)


@dataclass(frozen=True, slots=True)
class Give:
    """What stands for an output of theirs.

    Attributes:
        bases: The output of ours, or their input that is handed on: the first that is there. Empty where
            there is nothing to link to.
        left: What is left on the wire, by name.
        before: What is put before inputs of whoever takes it, by the name of the input.
    """

    bases: tuple[Term, ...]
    left: Mapping[str, Expression] = field(default_factory=dict)
    before: Mapping[str, Term] = field(default_factory=dict)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that it comes from."""
        return (
            *self.bases,
            *self.before.values(),
            *(term for expression in self.left.values() for term in expression.terms),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the nodes of one type.

    Attributes:
        widgets: Names of values in the order in which they are saved.
        makes: The nodes that stand for it; the first is the one that has its place.
        gives: What stands for each of its outputs.
        drops: Values that need not be mentioned: always for None, else where they are that.
        differs: What is different in any case; empty for nothing.
        hands_out: What becomes outputs of the workflow, by the name of the output.
    """

    widgets: tuple[str, ...] = ()
    makes: tuple[Make, ...] = ()
    gives: tuple[Give, ...] = ()
    drops: Mapping[str, Expression | None] = field(default_factory=dict)
    differs: str = ""
    hands_out: Mapping[str, Expression] = field(default_factory=dict)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that looks at their inputs."""
        made = [expression for make in self.makes for expression in make.inputs.values()]
        left = (expression for give in self.gives for expression in give.left.values())
        return (*made, *left, *self.hands_out.values())

    @property
    def used(self) -> frozenset[str]:
        """Their inputs that are not lost."""
        found = {term.path[0] for e in self.expressions for term in e.terms if term.kind == "input"}
        return frozenset(found | self._handed_on)

    @property
    def records(self) -> frozenset[str]:
        """Their inputs of which only what was left on the wire is looked at."""
        paths = [term.path for e in self.expressions for term in e.terms if term.kind == "input"]
        whole = {path[0] for path in paths if len(path) == 1}
        return frozenset(path[0] for path in paths) - whole - self._handed_on

    @property
    def near(self) -> tuple[str, ...]:
        """Outputs that are looked for nearby."""
        return tuple(term.path[0] for e in self.expressions for term in e.terms if term.kind == "near")

    @property
    def _handed_on(self) -> frozenset[str]:
        bases = (base for give in self.gives for base in give.bases)
        return frozenset(base.path[0] for base in bases if base.kind == "input")


def read_rule(entry: JSON, *, place: str) -> Rule:
    """Read one rule.

    Args:
        entry: The rule as it stands in the file.
        place: What errors call it.

    Raises:
        RulesInvalidError: It is not written as rules are.
    """
    if not isinstance(entry, Mapping):
        raise RulesInvalidError(place=place, fault="it is no table")
    unknown = entry.keys() - {"widgets", "makes", "gives", "drops", "differs", "hands_out"}
    if unknown:
        raise RulesInvalidError(place=place, fault=f"it has {', '.join(sorted(unknown))}, which no rule has")
    drops = _assignments(str(entry.get("drops", "")), place, is_bare=True)
    return Rule(
        widgets=tuple(str(entry.get("widgets", "")).split()),
        makes=tuple(_make(text, place) for text in _texts(entry.get("makes"))),
        gives=tuple(_give(text, place) for text in _texts(entry.get("gives"))),
        drops=drops,
        differs=str(entry.get("differs", "")),
        hands_out=_given(str(entry.get("hands_out", "")), place),
    )


def _texts(value: JSON) -> list[str]:
    if value is None:
        return []
    return [str(text) for text in value] if isinstance(value, list) else [str(value)]


def _make(text: str, place: str) -> Make:
    kind, _, rest = text.partition(" ")
    name, conditions = "", ""
    if kind.endswith(":"):
        name = re.split(r"[?!]", kind[:-1])[0]
        conditions = kind[len(name) : -1]
        kind, _, rest = rest.partition(" ")
    asked: dict[str, list[Expression]] = {"?": [], "!": []}
    for match in _CONDITION.finditer(conditions):
        asked[match["sign"]].append(_expression(match["text"]))
    return Make(name, kind, _given(rest, place), tuple(asked["?"]), tuple(asked["!"]))


def _give(text: str, place: str) -> Give:
    base, _, rest = text.partition(" ")
    bases = () if base == "@" else tuple(_base(part) for part in base.split("/"))
    given = _given(rest, place)
    return Give(
        bases,
        {name: found for name, found in given.items() if not name.startswith(_LATER)},
        {name[1:]: found.terms[0] for name, found in given.items() if name.startswith(_LATER)},
    )


def _base(text: str) -> Term:
    return Term("input", (text[1:],)) if text.startswith("<") else Term("made", _made_path(text))


def _given(text: str, place: str) -> dict[str, Expression]:
    """Read names with what they come from."""
    return {name: found for name, found in _assignments(text, place).items() if found is not None}


def _assignments(text: str, place: str, *, is_bare: bool = False) -> dict[str, Expression | None]:
    """Read names with what they come from; a bare name comes from the input of that name, or from nothing."""
    found: dict[str, Expression | None] = {}
    at = 0
    while at < len(text):
        match = _ASSIGNMENT.match(text, at)
        if match is None:
            raise RulesInvalidError(place=place, fault=f'"{text[at:]}" is not written as name=value')
        name, written = match["name"], match["text"]
        found[name] = None if is_bare and written is None else _expression(written or name)
        at = match.end()
    return found


def _expression(text: str) -> Expression:
    if text.startswith("'"):
        return Expression((Term("literal", literal=text[1:-1]),))
    text, *changes = text.split("|")
    for sign, how in _SIGNS.items():
        if sign in text:
            return Expression(tuple(_term(part) for part in text.split(sign)), how, tuple(changes))
    return Expression((_term(text),), "first", tuple(changes))


def _term(text: str) -> Term:
    if text in ("true", "false"):
        return Term("literal", literal=text == "true")
    if text.startswith(":"):
        return Term("made", _made_path(text[1:]))
    if text.startswith(_LATER):
        return Term("later", (text[1:],))
    if text.startswith("^"):
        return Term("near", (text[1:],))
    try:
        return Term("literal", literal=float(text) if "." in text else int(text))
    except ValueError:
        return Term("input", tuple(text.split(".")))


def _made_path(text: str) -> tuple[str, str]:
    name, _, output = text.rpartition(".")
    return name, output
