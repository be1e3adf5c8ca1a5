"""What a picture says about how it was made is the same for the same run."""

from typing import Annotated

from weft.engine.provenance import provenance_of
from weft.graph.check import check
from weft.graph.document import Document, parse_document
from weft.graph.structure import Graph
from weft.graph.workflows import NoWorkflows
from weft.node import node
from weft.registry import Registry
from weft.values import canonical_json
from weft.widgets import Seed, Slider


@node("noise.draw")
def draw(text: str, seed: Seed = 0, size: Annotated[int, Slider(1, 9)] = 3) -> str:
    """Draw noise.

    Args:
        text: What to call it.
        seed: Seed of the noise.
        size: Its size.
    """
    return f"{text}{seed}{size}"


def _prepared(**inputs: str | int) -> tuple[Document, Graph]:
    registry = Registry()
    registry.add(draw)
    document = parse_document(
        {"weft": 1, "nodes": {"draw": {"type": "noise.draw", "inputs": {"text": "a", **inputs}}}}
    )
    graph = check(document, registry, NoWorkflows()).graph
    assert graph is not None
    return document, graph


def test_the_document_is_told_as_it_was_run() -> None:
    document, graph = _prepared(text="a star")

    told = provenance_of(document, graph, workflow="draw", files={})

    assert told["weft"] == document.to_json()
    assert told["workflow"] == "draw"


def test_seeds_are_told_as_given() -> None:
    document, graph = _prepared(seed=3)

    assert provenance_of(document, graph, workflow="draw", files={})["seeds"] == {"draw.seed": 3}


def test_seeds_are_told_also_where_they_are_defaults() -> None:
    document, graph = _prepared()

    assert provenance_of(document, graph, workflow="draw", files={})["seeds"] == {"draw.seed": 0}


def test_the_order_of_files_does_not_matter() -> None:
    document, graph = _prepared()

    told = [
        provenance_of(document, graph, workflow="draw", files=files)
        for files in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    ]

    assert list(told[0]["files"]) == list(told[1]["files"]) == ["a", "b"]  # type: ignore[arg-type]
    assert canonical_json(told[0]) == canonical_json(told[1])


def test_versions_of_what_computes_are_told() -> None:
    document, graph = _prepared()

    versions = provenance_of(document, graph, workflow="draw", files={})["versions"]

    assert isinstance(versions, dict)
    assert set(versions) == {"weft", "torch", "python"}
