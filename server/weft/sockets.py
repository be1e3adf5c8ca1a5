"""Socket types, their text form, and the rules by which an output may feed an input.

A type is written ``int``, ``image``, ``list[image]``, ``image | null`` or ``$T``. The rules, in this order:

1. *same*: equal types.
2. *variable*: the target is a type variable and takes the source's type.
3. *subtype*: the source is a value class below the target's; ``list[sub]`` likewise fits ``list[base]``.
4. *int-to-float*: an ``int`` feeds a ``float``.
5. *optional*, *union*: the source fits one member of the target's union; a source that is a union must
   fit wholly.
6. *wrap*: ``T`` feeds ``list[T]`` as its only item.
7. *map*: ``list[T]`` feeds ``T``; the node runs once per item.

Wrapping and mapping happen once per edge, never twice, and never for some members of a union only.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, NoReturn, TypeAlias, TypeVar

from weft.errors import JSON, AnnotationUnsupportedError, SocketTypeUnreadableError
from weft.values import value_type

Supertypes: TypeAlias = Mapping[str, tuple[str, ...]]
"""For each value type the names of all value types above it."""

Verdict: TypeAlias = Literal[
    "same", "subtype", "int-to-float", "optional", "wrap", "map", "union", "variable", "no"
]

MAX_NESTING = 16
"""Deepest nesting of lists in a type's text."""


@dataclass(frozen=True, slots=True)
class Named:
    """A builtin (``int``, ``float``, ``bool``, ``string``, ``json``) or a value class by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of items of one type."""

    item: SocketType

    def __str__(self) -> str:
        return f"list[{self.item}]"


@dataclass(frozen=True, slots=True)
class Null:
    """The type of None alone; as a member of a union it makes an input optional."""

    def __str__(self) -> str:
        return "null"


