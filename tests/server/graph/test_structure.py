"""The flat graph answers what a run has to reach and what that needs."""

import pytest
from server.graph.toys import entry, graph_of
from weft.graph.structure import Constant, Source, Spread, source_of
from weft.graph_errors import NodeUnknownError

DIAMOND = {
    "top": entry("toy.number", value=1),
    "left": entry("toy.add", a="@top.value"),
    "right": entry("toy.add", a="@top.value", b="@top.value"),
    "bottom": entry("toy.add", a="@left.value", b="@right.value"),
    "aside": entry("toy.number", value=2),
}


def test_a_source_reads_as_in_the_document() -> None:
    assert str(Source("sample", "latent")) == "sample.latent"


@pytest.mark.parametrize(
    ("part", "source"),
    [
        (Source("a", "x"), Source("a", "x")),
        (Spread(Source("a", "x")), Source("a", "x")),
        (Constant(3), None),
    ],
)
def test_a_part_of_a_list_comes_from_an_output_or_from_the_document(
    part: Source | Spread | Constant, source: Source | None
) -> None:
    assert source_of(part) == source


def test_each_node_stands_behind_what_it_reads_from() -> None:
    graph = graph_of(DIAMOND)

    place = {name: index for index, name in enumerate(graph.order)}
    assert place["top"] < place["left"] < place["bottom"]
    assert place["top"] < place["right"] < place["bottom"]


def test_the_nodes_keep_the_order_of_the_document() -> None:
    assert list(graph_of(dict(reversed(DIAMOND.items()))).nodes) == [
        "aside",
        "bottom",
        "right",
        "left",
        "top",
    ]


def test_every_input_stands_in_values_or_in_links() -> None:
    node = graph_of(DIAMOND).nodes["left"]

    assert node.links == {"a": Source("top", "value")}
    assert node.values == {"b": 1}


def test_a_node_lists_its_sources_in_lists_too() -> None:
    nodes = {
        "n": entry("toy.number"),
        "r": entry("toy.range"),
        "s": entry("toy.sum", items=["@n.value", 5, "@r.items"]),
    }

    assert graph_of(nodes).nodes["s"].sources() == (Source("n", "value"), Source("r", "items"))


def test_a_reader_that_reads_twice_is_one_consumer() -> None:
    graph = graph_of(DIAMOND)

    assert graph.consumers["top"] == ("left", "right")
    assert graph.consumers["bottom"] == ()


def test_outputs_and_sinks_are_the_targets() -> None:
    nodes = {**DIAMOND, "save": entry("toy.save", value="@top.value")}

    assert graph_of(nodes, outputs={"sum": "left.value"}).targets() == ("left", "save")


def test_without_outputs_and_sinks_all_that_feeds_nothing_is_a_target() -> None:
    assert set(graph_of(DIAMOND).targets()) == {"bottom", "aside"}


def test_wanted_names_are_outputs_or_nodes() -> None:
    graph = graph_of(DIAMOND, outputs={"sum": "bottom.value", "left": "right.value"})

    assert graph.targets(["sum", "left", "aside", "sum"]) == ("bottom", "right", "aside")


def test_a_wanted_name_that_is_neither_is_refused() -> None:
    graph = graph_of(DIAMOND, outputs={"sum": "bottom.value"})

    with pytest.raises(NodeUnknownError) as caught:
        graph.targets(["som"])

    assert '"sum"' in caught.value.hint


def test_ancestors_are_the_ids_and_all_they_need() -> None:
    graph = graph_of(DIAMOND)

    assert graph.ancestors(["left"]) == {"left", "top"}
    assert graph.ancestors(["bottom"]) == {"bottom", "left", "right", "top"}
    assert graph.ancestors([]) == frozenset()
