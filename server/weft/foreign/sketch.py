"""The workflow document as it grows: names that a document allows, places, titles, outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from weft.errors import JSON
from weft.foreign.evaluation import Value
from weft.foreign.foreign_graph import Drawn, ForeignGraph, ForeignNode, Mode, Point
from weft.graph.migrations import NEWEST_DOCUMENT_VERSION

_REFUSED = re.compile(r"[./]+")
_BELOW = 260
"""How far below another a further node for the same one of theirs is put."""

_STRETCH = 1.3
"""How much further down everything is than there: nodes here show every field, and are as much taller."""


class Sketch:
    """A document that is being written.

    Args:
        graph: What it is made of; notes and frames are taken as they are.
    """

    def __init__(self, graph: ForeignGraph) -> None:
        self._graph = graph
        # Nodes that stand for a single one have its id, so what comes beside them must not take it.
        self._taken = {_plain(key) for key in graph.nodes}
        self._nodes: dict[str, JSON] = {}
        self._looks: dict[str, JSON] = {}
        self._routes: dict[str, JSON] = {}
        self._outputs: dict[str, JSON] = {}
        self._given: set[str] = set()

    def reserve(self, key: str, name: str = "") -> str:
        """Give a node an id: their own, or that with a name behind it."""
        wanted = f"{_plain(key)}-{_plain(name)}" if name else _plain(key)
        found, count = wanted, 1
        while found in self._given or (name and found in self._taken):
            count += 1
            found = f"{wanted}-{count}"
        self._given.add(found)
        return found

    def add(self, node: ForeignNode, kind: str, inputs: Mapping[str, Value]) -> str:
        """Write a node with the place of one of theirs, and give its id."""
        key = self.reserve(node.id)
        names: dict[str, Value] = {}
        for name, value in inputs.items():
            names[_free(names, self.output_name(name))] = value
        self.put(key, kind, names, mode=node.mode)
        self.look(key, node, is_titled=True)
        for name, points in node.routes.items():
            self.pass_points(f"{key}.{self.output_name(name)}", points)
        return key

    def put(self, key: str, kind: str, inputs: Mapping[str, Value], *, mode: Mode | None = None) -> None:
        """Write a node."""
        entry: dict[str, JSON] = {
            "type": kind,
            "version": 1,
            "inputs": {name: value.to_json() for name, value in inputs.items()},
        }
        self._nodes[key] = entry if mode is None else {**entry, "mode": mode}

    def look(
        self,
        key: str,
        node: ForeignNode,
        *,
        below: int = 0,
        seeds: Mapping[str, str] | None = None,
        is_titled: bool = False,
    ) -> None:
        """Write how a node is shown: where theirs stood, or so many places below that."""
        look: dict[str, JSON] = {}
        if node.at is not None:
            look["at"] = [node.at[0], node.at[1] * _STRETCH + _BELOW * below]
        if is_titled and node.title:
            look["title"] = node.title
        if seeds:
            look["seeds"] = dict(seeds)
        if look:
            self._looks[key] = look

    def pass_points(self, key: str, points: tuple[Point, ...]) -> None:
        """Let the wire to an input pass some points."""
        if points:
            self._routes[key] = [[x, y * _STRETCH] for x, y in points]

    def hand_out(self, value: Value, name: str, title: str) -> None:
        """Make an output of the workflow of what a value links to."""
        if value.link is not None:
            found = _free(self._outputs, name)
            self._outputs[found] = {"from": ".".join(value.link), **({"title": title} if title else {})}

    def output_name(self, name: str) -> str:
        """Give a name of theirs without the signs that names here must not have."""
        return _plain(name)

    def document(self) -> dict[str, JSON]:
        """Give the document as JSON, its nodes in the order of their file."""
        places = {_plain(key): place for place, key in enumerate(self._graph.nodes)}
        nodes = dict(sorted(self._nodes.items(), key=lambda entry: places.get(entry[0], len(places))))
        view: dict[str, JSON] = {
            "nodes": self._looks,
            "frames": [_lower(frame, is_stretched=True) for frame in self._graph.frames],
            "notes": [_lower(note) for note in self._graph.notes],
        }
        if self._routes:
            view["routes"] = self._routes
        return {
            "weft": NEWEST_DOCUMENT_VERSION,
            "inputs": {},
            "outputs": self._outputs,
            "nodes": nodes,
            "view": view,
        }


def _plain(name: str) -> str:
    return _REFUSED.sub("_", name) or "_"


def _lower(item: Drawn, *, is_stretched: bool = False) -> JSON:
    width, height = item.size
    return {
        "id": item.id,
        "at": [item.at[0], item.at[1] * _STRETCH],
        "size": [width, height * _STRETCH if is_stretched else height],
        **({"title": item.text} if is_stretched else {"text": item.text}),
    }


def _free(taken: Mapping[str, object], wanted: str) -> str:
    found, count = wanted, 1
    while found in taken:
        count += 1
        found = f"{wanted}-{count}"
    return found
