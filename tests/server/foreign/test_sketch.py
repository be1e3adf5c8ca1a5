"""A document grows with names that it allows."""

import pytest
from weft.foreign.evaluation import Value
from weft.foreign.foreign_graph import ForeignGraph, ForeignNode
from weft.foreign.sketch import Sketch
from weft.graph.document import parse_document

NODE = ForeignNode(id="a.b", type="A", title="First", at=(1.0, 2.0), routes={"x.y": ((5.0, 6.0),)})


def test_names_lose_the_signs_that_a_document_does_not_allow() -> None:
    sketch = Sketch(ForeignGraph({"a.b": NODE, "a/b": NODE}))

    made = sketch.add(NODE, "comfyui:A", {"x.y": Value(literal=1), "x/y": Value(literal=2)})

    written = parse_document(sketch.document())
    assert made == "a_b"
    assert written.nodes["a_b"].inputs == {"x_y": 1, "x_y-2": 2}
    assert written.view["nodes"] == {"a_b": {"at": [1.0, 2.6], "title": "First"}}
    assert written.view["routes"] == {"a_b.x_y": [[5.0, pytest.approx(7.8)]]}
    assert sketch.reserve("a/b") == "a_b-2"


def test_a_further_node_never_takes_the_id_of_another() -> None:
    sketch = Sketch(ForeignGraph({"1": NODE, "1-mask": NODE}))

    assert sketch.reserve("1", "mask") == "1-mask-2"
    assert sketch.reserve("1-mask") == "1-mask"


def test_outputs_get_names_of_their_own() -> None:
    sketch = Sketch(ForeignGraph({}))
    for title in ("First", ""):
        sketch.hand_out(Value(("1", "image")), "image", title)
    sketch.hand_out(Value(literal=3), "image", "no link")

    assert sketch.document()["outputs"] == {
        "image": {"from": "1.image", "title": "First"},
        "image-2": {"from": "1.image"},
    }
