"""Ports are followed through any number of workflows to the sockets of real nodes."""

import pytest
from server.graph.toys import Shelf, catalog, document, entry, tree
from weft.errors import JSON
from weft.graph.library import Library
from weft.graph.ports import inner_inputs, inner_output, shared_type
from weft.schema import MISSING
from weft.sockets import parse_type

INNER = tree(
    {"n": entry("toy.number", value=3), "a": entry("toy.add", a="@n.value")},
    inputs={"v": ["n.value", "a.b"]},
    outputs={"sum": "a.value"},
)
MIDDLE = tree({"i": entry("workflow:inner")}, inputs={"v": "i.v"}, outputs={"sum": "i.sum"})
LOOP = tree({"l": entry("workflow:loop")}, inputs={"v": "l.v"}, outputs={"o": "l.o"})
LIBRARY = Library(catalog(), Shelf(inner=INNER, middle=MIDDLE, loop=LOOP))


def paths(nodes: dict[str, JSON], to: str | list[str]) -> list[tuple[str, object]]:
    found = inner_inputs(document(nodes, inputs={"x": to}), "x", LIBRARY)
    return [(item.path, item.given) for item in found]


def output_of(nodes: dict[str, JSON], source: str) -> str | None:
    found = inner_output(document(nodes, outputs={"x": source}), "x", LIBRARY)
    return None if found is None else f"{found.name} {found.type}"


def test_a_port_of_plain_nodes_leads_to_their_sockets() -> None:
    assert paths({"n": entry("toy.number", value=2), "m": entry("toy.number")}, ["n.value", "m.value"]) == [
        ("n.value", 2),
        ("m.value", MISSING),
    ]


def test_a_port_leads_through_workflows() -> None:
    assert paths({"m": entry("workflow:middle")}, "m.v") == [("m/i/n.value", 3), ("m/i/a.b", MISSING)]


def test_the_outermost_value_stands_for_all_inside() -> None:
    assert paths({"m": entry("workflow:middle", v=8)}, "m.v") == [("m/i/n.value", 8), ("m/i/a.b", 8)]


@pytest.mark.parametrize("to", ["gone.value", "n.gone", "m.gone", "w.v", "x.y", "l.v"])
def test_a_port_that_leads_nowhere_has_no_sockets(to: str) -> None:
    nodes: dict[str, JSON] = {
        "n": entry("toy.number"),
        "m": entry("workflow:middle"),
        "w": entry("workflow:gone"),
        "x": entry("toy.gone"),
        "l": entry("workflow:loop"),
    }

    assert paths(nodes, to) == []


def test_an_output_leads_through_workflows() -> None:
    assert output_of({"n": entry("toy.number")}, "n.value") == "value int"
    assert output_of({"m": entry("workflow:middle")}, "m.sum") == "value int"


@pytest.mark.parametrize("source", ["gone.value", "n.gone", "m.gone", "w.v", "x.y", "l.o"])
def test_an_output_that_leads_nowhere_is_none(source: str) -> None:
    nodes: dict[str, JSON] = {
        "n": entry("toy.number"),
        "m": entry("workflow:middle"),
        "w": entry("workflow:gone"),
        "x": entry("toy.gone"),
        "l": entry("workflow:loop"),
    }

    assert output_of(nodes, source) is None


@pytest.mark.parametrize(
    ("types", "shared"),
    [
        (["int"], "int"),
        (["float", "int"], "int"),
        (["int | null", "int"], "int"),
        (["toy_latent", "toy_noisy"], "toy_noisy"),
        (["list[string]", "string"], "string"),
        (["string", "$T"], "string"),
        (["$T"], "$T"),
        (["string", "int"], None),
        (["list[string]", "int"], None),
    ],
)
def test_the_shared_type_is_the_one_whose_values_fit_everywhere(types: list[str], shared: str | None) -> None:
    found = shared_type([parse_type(text) for text in types], catalog().supertypes)

    assert (None if found is None else str(found)) == shared
