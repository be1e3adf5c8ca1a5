"""What the expressions of a rule come to for one node, and what has to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from weft.errors import JSON
from weft.foreign.changes import CHANGES, change_value
from weft.foreign.prompt_texts import read_prompt_text
from weft.foreign.rule_book import Names
from weft.foreign.rules import Expression, Term


@dataclass(frozen=True, slots=True)
class Value:
    """What an input gets, or what an output of theirs stands for.

    Attributes:
        link: The output of ours that it comes from.
        literal: The value where there is no link.
        is_there: Whether there is a link or a value; otherwise it is only what was left on the wire.
        left: What was left on the wire by nodes that dissolved.
        control: How the value changes from run to run; empty where it does not.
        before: What is put before inputs of whoever takes the value, by the name of the input, in this order.
    """

    link: tuple[str, str] | None = None
    literal: JSON = None
    is_there: bool = True
    left: Mapping[str, Value] = field(default_factory=dict)
    control: str = ""
    before: Mapping[str, tuple[Callable[[Value], Value], ...]] = field(default_factory=dict)

    def to_json(self) -> JSON:
        """Give the link or value as it stands in a document."""
        return self.literal if self.link is None else {"from": ".".join(self.link)}

    def leaving(self, left: Mapping[str, Value]) -> Value:
        """Give the value with more left on the wire."""
        return replace(self, left={**self.left, **left}) if left else self

    def putting(self, name: str, before: Callable[[Value], Value]) -> Value:
        """Give the value with one thing more that is put before an input of whoever takes it."""
        return replace(self, before={**self.before, name: (*self.before.get(name, ()), before)})


@dataclass(slots=True)
class Room:
    """What the expressions of a rule can see while one node is taken over.

    Attributes:
        inputs: Values of their inputs by name.
        made: Gives an output of a node that the rule makes.
        near: Gives an output that is looked for nearby.
        names: Tables of names.
        notes: What is different, in sentences; grows as expressions are evaluated.
        later: What somebody who takes the wire is given; None before that is known.
    """

    inputs: Mapping[str, Value]
    made: Callable[[str, str], Value | None]
    near: Callable[[str], Value | None]
    names: Mapping[str, Names]
    notes: list[str] = field(default_factory=list)
    later: Value | None = None

    def giving(self, later: Value) -> Room:
        """Give the room as it is for whoever takes the wire."""
        return replace(self, later=later)

    def evaluate(self, expression: Expression) -> Value | None:
        """Give what an expression comes to; None where nothing of it is there."""
        found = [value for value in map(self.term, expression.terms) if value is not None]
        if not found:
            return None
        if expression.how == "list":
            return Value(literal=[value.to_json() for value in found if value.is_there])
        if expression.how == "sum":
            numbers = [v.literal for v in found if isinstance(v.literal, int | float)]
            return Value(literal=sum(numbers)) if len(numbers) == len(expression.terms) else None
        value = found[0]
        for change in expression.changes:
            value = self._changed(value, change)
        return value

    def evaluate_all(self, expressions: Mapping[str, Expression]) -> dict[str, Value]:
        """Give what several expressions come to, without those of which nothing is there."""
        found = ((name, self.evaluate(expression)) for name, expression in expressions.items())
        return {name: value for name, value in found if value is not None}

    def term(self, term: Term) -> Value | None:
        """Give what one part of an expression comes to; None where it is not there."""
        if term.kind == "literal":
            return Value(literal=term.literal)
        if term.kind == "made":
            return self.made(term.path[0], term.path[1])
        if term.kind == "later":
            return self.later
        if term.kind == "near":
            return self.near(term.path[0])
        found = self.inputs.get(term.path[0])
        for name in term.path[1:]:
            found = None if found is None else found.left.get(name)
        return found

    def _changed(self, value: Value, change: str) -> Value:
        if value.link is not None:
            return value
        if change == "prompt":
            is_text = isinstance(value.literal, str)
            return replace(value, literal=read_prompt_text(str(value.literal)).text) if is_text else value
        if change in CHANGES:
            literal, note = change_value(change, value.literal)
        else:
            literal, note = self._renamed(value.literal, self.names.get(change, Names()))
        self.notes += [note] if note else []
        return replace(value, literal=literal)

    def _renamed(self, value: JSON, names: Names) -> tuple[JSON, str]:
        name = value if isinstance(value, str) else str(value)
        if name in names.same:
            return names.same[name], ""
        if name in names.near:
            ours, what = names.near[name]
            return ours, f"{name} became {ours}{': ' + what if what else ''}."
        return value, "" if names.is_open else f"{name} is not known here."
