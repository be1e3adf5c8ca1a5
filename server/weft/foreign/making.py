"""The nodes of ours that stand for one of theirs, as they come to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from weft.foreign.evaluation import Room, Value
from weft.foreign.foreign_graph import ForeignNode
from weft.foreign.prompt_texts import read_prompt_text
from weft.foreign.rules import Expression, Make, Rule, Term
from weft.foreign.sketch import Sketch

_STEPS = MappingProxyType({"randomize": "random", "increment": "step"})


class Making:
    """Makes the nodes of a rule.

    Args:
        sketch: Where they go.
        node: The node that they stand for.
        rule: Its rule.
    """

    def __init__(self, sketch: Sketch, node: ForeignNode, rule: Rule) -> None:
        self._sketch = sketch
        self._node = node
        self._rule = rule
        self._passed: dict[tuple[str, str], Value] = {}
        self._ids: dict[str, str] = {}
        self._further: list[str] = []
        self._before: set[str] = set()

    @property
    def all_ids(self) -> tuple[str, ...]:
        """The nodes that were made."""
        return (*self._ids.values(), *self._further)

    def needed(self, slots: set[int], room: Room) -> list[Make]:
        """Name the nodes that are needed.

        Args:
            slots: The outputs of theirs that something is fed by.
            room: What the conditions of nodes can see.

        Returns:
            The first node of the rule, and those from which these outputs come, as far as what they need is
            there.
        """
        by_name = {make.name: make for make in self._rule.makes if _is_due(make, room)}
        waiting = list(by_name)[:1]
        waiting += _made_in(*(term for e in self._rule.hands_out.values() for term in e.terms))
        for slot, give in enumerate(self._rule.gives):
            if slot in slots:
                waiting += _made_in(*give.terms)
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in by_name and name not in found:
                found.add(name)
                waiting += _made_in(*(term for e in by_name[name].inputs.values() for term in e.terms))
        for name in by_name:
            if name in found:
                self._ids[name] = self._sketch.reserve(self._node.id, name if self._ids else "")
        # A rule names first what has the place of their node, and behind it what that takes from.
        return [make for make in reversed(by_name.values()) if make.name in found]

    def output(self, name: str, output: str) -> Value | None:
        """Give an output of a node that is made; None where it is not needed."""
        if name not in self._ids:
            return None
        passed = self._passed.get((name, output), Value())
        return Value((self._ids[name], output), left=passed.left, before=passed.before)

    def make_before(
        self, make: Make, room: Room, prompts: Mapping[str, tuple[str, str, str]], output: str, given: Value
    ) -> Value:
        """Make a node that is put before an input, once for each that takes the wire it was left on.

        Args:
            make: The node.
            room: What its expressions can see.
            prompts: Nodes that stand in front of a prompt.
            output: Its output that the input gets.
            given: What the input had.
        """
        if make.name in self._before:
            self._ids[make.name] = self._add("again")
        self._before.add(make.name)
        self.make(make, room.giving(given), prompts)
        return Value((self._ids[make.name], output), left=given.left)

    def make(self, make: Make, room: Room, prompts: Mapping[str, tuple[str, str, str]]) -> None:
        """Make a node.

        Args:
            make: One of those that are needed.
            room: What its expressions can see.
            prompts: Nodes that stand in front of a prompt.
        """
        key = self._ids[make.name]
        inputs: dict[str, Value] = {}
        seeds: dict[str, str] = {}
        for name, expression in make.inputs.items():
            value = room.evaluate(expression)
            if value is None:
                continue
            # What was left on a wire goes on with the output of the same name.
            self._passed[make.name, name] = value
            if not value.is_there:
                continue
            inputs[name] = value
            if value.control in _STEPS and value.link is None:
                seeds[name] = _STEPS[value.control]
            elif value.control == "decrement":
                room.notes.append(f"{name} counts down there, and stays here.")
            self._sketch.pass_points(f"{key}.{name}", self._points(expression))
        for name, expression in make.inputs.items():
            if "prompt" in expression.changes and name in inputs and inputs[name].link is None:
                self._dress(name, inputs, room.evaluate(replace(expression, changes=())), prompts, room)
        _put_before(inputs)
        is_first = make.name == next(iter(self._ids))
        self._sketch.put(key, make.type, inputs, mode=self._node.mode)
        self._sketch.look(
            key, self._node, below=list(self._ids).index(make.name), seeds=seeds, is_titled=is_first
        )

    def _dress(
        self,
        name: str,
        inputs: dict[str, Value],
        written: Value | None,
        prompts: Mapping[str, tuple[str, str, str]],
        room: Room,
    ) -> None:
        """Put nodes in front of a prompt that holds learned words or choices."""
        read = read_prompt_text(str(written.literal if written else ""))
        if "learned" in prompts:
            kind, passed, further = prompts["learned"]
            for word, file in read.learned.items():
                key = self._add(word)
                taken = {passed: inputs[passed]} if passed in inputs else {}
                self._sketch.put(key, kind, {**taken, further: Value(literal=file)})
                inputs[passed] = Value((key, passed))
        if read.is_drawn and "drawn" in prompts:
            kind, passed, further = prompts["drawn"]
            key = self._add("choices")
            self._sketch.put(key, kind, {passed: inputs[name], further: Value(literal=0)})
            self._sketch.look(key, self._node, below=len(self._ids), seeds={further: "random"})
            inputs[name] = Value((key, passed))
            room.notes.append(
                "The choices in its text are drawn from a seed of their own, which the result keeps."
            )

    def _add(self, name: str) -> str:
        self._further.append(self._sketch.reserve(self._node.id, name))
        return self._further[-1]

    def _points(self, expression: Expression) -> tuple[tuple[float, float], ...]:
        path = expression.terms[0].path
        is_plain = expression.terms[0].kind == "input" and len(path) == 1
        return self._node.routes.get(path[0], ()) if is_plain else ()


def _put_before(inputs: dict[str, Value]) -> None:
    """Put before inputs what was left for them on the wires of others."""
    for value in tuple(inputs.values()):
        for name, changes in value.before.items():
            for change in changes if name in inputs else ():
                inputs[name] = change(inputs[name])


def _is_due(make: Make, room: Room) -> bool:
    """Tell whether all that a node needs is there, and nothing that it must not meet."""
    is_there = all(room.evaluate(expression) is not None for expression in make.needs)
    return is_there and all(room.evaluate(expression) is None for expression in make.lacks)


def _made_in(*terms: Term) -> list[str]:
    return [term.path[0] for term in terms if term.kind == "made"]
