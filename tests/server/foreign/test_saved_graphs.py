"""The format in which ComfyUI saves is read: what is only drawn dissolves, sub-graphs unfold."""

from typing import Any

import pytest
from comfy_files import saved, saved_node, saved_text_to_image
from weft.foreign.faults import ForeignUnreadableError
from weft.foreign.foreign_graph import Drawn, ForeignGraph, Source
from weft.foreign.rule_book import load_rule_book
from weft.foreign.saved_graphs import DEEPEST, read_saved_graph


def read(tree: dict[str, Any]) -> ForeignGraph:
    """A workflow as it is read."""
    return read_saved_graph(tree, load_rule_book().widget_names)


def with_subgraph(inner_text: str, held: list[object]) -> dict[str, Any]:
    """A workflow in which a sub-graph encodes a prompt."""
    definition: dict[str, Any] = {
        "id": "4b1e-uuid",
        "name": "Prompt",
        "nodes": [saved_node(1, "CLIPTextEncode", [inner_text])],
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0, "type": "CLIP"},
            {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 1, "target_slot": 1, "type": "STRING"},
            {"id": 3, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "*"},
        ],
    }
    definition["nodes"][0]["inputs"] = [
        {"name": "clip", "type": "CLIP", "link": 1},
        {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": 2},
    ]
    instance = saved_node(57, "4b1e-uuid", held)
    instance["outputs"] = [{"name": "CONDITIONING", "type": "CONDITIONING"}]
    instance["inputs"] = [
        {"name": "clip", "type": "CLIP", "link": None},
        {"name": "text", "type": "STRING", "widget": {"name": "text"}, "link": None},
    ]
    nodes = [saved_node(4, "CheckpointLoaderSimple", ["a"]), instance, saved_node(3, "KSampler")]
    wires = {(57, "clip"): ("4", 1), (3, "positive"): ("57", 0)}
    return saved(nodes, wires, definitions={"subgraphs": [definition]})


def test_nodes_keep_their_places_and_wires_the_corners_they_pass() -> None:
    graph = read(saved_text_to_image())

    sampler = graph.nodes["3"]
    assert sampler.links["model"] == Source("4", 0)
    assert sampler.routes == {"model": ((700.0, 100.0),)}
    assert (sampler.at, sampler.controls) == ((863.0, 186.0), {"seed": "randomize"})
    assert sampler.values["steps"] == 20


def test_groups_and_notes_become_frames_and_notes() -> None:
    graph = read(saved_text_to_image())

    assert graph.frames == (Drawn("frame-1", (400.0, 150.0), (450.0, 400.0), "Prompts"),)
    assert graph.notes == (Drawn("note-10", (26.0, 700.0), (300.0, 100.0), "Any *size* goes."),)
    assert {taken.type for taken in graph.dissolved} == {"Note", "Reroute"}


def test_a_primitive_gives_its_value_to_all_that_it_feeds() -> None:
    nodes = [
        saved_node(1, "PrimitiveNode", [42, "increment"]),
        saved_node(2, "KSampler", [7, "fixed", 20]),
        saved_node(3, "KSampler", [8, "fixed", 20]),
    ]
    graph = read(saved(nodes, {(2, "seed"): ("1", 0), (3, "seed"): ("1", 0)}))

    assert [graph.nodes[key].values["seed"] for key in "23"] == [42, 42]
    assert graph.nodes["2"].controls == {"seed": "increment"}


def test_modes_are_read() -> None:
    nodes = [saved_node(1, "A", mode=4), saved_node(2, "A", mode=2), saved_node(3, "A")]

    assert [node.mode for node in read(saved(nodes, {})).nodes.values()] == ["bypass", "off", None]


@pytest.mark.parametrize(("held", "text"), [([], "inside"), (["outside"], "outside")])
def test_a_sub_graph_unfolds_where_it_stands(held: list[object], text: str) -> None:
    graph = read(with_subgraph("inside", held))

    assert graph.nodes["57:1"].links == {"clip": Source("4", 1)}
    assert graph.nodes["57:1"].values == {"text": text}
    assert graph.nodes["3"].links == {"positive": Source("57:1", 0)}


def test_a_wire_from_nowhere_is_noted() -> None:
    tree = saved([saved_node(1, "VAEDecode")], {})
    tree["nodes"][0]["inputs"] = [{"name": "samples", "type": "LATENT", "link": 77}]

    assert read(tree).nodes["1"].lost == ("samples",)


def test_a_sub_graph_within_itself_is_refused() -> None:
    inner = {"id": "u", "nodes": [saved_node(1, "u")], "links": []}

    with pytest.raises(ForeignUnreadableError, match=f"over {DEEPEST} times"):
        read(saved([saved_node(1, "u")], {}, definitions={"subgraphs": [inner]}))


def test_a_wire_that_comes_back_to_itself_is_refused() -> None:
    nodes = [saved_node(1, "Reroute"), saved_node(2, "Reroute"), saved_node(3, "VAEDecode")]

    with pytest.raises(ForeignUnreadableError, match="comes back"):
        read(saved(nodes, {(1, ""): ("2", 0), (2, ""): ("1", 0), (3, "samples"): ("1", 0)}))


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"nodes": [3]}, "nodes are no list of objects"),
        ({"nodes": [{"id": 1}]}, "no id or no type"),
        ({"nodes": [saved_node(1, "A"), saved_node(1, "A")]}, "two nodes have the id 1"),
        ({"links": {}}, None),
        ({"links": "a"}, "links are no list"),
        ({"links": [[1, 2]]}, "a link is not written as one"),
        ({"groups": 3}, "groups are no list"),
    ],
)
def test_what_is_damaged_is_named(more: dict[str, Any], fault: str | None) -> None:
    tree = {**saved([], {}), **more}

    if fault is None:
        assert read(tree).nodes == {}
    else:
        with pytest.raises(ForeignUnreadableError, match=fault):
            read(tree)
