"""Reading the format in which ComfyUI saves: nodes with places, wires with numbers, values by position.

What is only drawn dissolves here: corners of wires become points of routes, notes and groups become notes and
frames, a primitive's value goes to what it feeds, and a sub-graph is unfolded where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from weft.errors import JSON
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import (
    Drawn,
    ForeignGraph,
    ForeignNode,
    Mode,
    Point,
    Source,
    Taken,
    plain_name,
    refuse_too_many,
)
from weft.foreign.positions import Named, name_values, point_of, text_of

DEEPEST = 20
"""Sub-graphs within each other; one that holds itself would have no end."""

LONGEST_WAY = 1000
"""Corners and sub-graphs that a wire passes, at most; one that comes back to itself has no end."""

_ENTRANCE, _EXIT = "-10", "-20"
_CORNER, _PRIMITIVE = "Reroute", "PrimitiveNode"
_NOTES = frozenset({"Note", "MarkdownNote"})
_MODES: Mapping[int, Mode] = MappingProxyType({2: "off", 4: "bypass"})

WidgetNames = Callable[[str], Sequence[str] | None]
"""Gives the names of a type's values in the order in which they are saved; None where that is not known."""


def is_saved_graph(tree: Mapping[str, JSON]) -> bool:
    """Tell whether a JSON object is meant to be a workflow as ComfyUI saves it."""
    return isinstance(tree.get("nodes"), list)


def read_saved_graph(tree: Mapping[str, JSON], widget_names: WidgetNames) -> ForeignGraph:
    """Read a workflow in the format in which it is saved.

    Args:
        tree: ``nodes``, ``links`` and so on.
        widget_names: Names of values that are saved by position.

    Returns:
        The workflow, its sub-graphs unfolded.

    Raises:
        ForeignUnreadableError: A part is not what it has to be.
    """
    return _Reading(tree, widget_names).graph()


@dataclass(slots=True)
class _Scope:
    """One graph: the outermost, or a sub-graph at the place of a node that stands for it."""

    prefix: str
    nodes: dict[str, Mapping[str, JSON]]
    links: dict[JSON, tuple[str, int]]
    exits: dict[int, JSON]
    parent: _Scope | None = None
    instance: Mapping[str, JSON] = field(default_factory=dict)
    mode: Mode | None = None


@dataclass(frozen=True, slots=True)
class _Fed:
    """Where a wire comes from: an output, or a value that was given to it; and the points it passes."""

    source: Source | None = None
    value: Named | None = None
    points: tuple[Point, ...] = ()


class _Reading:
    def __init__(self, tree: Mapping[str, JSON], widget_names: WidgetNames) -> None:
        self._tree = tree
        self._widget_names = widget_names
        definitions = tree.get("definitions")
        found = definitions.get("subgraphs") if isinstance(definitions, Mapping) else None
        parts = _objects(found, "definitions.subgraphs")
        self._definitions = {text_of(part.get("id")): part for part in parts}
        self._scopes: dict[str, _Scope] = {}
        self._dissolved: list[Taken] = []

    def graph(self) -> ForeignGraph:
        self._unfold()
        nodes: dict[str, ForeignNode] = {}
        notes: list[Drawn] = []
        for scope in self._scopes.values():
            for local, raw in scope.nodes.items():
                key, kind = scope.prefix + local, str(raw["type"])
                if kind in _NOTES:
                    notes.append(_note(key, raw))
                elif kind not in (_CORNER, _PRIMITIVE) and kind not in self._definitions:
                    nodes[key] = self._node(scope, key, raw)
                    continue
                self._dissolved.append(
                    Taken(node=key, type=kind, title=text_of(raw.get("title")), state="same")
                )
        frames = [
            _frame(f"frame-{n}", raw) for n, raw in enumerate(_objects(self._tree.get("groups"), "groups"), 1)
        ]
        return ForeignGraph(nodes, tuple(self._dissolved), tuple(f for f in frames if f), tuple(notes))

    def _unfold(self) -> None:
        """Open every sub-graph where it stands, outer ones first."""
        waiting = [(self._tree, "", _Scope("", {}, {}, {}), "")]
        count = 0
        while waiting:
            tree, prefix, parent, at = waiting.pop()
            scope = _scope_of(tree, prefix)
            if prefix:
                scope.parent, scope.instance = parent, parent.nodes[at]
                scope.mode = parent.mode or _mode(scope.instance)
            self._scopes[prefix] = scope
            count += len(scope.nodes)
            refuse_too_many(count)
            if prefix.count(":") > DEEPEST:
                raise ForeignUnreadableError(
                    fault=f"its sub-graphs stand within each other over {DEEPEST} times"
                )
            for local, raw in scope.nodes.items():
                definition = self._definitions.get(str(raw["type"]))
                if definition is not None:
                    waiting.append((definition, f"{prefix}{local}:", scope, local))

    def _node(self, scope: _Scope, key: str, raw: Mapping[str, JSON]) -> ForeignNode:
        entries = _objects(raw.get("inputs"), f"the inputs of node {key}")
        inputs = [{**e, "name": plain_name(str(e["name"]))} for e in entries if e.get("name")]
        named = name_values(raw, self._widget_names(str(raw["type"])), inputs)
        values, controls = dict(named.values), dict(named.controls)
        fed: dict[str, _Fed] = {}
        for entry in inputs:
            if entry.get("link") is None:
                continue
            name = str(entry["name"])
            fed[name] = self._trace(scope, entry["link"])
            given = fed[name].value
            if given is not None and "value" in given.values:
                values[name] = given.values["value"]
                controls[name] = given.controls.get("value", "fixed")
        links = {name: found.source for name, found in fed.items() if found.source is not None}
        outputs = _objects(raw.get("outputs"), f"the outputs of node {key}")
        return ForeignNode(
            id=key,
            type=str(raw["type"]),
            title=text_of(raw.get("title")),
            links=links,
            values={name: value for name, value in values.items() if name not in links},
            nameless=named.nameless,
            controls=controls,
            mode=scope.mode or _mode(raw),
            at=None if scope.prefix else point_of(raw.get("pos")),
            input_types={str(entry["name"]): text_of(entry.get("type")) for entry in inputs},
            outputs=tuple((text_of(entry.get("name")), text_of(entry.get("type"))) for entry in outputs),
            routes={name: found.points for name, found in fed.items() if found.points},
            lost=tuple(name for name in fed if name not in links and name not in values),
        )

    def _trace(self, scope: _Scope, link: JSON) -> _Fed:
        """Follow a wire back through corners and the borders of sub-graphs."""
        points: list[Point] = []
        for _ in range(LONGEST_WAY):
            origin, slot = scope.links.get(link if isinstance(link, int | str) else "", ("", 0))
            if origin == _ENTRANCE and scope.parent is not None:
                entry = _at(_objects(scope.instance.get("inputs"), "the inputs of a sub-graph"), slot)
                if entry.get("link") is None:
                    return _Fed(value=_promoted(scope.instance, entry))
                scope, link = scope.parent, entry["link"]
                continue
            raw = scope.nodes.get(origin)
            if raw is None:
                return _Fed()
            if raw["type"] == _PRIMITIVE:
                return _Fed(value=name_values(raw, ("value",), ()))
            if raw["type"] in self._definitions:
                scope = self._scopes[f"{scope.prefix}{origin}:"]
                link = scope.exits.get(slot)
            elif raw["type"] == _CORNER:
                at = None if scope.prefix else point_of(raw.get("pos"))
                points += [at] if at else []
                link = _at(_objects(raw.get("inputs"), "the inputs of a corner"), 0).get("link")
            else:
                return _Fed(Source(scope.prefix + origin, slot), points=tuple(reversed(points)))
        raise ForeignUnreadableError(fault="a wire comes back to itself")


