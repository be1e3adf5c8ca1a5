"""Traits: what is known of a value beyond its type, followed along the links before anything runs.

A node says which traits its outputs have and which its inputs ask for: a constant, a ``$Variable`` that is
the same in the whole node, or what the listing of files says of the chosen file. What a trait means
is no matter here; it is only passed on and compared. What is not known is compared with nothing. Two values
agree that are equal, or where one of the alternatives of each is.

A trait that is called as the input itself is what somebody entered there, so that a choice can be compared
with what is connected, and an input that may stay empty with what needs it.

Where traits must agree, a difference is an error. Where a node only advises against a number beside some
trait, it is a warning, and the workflow runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from weft.errors import JSON, PluginError, Problem
from weft.graph.offers import Offers
from weft.graph.structure import GraphNode, Source, source_of
from weft.graph_errors import TraitMismatchError, ValueUnsuitedError
from weft.schema import (
    ALTERNATIVES,
    TOGETHER,
    Advice,
    InputSchema,
    Listed,
    NodeSchema,
    OutputSchema,
    TraitValue,
)
from weft.sockets import variables_in
from weft.widgets import ImageFile, ModelFile, shown

EMPTY = "empty"
"""What the trait of an input that is called as the input itself is where nothing is connected or entered."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A trait that is known of an output or of a chosen file.

    Attributes:
        value: The trait's value.
        place: Where it is known of: ``node.output``, or the file's name.
        behind: The fact it follows from; None where the node says so by itself.
        is_entered: Whether it is what somebody entered there, and not what a node or a file says.
    """

    value: str
    place: str
    behind: Fact | None = None
    is_entered: bool = False

    def path(self) -> tuple[str, ...]:
        """Give the places from where the trait was first known to here."""
        found = [self.place]
        fact = self.behind
        while fact is not None:
            found.append(fact.place)
            fact = fact.behind
        return tuple(reversed(found))


class Places(Protocol):
    """Says where a problem of an input is to be reported."""

    def __call__(self, node: str, input: str, *, is_missing: bool = False) -> tuple[str, str]:
        """Give the node and the input where it can be mended, from outside where a value is awaited there."""


def check_traits(
    nodes: Mapping[str, GraphNode],
    order: Iterable[str],
    offers: Offers,
    *,
    place: Places,
) -> list[Problem]:
    """Follow the traits through a graph and compare them where they meet.

    Args:
        nodes: The nodes by id; their links may be wrong otherwise.
        order: The ids in an order in which each stands behind those it reads from.
        offers: Knows the traits of listed files.
        place: Says at which node and input a problem of an input is to be reported.

    Returns:
        One problem for each input whose trait is not what it must be, or whose number does not suit a trait.
    """
    tracker = _Tracker(offers, place)
    silent: dict[str, bool] = {}
    for name in order:
        node = nodes[name]
        is_silent = silent.get(node.type)
        if is_silent is None:
            is_silent = silent[node.type] = not _speaks(node.schema)
        if not is_silent:
            tracker.visit(node)
    return tracker.problems


def _speaks(schema: NodeSchema) -> bool:
    """Tell whether traits can pass through a node: it names some, or passes on whatever type it is given."""
    if any(item.traits or item.advice for item in schema.inputs) or any(
        item.traits for item in schema.outputs
    ):
        return True
    return any(variables_in(item.type) for item in schema.outputs)


class _Tracker:
    """The traits known so far."""

    def __init__(self, offers: Offers, place: Places) -> None:
        self.problems: list[Problem] = []
        self._offers = offers
        self._place = place
        self._known: dict[tuple[str, str], dict[str, Fact]] = {}

    def visit(self, node: GraphNode) -> None:
        """Compare what a node's inputs ask for with what they are given, then note what it gives."""
        bound: dict[str, tuple[Fact, str]] = {}
        for schema in node.schema.inputs:
            for trait, wanted in schema.traits.items():
                for fact in self._given(node, schema, trait):
                    self._compare(node, schema, trait=trait, wanted=wanted, fact=fact, bound=bound)
            for advice in schema.advice:
                self._advise(node, schema, advice)
        for output in node.schema.outputs:
            facts = self._passed_on(node, output)
            for trait, value in output.traits.items():
                said = self._said(node, output, value=value, bound=bound)
                if said is not None:
                    facts[trait] = said
            if facts:
                self._known[node.id, output.name] = facts

    def _given(self, node: GraphNode, schema: InputSchema, trait: str) -> list[Fact]:
        """List what is known of a trait of everything that feeds an input."""
        link = node.links.get(schema.name)
        if link is None:
            if trait == schema.name:
                return _entered(node, schema)
            file = self._of_file(node, schema.name)
            return [Fact(file[trait], f'"{node.values[schema.name]}"')] if trait in file else []
        parts = (link,) if isinstance(link, Source) else link
        sources = (source_of(part) for part in parts)
        facts = (self._known.get((s.node, s.output), {}).get(trait) for s in sources if s is not None)
        return [fact for fact in facts if fact is not None]

    def _of_file(self, node: GraphNode, input: str) -> Mapping[str, str]:
        """Give what the listing says of the file that a node's input names."""
        schema = node.schema.input(input)
        name = node.values.get(input)
        if (
            schema is None
            or not isinstance(schema.widget, ModelFile | ImageFile)
            or not isinstance(name, str)
        ):
            return {}
        try:
            return self._offers.listing(schema.widget.listing).get(name, {})
        except PluginError:
            # That nothing can be listed is reported where the value itself is checked.
            return {}

    def _compare(
        self,
        node: GraphNode,
        schema: InputSchema,
        *,
        trait: str,
        wanted: TraitValue,
        fact: Fact,
        bound: dict[str, tuple[Fact, str]],
    ) -> None:
        if isinstance(wanted, Listed):
            value = self._of_file(node, wanted.input).get(wanted.trait)
            if value is None or _agree(value, fact.value):
                return
            file = Fact(value, f'"{node.values[wanted.input]}"')
            self._clash(node, schema, trait=trait, fact=fact, other=(file, wanted.input))
        elif not wanted.startswith("$"):
            if not _agree(wanted, fact.value):
                self._clash(node, schema, trait=trait, fact=fact, other=(Fact(wanted, ""), ""))
        elif wanted not in bound:
            bound[wanted] = (fact, schema.name)
        elif not _agree(bound[wanted][0].value, fact.value):
            self._clash(node, schema, trait=trait, fact=fact, other=bound[wanted])

    def _clash(
        self, node: GraphNode, schema: InputSchema, *, trait: str, fact: Fact, other: tuple[Fact, str]
    ) -> None:
        expected, rival = other
        if expected.is_entered and not fact.is_entered:
            # What was entered is what can be changed, in whichever order the inputs stand.
            rival_schema = node.schema.input(rival)
            if rival_schema is not None:
                self._clash(node, rival_schema, trait=trait, fact=expected, other=(fact, schema.name))
            return
        target = f"{node.id}.{schema.name}"
        is_entered = fact.is_entered and rival != ""
        if rival and not is_entered:
            target += f" (as its {rival}, from {_route(expected)})"
        error = TraitMismatchError(
            trait=trait,
            source=_route(expected if is_entered else fact),
            has=fact.value if fact.value.isidentifier() or not is_entered else shown(fact.value),
            target=target,
            expects=expected.value,
            hint=node.schema.hints.get(trait, ""),
            is_entered=is_entered,
        )
        at, name = self._place(node.id, schema.name, is_missing=is_entered and fact.value == EMPTY)
        paths: dict[str, JSON] = {
            "path": list(fact.path()),
            "other_path": list(expected.path()) if rival else [],
        }
        self.problems.append(replace(error.problem(node=at, input=name), details=paths))

    def _advise(self, node: GraphNode, schema: InputSchema, advice: Advice) -> None:
        """Warn of a number, or of a text, that does not suit a trait of another input."""
        value = node.values.get(schema.name)
        number = _largest(value)
        source = node.schema.input(advice.source)
        has_effect = not advice.beside or advice.beside in node.links
        if number is None or number <= advice.most or source is None or not has_effect:
            return
        facts = self._given(node, source, advice.trait)
        fact = next((fact for fact in facts if fact.value == advice.value), None)
        if fact is None:
            return
        error = ValueUnsuitedError(
            name=f"{node.id}.{schema.name}",
            value=shown(value) if isinstance(value, str) else f"{number:g}",
            source=_route(fact),
            reason=advice.reason,
            hint=advice.hint,
        )
        at, name = self._place(node.id, schema.name)
        self.problems.append(replace(error.problem(node=at, input=name), severity="warning"))

    def _said(
        self,
        node: GraphNode,
        output: OutputSchema,
        *,
        value: TraitValue,
        bound: Mapping[str, tuple[Fact, str]],
    ) -> Fact | None:
        """Give what a node says of a trait of its output; None where that is not known."""
        here = f"{node.id}.{output.name}"
        if isinstance(value, Listed):
            found = self._of_file(node, value.input).get(value.trait)
            return None if found is None else Fact(found, here)
        if not value.startswith("$"):
            return Fact(value, here)
        known = [bound[name][0] for name in value.split(TOGETHER) if name in bound]
        values = dict.fromkeys(fact.value for fact in known)
        return Fact(TOGETHER.join(values), here, known[0]) if known else None

    def _passed_on(self, node: GraphNode, output: OutputSchema) -> dict[str, Fact]:
        """Give the traits of what a type variable stands for, as far as all that feeds it agrees."""
        variables = variables_in(output.type)
        if not variables:
            return {}
        sources = [
            source
            for schema in node.schema.inputs
            if variables & variables_in(schema.type)
            for source in _sources(node, schema.name)
        ]
        fed = [self._known.get((source.node, source.output), {}) for source in sources]
        if not fed:
            return {}
        here = f"{node.id}.{output.name}"
        return {
            trait: Fact(fact.value, here, fact)
            for trait, fact in fed[0].items()
            if all(trait in other and other[trait].value == fact.value for other in fed)
        }


