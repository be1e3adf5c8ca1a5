"""Workflows of ComfyUI as workflow documents, with a report of what became of each node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from typing_extensions import TypeIs

from weft.errors import JSON
from weft.foreign.evaluation import Room, Value
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import ForeignGraph, ForeignNode, Source, State, Taken
from weft.foreign.kinship import Kinship
from weft.foreign.making import Making
from weft.foreign.prompts_api import is_prompt, read_prompt
from weft.foreign.rule_book import RuleBook
from weft.foreign.rules import Expression, Rule
from weft.foreign.saved_graphs import is_saved_graph, read_saved_graph
from weft.foreign.sketch import Sketch
from weft.graph.document import Document, parse_document

_KEPT = "It stays as it is, since what it is wired to, or what it is set to do, is not known here."


@dataclass(frozen=True, slots=True)
class Conversion:
    """A workflow that was taken over.

    Attributes:
        document: The workflow.
        nodes: What became of each of its nodes, in the order of the file.
    """

    document: Document
    nodes: tuple[Taken, ...]


def is_foreign(tree: object) -> TypeIs[Mapping[str, JSON]]:
    """Tell whether a JSON value is meant to be a workflow of ComfyUI."""
    return isinstance(tree, Mapping) and "weft" not in tree and _core(tree) is not None


def convert(tree: Mapping[str, JSON], book: RuleBook) -> Conversion:
    """Take over a workflow of ComfyUI.

    Args:
        tree: The workflow as it is saved there, or in the format of the API, even within a call of it.
        book: What becomes of its nodes.

    Returns:
        A workflow that does the same as far as there are nodes for it. Nothing is left out in silence: nodes
        that are not known here are kept with their values, and the report says what is different.

    Raises:
        ForeignUnreadableError: It is no workflow of ComfyUI, or it is damaged.
        ProblemsError: It holds what no document may hold, such as numbers that are not finite.
    """
    core = _core(tree)
    if core is None:
        raise ForeignUnreadableError(fault="it has neither nodes with a type nor nodes with a class_type")
    graph = read_saved_graph(core, book.widget_names) if is_saved_graph(core) else read_prompt(core)
    return _Conversion(graph, book).result()


def _core(tree: Mapping[str, JSON]) -> Mapping[str, JSON] | None:
    """Find the workflow itself, around which stands what a call of the API or a picture says besides."""
    if is_saved_graph(tree) or is_prompt(tree):
        return tree
    inner = (tree.get(name) for name in ("workflow", "prompt"))
    return next((p for p in inner if isinstance(p, Mapping) and (is_saved_graph(p) or is_prompt(p))), None)


class _Conversion:
    def __init__(self, graph: ForeignGraph, book: RuleBook) -> None:
        self._graph = graph
        self._book = book
        self._kin = Kinship(graph.nodes, book.rules)
        self._sketch = Sketch(graph)
        self._values: dict[Source, Value] = {}
        self._taken: dict[str, Taken] = {}
        self._handed: dict[str, dict[str, Value]] = {}

    def result(self) -> Conversion:
        for key in self._kin.order():
            node = self._graph.nodes[key]
            self._taken[key] = self._keep(node) if key in self._kin.unknown else self._take(node)
        for key, node in self._graph.nodes.items():
            for name, value in self._handed.get(key, {}).items():
                self._sketch.hand_out(value, name, node.title)
        document = parse_document(self._sketch.document())
        # What waited for somebody to take it may have found nobody, and then it is not there.
        taken = [self._taken[key] for key in self._graph.nodes]
        there = [replace(t, made=tuple(made for made in t.made if made in document.nodes)) for t in taken]
        return Conversion(document, (*there, *self._graph.dissolved))

    def _inputs(self, node: ForeignNode) -> dict[str, Value]:
        """Give what their inputs hold, in terms of our nodes."""
        found = {
            name: Value(literal=value, control=node.controls.get(name, ""))
            for name, value in node.values.items()
        }
        linked = {name: self._values.get(source) for name, source in node.links.items()}
        return {**found, **{name: value for name, value in linked.items() if value is not None}}

    def _keep(self, node: ForeignNode) -> Taken:
        """Keep a node that is not known here, with all that it holds."""
        inputs = {name: value for name, value in self._inputs(node).items() if value.is_there}
        further = {f"value_{n}": Value(literal=value) for n, value in enumerate(node.nameless)}
        made = self._sketch.add(node, f"comfyui:{node.type}", {**inputs, **further})
        for slot in self._kin.slots_used(node.id):
            named = node.outputs[slot][0] if slot < len(node.outputs) else ""
            self._values[Source(node.id, slot)] = Value(
                (made, self._sketch.output_name(named or f"output_{slot}"))
            )
        is_known = node.type in self._book.rules
        notes = (_KEPT,) if is_known else ()
        return _taken(node, "unknown", (made,), notes)

    def _take(self, node: ForeignNode) -> Taken:
        """Let the nodes of its rule stand for a node."""
        rule = self._book.rules[node.type]
        inputs = self._inputs(node)
        if node.mode is not None and _dissolves(rule):
            return self._leave_out(node, rule, inputs)
        making = Making(self._sketch, node, rule)
        near = partial(self._near_value, node.id)
        room = Room(inputs, making.output, near, self._book.names)
        slots = self._kin.slots_used(node.id)
        needed = making.needed(slots, room)
        if rule.makes and not needed:
            return self._keep(node)
        for make in needed:
            if not make.is_later:
                making.make(make, room, self._book.prompts)
        for slot, give in enumerate(rule.gives):
            bases = [base for base in map(room.term, give.bases) if base is not None]
            if bases or not give.bases:
                base = bases[0] if bases else Value(is_there=False)
                value = base.leaving(room.evaluate_all(give.left))
                for name, term in give.before.items():
                    (make,) = [make for make in rule.makes if make.name == term.path[0]]
                    before = partial(making.make_before, make, room, self._book.prompts, term.path[1])
                    value = value.putting(name, before)
                self._values[Source(node.id, slot)] = value
        if node.mode is None:
            self._handed[node.id] = room.evaluate_all(rule.hands_out)
        notes = (*room.notes, *_losses(node, rule, slots), *([rule.differs] if rule.differs else []))
        return _taken(node, "different" if notes else "same", making.all_ids, tuple(dict.fromkeys(notes)))

    def _leave_out(self, node: ForeignNode, rule: Rule, inputs: Mapping[str, Value]) -> Taken:
        """Leave out a node that is switched off and that no node of ours would stand for."""
        passing = {node.input_types.get(name, name): value for name, value in reversed(list(inputs.items()))}
        for slot in self._kin.slots_used(node.id) if node.mode == "bypass" else ():
            kind = node.outputs[slot][1] if slot < len(node.outputs) else ""
            if kind in passing:
                self._values[Source(node.id, slot)] = passing[kind]
        held = ", ".join(f"{name} = {value}" for name, value in node.values.items() if name in rule.used)
        state = "bypassed" if node.mode == "bypass" else "off"
        note = f"It is {state} there, and left out here{f' ({held})' if held else ''}."
        return _taken(node, "different", (), (note,))

    def _near_value(self, key: str, name: str) -> Value | None:
        source = self._kin.near(key, name)
        return None if source is None else self._values.get(source)


def _taken(node: ForeignNode, state: State, made: tuple[str, ...], notes: tuple[str, ...]) -> Taken:
    return Taken(node=node.id, type=node.type, title=node.title, state=state, made=made, notes=notes)


def _dissolves(rule: Rule) -> bool:
    """Tell whether what a rule gives comes from other nodes alone."""
    return not any(base.kind == "made" for give in rule.gives for base in give.bases)


def _losses(node: ForeignNode, rule: Rule, slots: set[int]) -> list[str]:
    """Say what of a node is not taken over."""
    notes = []
    for name, value in node.values.items():
        dropped = rule.drops.get(name, Expression(()))
        is_harmless = dropped is None or value in [term.literal for term in dropped.terms]
        if name not in rule.used and not is_harmless:
            notes.append(f"{name} = {value} has no counterpart here.")
    notes += [
        f"What feeds {name} has no counterpart here."
        for name in node.links
        if name not in rule.used and rule.drops.get(name, "") is not None
    ]
    notes += [f"{name} was fed by something that is not in the file." for name in node.lost]
    if node.nameless:
        notes.append(f"It holds more values than are known: {', '.join(map(str, node.nameless))}.")
    notes += [
        f"Its output {slot + 1} has no counterpart here." for slot in sorted(slots) if slot >= len(rule.gives)
    ]
    return notes
