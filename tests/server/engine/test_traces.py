"""A trace holds what a node looked like, and survives being stored."""

import dataclasses
import json
from pathlib import Path

import pytest
from server.engine.workbench import Bench, Nodes, link
from weft.engine.traces import LONGEST_LITERAL, Cost, Snapshot, Trace

NODES: Nodes = {
    "a": ("number", {"value": 3}),
    "add": ("add", {"a": link("a.value"), "b": 4}),
    "sum": ("sum", {"items": [link("a.value"), 7, link("range.items")]}),
    "range": ("range", {}),
    "shout": ("shout", {"text": ["x", "y"]}),
    "long": ("shout", {"text": "long " * 50}),
}


def make_snapshot(folder: Path, nodes: Nodes) -> Snapshot:
    """A graph with simple fingerprints."""
    with Bench(folder) as bench:
        graph = bench.graph(nodes)
    return Snapshot(graph, {name: f"print of {name}" for name in graph.nodes}, {"a": "outside"})


def test_a_trace_names_literals_links_and_what_feeds_them(tmp_path: Path) -> None:
    trace = make_snapshot(tmp_path, NODES).trace("add", Cost(0.5, 64))

    assert trace.fingerprint == "print of add"
    assert trace.values == {"b": "4"}
    assert trace.links == {"a": "a.value"}
    assert trace.feeds == {"a": ("print of a",)}
    assert trace.cost == Cost(0.5, 64)
    assert trace.outside == ""


def test_lists_put_together_name_every_part(tmp_path: Path) -> None:
    trace = make_snapshot(tmp_path, NODES).trace("sum")

    assert trace.links == {"items": "a.value, 7, all of range.items"}
    assert trace.feeds == {"items": ("print of a", "print of range")}


def test_outside_state_and_mapping_are_part_of_it(tmp_path: Path) -> None:
    snapshot = make_snapshot(tmp_path, NODES)

    assert snapshot.trace("a").outside == "outside"
    assert "shout:text" in snapshot.trace("shout").lists
    assert snapshot.trace("add").lists == ""


def test_long_literals_are_kept_as_digests(tmp_path: Path) -> None:
    text = make_snapshot(tmp_path, NODES).trace("long").values["text"]

    assert text.startswith("#")
    assert len(text) < LONGEST_LITERAL


def test_every_trace_is_read_as_it_was_stored(tmp_path: Path) -> None:
    snapshot = make_snapshot(tmp_path, NODES)
    for name in NODES:
        trace = snapshot.trace(name, Cost(0.25, 64))

        assert Trace.from_json(json.loads(json.dumps(trace.to_json()))) == trace


def test_a_trace_of_another_form_is_none() -> None:
    assert Trace.from_json({"fingerprint": "x"}) is None
    assert Trace.from_json({}) is None


def test_a_trace_of_a_version_that_did_not_count_bytes_is_read_without_them(tmp_path: Path) -> None:
    stored = make_snapshot(tmp_path, NODES).trace("add", Cost(0.5, 64)).to_json()
    del stored["held_bytes"]
    trace = Trace.from_json(stored)

    assert trace is not None
    assert trace.cost == Cost(0.5)


PARTS = [*(field.name for field in dataclasses.fields(Trace) if field.name != "cost"), "seconds"]


@pytest.mark.parametrize("name", PARTS)
def test_a_trace_with_a_part_of_another_kind_is_none(tmp_path: Path, name: str) -> None:
    stored = make_snapshot(tmp_path, NODES).trace("add", Cost(0.5)).to_json()

    assert Trace.from_json({**stored, name: ["other"]}) is None
    assert Trace.from_json({key: part for key, part in stored.items() if key != name}) is None


def test_a_trace_may_know_more_than_this_version_reads(tmp_path: Path) -> None:
    trace = make_snapshot(tmp_path, NODES).trace("add")

    assert Trace.from_json({**trace.to_json(), "mood": "good"}) == trace


def test_equal_nodes_of_different_names_leave_equal_values(tmp_path: Path) -> None:
    twins: Nodes = {"one": ("add", {"a": 1, "b": 2}), "two": ("add", {"b": 2, "a": 1})}
    snapshot = make_snapshot(tmp_path, twins)

    assert snapshot.trace("one").values == snapshot.trace("two").values
    assert snapshot.trace("one").code == snapshot.trace("two").code