def _entered(node: GraphNode, schema: InputSchema) -> list[Fact]:
    """List what was entered at an input without link, as what is known of its trait of the same name."""
    if schema.name not in node.values:
        return []
    value = node.values[schema.name]
    entered = [EMPTY] if value is None else value if isinstance(value, list) else [value]
    words = [json.dumps(each) if isinstance(each, bool) else each for each in entered]
    place = f"{node.id}.{schema.name}"
    return [Fact(word, place, is_entered=True) for word in words if isinstance(word, str)]


def _agree(first: str, second: str) -> bool:
    """Tell whether two values of a trait share an alternative."""
    return not set(first.split(ALTERNATIVES)).isdisjoint(second.split(ALTERNATIVES))


def _sources(node: GraphNode, input: str) -> list[Source]:
    link = node.links.get(input, ())
    parts = (link,) if isinstance(link, Source) else link
    return [source for part in parts if (source := source_of(part)) is not None]


def _largest(value: JSON) -> float | None:
    """Give a number, the largest one of a list, or the length of a text; None where there is none."""
    items = value if isinstance(value, list) else [value]
    numbers = [item for item in items if isinstance(item, int | float)]
    return max(numbers, default=len(value.strip()) if isinstance(value, str) else None)


def _route(fact: Fact) -> str:
    """Name where a trait was first known, and the way it took from there."""
    path = fact.path()
    if len(path) == 1:
        return path[0]
    shown = path[1:] if len(path) <= 5 else (path[1], "…", path[-1])
    return f"{path[0]} (through {', '.join(shown)})"