@dataclass(frozen=True, slots=True)
class Variable:
    """A type that is only known from what is connected; equal names stand for equal types in one node."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True, slots=True)
class Union:
    """One of several types. Build it with `union`, which keeps equal unions equal."""

    members: tuple[SocketType, ...]

    def __str__(self) -> str:
        return " | ".join(str(member) for member in self.members)


SocketType: TypeAlias = Named | ListOf | Null | Variable | Union

INT, FLOAT, BOOL, STRING, JSON_TYPE, NULL = (
    Named("int"),
    Named("float"),
    Named("bool"),
    Named("string"),
    Named("json"),
    Null(),
)
_BUILTINS: Mapping[object, Named] = types.MappingProxyType({int: INT, float: FLOAT, bool: BOOL, str: STRING})


def union(*members: SocketType) -> SocketType:
    """Join types: nested unions are flattened, duplicates dropped, members sorted with null last.

    Raises:
        SocketTypeUnreadableError: There is no member at all.
    """
    flat: dict[SocketType, None] = {}
    for member in members:
        flat.update(dict.fromkeys(members_of(member)))
    if not flat:
        raise SocketTypeUnreadableError(text="", fault="a union has no members")
    ordered = sorted(flat, key=lambda member: (isinstance(member, Null), str(member)))
    return ordered[0] if len(ordered) == 1 else Union(tuple(ordered))


def members_of(type: SocketType) -> tuple[SocketType, ...]:
    """Give the members of a union, or the type itself as the only one."""
    return type.members if isinstance(type, Union) else (type,)


def is_optional(type: SocketType) -> bool:
    """Tell whether null is among what the type allows."""
    return any(isinstance(member, Null) for member in members_of(type))


def without_null(type: SocketType) -> SocketType:
    """Give the type less its null; null alone stays null."""
    rest = [member for member in members_of(type) if not isinstance(member, Null)]
    return union(*rest) if rest else NULL


def variables_in(type: SocketType) -> frozenset[str]:
    """Give the names of the type variables that occur in the type."""
    if isinstance(type, Variable):
        return frozenset({type.name})
    if isinstance(type, ListOf):
        return variables_in(type.item)
    if isinstance(type, Union):
        return frozenset().union(*(variables_in(member) for member in type.members))
    return frozenset()


def substitute(type: SocketType, bindings: Mapping[str, SocketType]) -> SocketType:
    """Put the bound types in the place of their variables; unbound variables stay."""
    if isinstance(type, Variable):
        return bindings.get(type.name, type)
    if isinstance(type, ListOf):
        return ListOf(substitute(type.item, bindings))
    if isinstance(type, Union):
        return union(*(substitute(member, bindings) for member in type.members))
    return type


_TOKEN = re.compile(r"\s*(list\[|\]|\||\$?[A-Za-z_][\w.:-]*)")


def parse_type(text: str) -> SocketType:
    """Read a type from its text form; the inverse of ``str``.

    Raises:
        SocketTypeUnreadableError: The text is not a type, or nests lists deeper than `MAX_NESTING`.
    """
    tokens: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise SocketTypeUnreadableError(text=text, fault=f'unexpected "{stripped[position]}"')
        tokens.append(match[1])
        position = match.end()
    return _Parser(text, tokens).parse()


class _Parser:
    """Reads one type from tokens: ``union := single ("|" single)*``."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0

    def parse(self) -> SocketType:
        found = self._union(0)
        if self._next < len(self._tokens):
            self._fail(f'unexpected "{self._tokens[self._next]}"')
        return found

    def _union(self, depth: int) -> SocketType:
        members = [self._single(depth)]
        while self._peek() == "|":
            self._next += 1
            members.append(self._single(depth))
        return union(*members)

    def _single(self, depth: int) -> SocketType:
        word = self._peek()
        self._next += 1
        if word == "list[":
            if depth >= MAX_NESTING:
                self._fail("lists nest too deeply")
            item = self._union(depth + 1)
            if self._peek() != "]":
                self._fail('"]" is missing')
            self._next += 1
            return ListOf(item)
        if word in ("", "|", "]", "list", "$"):
            self._fail("a type is missing" if word != "list" else "the item type of the list is missing")
        if word == "null":
            return NULL
        return Variable(word[1:]) if word.startswith("$") else Named(word)

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _fail(self, fault: str) -> NoReturn:
        raise SocketTypeUnreadableError(text=self._text, fault=fault)


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether and how an output may feed an input.

    Attributes:
        verdict: The rule that allows it, or ``no``.
        reason: One sentence, fit to be shown.
        bindings: What the target's type variables stand for, if the edge is made.
    """

    verdict: Verdict
    reason: str
    bindings: Mapping[str, SocketType] = field(default_factory=dict, hash=False)

    @property
    def ok(self) -> bool:
        """Tell whether the edge is allowed."""
        return self.verdict != "no"


def fits(source: SocketType, target: SocketType, supertypes: Supertypes) -> Fit:
    """Decide whether an output may feed an input.

    Args:
        source: Type of the output, with its variables replaced where they are known.
        target: Type of the input.
        supertypes: All value types above each value type.

    Returns:
        The verdict of the first rule of this module that allows the edge, with its reason.
    """
    direct = _direct(source, target, supertypes)
    if direct is not None:
        return direct
    for member in members_of(target):
        if isinstance(member, ListOf):
            inner = _direct(source, member.item, supertypes)
            if inner is not None:
                return Fit("wrap", f"{source} becomes the only item of {member}.", inner.bindings)
    if isinstance(source, ListOf):
        inner = _direct(source.item, target, supertypes)
        if inner is not None:
            return Fit("map", f"The node runs once per item of {source}.", inner.bindings)
    return Fit("no", _refusal(source, target))


def _direct(source: SocketType, target: SocketType, supertypes: Supertypes) -> Fit | None:
    """Apply the rules that change nothing about lists; None where none of them allows the edge."""
    if source == target:
        return Fit("same", f"Both are {target}.")
    if isinstance(source, Union):
        return _whole_union(source, target, supertypes)
    if isinstance(target, Variable):
        return Fit("variable", f"{target} stands for {source}.", {target.name: source})
    if isinstance(target, Union):
        return _one_member(source, target, supertypes)
    if isinstance(source, ListOf) and isinstance(target, ListOf):
        inner = _direct(source.item, target.item, supertypes)
        return None if inner is None else Fit(inner.verdict, f"{source} fits {target}.", inner.bindings)
    if source == INT and target == FLOAT:
        return Fit("int-to-float", "Every int is a float.")
    if (
        isinstance(source, Named)
        and isinstance(target, Named)
        and target.name in supertypes.get(source.name, ())
    ):
        return Fit("subtype", f"Every {source} is a {target}.")
    return None


def _whole_union(source: Union, target: SocketType, supertypes: Supertypes) -> Fit | None:
    if isinstance(target, Variable):
        return Fit("variable", f"{target} stands for {source}.", {target.name: source})
    # `image | null` into `$T | null` binds T to what is left when the null is taken care of.
    variables = [member for member in members_of(target) if isinstance(member, Variable)]
    fixed = [member for member in members_of(target) if not isinstance(member, Variable)]
    left = [member for member in source.members if _first(member, fixed, supertypes) is None]
    bindings: dict[str, SocketType] = {}
    if left and len(variables) != 1:
        return None
    if left:
        bindings[variables[0].name] = union(*left)
    for member in source.members:
        inner = None if member in left else _first(member, fixed, supertypes)
        if inner is not None and any(bindings.setdefault(k, v) != v for k, v in inner.bindings.items()):
            return None
    return Fit("union", f"Each of {source} fits {target}.", bindings)


def _first(source: SocketType, members: Sequence[SocketType], supertypes: Supertypes) -> Fit | None:
    """Give the first fit among fixed members, the exact ones tried before those that convert."""
    if source in members:
        return Fit("same", f"Both are {source}.")
    found = (_direct(source, member, supertypes) for member in members)
    return next((fit for fit in found if fit is not None), None)


def _one_member(source: SocketType, target: Union, supertypes: Supertypes) -> Fit | None:
    ordered = sorted(target.members, key=lambda member: isinstance(member, Variable))
    inner = _first(source, ordered, supertypes)
    if inner is None or inner.verdict not in ("same", "variable"):
        return inner
    if inner.verdict == "variable":
        return Fit("variable", inner.reason, inner.bindings)
    verdict: Verdict = "optional" if is_optional(target) else "union"
    return Fit(verdict, f"{target} takes {source}.", inner.bindings)


def _refusal(source: SocketType, target: SocketType) -> str:
    if isinstance(source, Variable):
        return f"The type of {source} is not known yet; connect the node it comes from first."
    if is_optional(source) and not is_optional(target):
        return f"{source} may be null, but {target} may not."
    if isinstance(source, Union):
        return f"Not every one of {source} fits {target}."
    if isinstance(source, ListOf) and isinstance(source.item, ListOf):
        return f"{source} does not fit {target}; a list maps one level at a time."
    return f"{source} does not fit {target}."


def common(first: SocketType, second: SocketType, supertypes: Supertypes) -> SocketType | None:
    """Give the narrower-to-wider of two types that both fit, as two inputs of one variable need.

    Returns:
        `second` where `first` fits it without wrapping or mapping, else `first` where `second` fits it
        so, else None.
    """
    if _direct(first, second, supertypes) is not None:
        return second
    return first if _direct(second, first, supertypes) is not None else None


def from_annotation(annotation: object) -> SocketType:
    """Give the socket type of a Python annotation.

    Args:
        annotation: A resolved annotation: int, float, bool, str, Literal of strings, list[T], unions, None,
            a TypeVar, a class marked with @value, JSON; `Annotated` is looked through.

    Raises:
        AnnotationUnsupportedError: The annotation has no socket type.
    """
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return from_annotation(typing.get_args(annotation)[0])
    if annotation is None or annotation is types.NoneType:
        return NULL
    if annotation is JSON:
        return JSON_TYPE
    if isinstance(annotation, TypeVar):
        return _from_type_variable(annotation)
    if origin in (typing.Union, types.UnionType):
        return union(*(from_annotation(member) for member in typing.get_args(annotation)))
    if origin is list:
        return ListOf(from_annotation(typing.get_args(annotation)[0]))
    if origin is Literal:
        return _from_literal(annotation)
    if isinstance(annotation, type) and origin is None:
        return _from_class(annotation)
    raise AnnotationUnsupportedError(annotation=annotation_text(annotation))


def _from_type_variable(variable: TypeVar) -> Variable:
    if variable.__constraints__ or variable.__bound__ is not None:
        raise AnnotationUnsupportedError(
            annotation=str(variable),
            reason="type variables of nodes have no bounds or constraints",
            hint="Write a union, or a plain TypeVar.",
        )
    return Variable(variable.__name__)


def _from_literal(annotation: object) -> Named:
    if not all(isinstance(option, str) for option in typing.get_args(annotation)):
        raise AnnotationUnsupportedError(
            annotation=annotation_text(annotation),
            reason="only strings can be choices",
            hint="Write the choices as strings.",
        )
    return STRING


def _from_class(annotation: type) -> SocketType:
    if annotation in _BUILTINS:
        return _BUILTINS[annotation]
    found = value_type(annotation)
    if found is not None:
        return Named(found.name)
    name = annotation.__name__
    if annotation is list:
        raise AnnotationUnsupportedError(
            annotation=name, reason="its item type is missing", hint="Write list[...]."
        )
    raise AnnotationUnsupportedError(
        annotation=name,
        reason="that class is not marked with @value",
        hint=f"Mark {name} with @value, or use a type that is.",
    )


def annotation_text(annotation: object) -> str:
    """Write an annotation as its author would."""
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")