def _scope_of(tree: Mapping[str, JSON], prefix: str) -> _Scope:
    nodes: dict[str, Mapping[str, JSON]] = {}
    for raw in _objects(tree.get("nodes"), "nodes"):
        key, kind = raw.get("id"), raw.get("type")
        if not (isinstance(key, int | str) and isinstance(kind, str) and kind):
            raise ForeignUnreadableError(fault=f"a node has no id or no type: {str(raw)[:60]}")
        if str(key) in nodes:
            raise ForeignUnreadableError(fault=f"two nodes have the id {prefix}{key}")
        nodes[str(key)] = raw
    links: dict[JSON, tuple[str, int]] = {}
    exits: dict[int, JSON] = {}
    written = tree.get("links") or []
    if not isinstance(written, list):
        raise ForeignUnreadableError(fault="its links are no list")
    for entry in written:
        key, origin, slot, target, target_slot = _link(entry)
        links[key] = (str(origin), slot)
        if str(target) == _EXIT:
            exits[target_slot] = key
    return _Scope(prefix, nodes, links, exits)


def _link(entry: JSON) -> tuple[int | str, int | str, int, int | str, int]:
    """Read a wire, which is a list in an outer graph and an object in a sub-graph."""
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    parts = [entry.get(name) for name in names] if isinstance(entry, Mapping) else entry
    match parts:
        case [int() | str() as key, int() | str() as origin, int() as slot, int() | str() as target, *rest]:
            to = rest[0] if rest else 0
            return key, origin, slot, target, to if isinstance(to, int) else 0
    raise ForeignUnreadableError(fault=f"a link is not written as one: {str(entry)[:60]}")


def _objects(found: JSON, what: str) -> list[Mapping[str, JSON]]:
    """Read a list of objects; what is missing is an empty one."""
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        raise ForeignUnreadableError(fault=f"{what} are no list of objects")
    return [entry for entry in found if isinstance(entry, Mapping)]


def _at(entries: list[Mapping[str, JSON]], slot: int) -> Mapping[str, JSON]:
    return entries[slot] if 0 <= slot < len(entries) else {}


def _mode(raw: Mapping[str, JSON]) -> Mode | None:
    mode = raw.get("mode")
    return _MODES.get(mode) if isinstance(mode, int) else None


def _promoted(instance: Mapping[str, JSON], entry: Mapping[str, JSON]) -> Named | None:
    """Give the value that a sub-graph's own field holds for an input, where it holds one for each."""
    fields = [e for e in _objects(instance.get("inputs"), "the inputs of a sub-graph") if e.get("widget")]
    held = instance.get("widgets_values")
    if entry not in fields or not isinstance(held, list) or len(held) != len(fields):
        return None
    return Named({"value": held[fields.index(entry)]})


def _note(key: str, raw: Mapping[str, JSON]) -> Drawn:
    held = raw.get("widgets_values")
    text = held[0] if isinstance(held, list) and held else ""
    at, size = point_of(raw.get("pos")), point_of(raw.get("size"))
    return Drawn(f"note-{key}".replace(":", "-"), at or (0.0, 0.0), size or (240.0, 160.0), text_of(text))


def _frame(key: str, raw: Mapping[str, JSON]) -> Drawn | None:
    match raw.get("bounding"):
        case [*at, int() | float() as width, int() | float() as height]:
            place = point_of(at)
            return place and Drawn(key, place, (float(width), float(height)), text_of(raw.get("title")))
    return None
