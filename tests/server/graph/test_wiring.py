"""Every input of a node ends up as a link, a value, absent or broken."""

from server.graph.toys import catalog, document, entry, found, report_of
from weft.errors import JSON
from weft.graph.library import Library
from weft.graph.links import Absent, Links
from weft.graph.profiles import Profiles
from weft.graph.structure import Constant, Source
from weft.graph.subgraphs import unfold
from weft.graph.wiring import Wired, wire
from weft.graph.workflows import NoWorkflows


def wired(nodes: dict[str, JSON]) -> Wired:
    toys = catalog()
    flat = unfold(document(nodes), Library(toys, NoWorkflows()))
    known = Profiles(toys)
    profiles = {name: known.of(node.type) for name, node in flat.nodes.items()}
    return wire(flat, profiles, Links(flat, profiles, toys.supertypes))


NODES: dict[str, JSON] = {
    "n": entry("toy.number"),
    "off": {"type": "toy.number", "mode": "off"},
    "a": entry("toy.add", a="@n.value", b=3),
    "b": entry("toy.add", a="@off.value", b="@gone.value"),
    "s": entry("toy.sum", items=["@n.value", "@off.value", 4]),
}


def test_links_and_values_are_told_apart() -> None:
    node = wired(NODES).nodes["a"]

    assert node.links == {"a": Source("n", "value")}
    assert node.literals == {"b": 3}


def test_a_link_from_an_off_node_is_absent() -> None:
    assert wired(NODES).nodes["b"].absent == {"a": Absent("off", "off")}


def test_a_link_to_nowhere_is_broken_and_reported() -> None:
    found = wired(NODES)

    assert found.nodes["b"].broken == {"b"}
    assert [(problem.code, problem.node, problem.input) for problem in found.problems] == [
        ("node-unknown", "b", "b")
    ]


def test_a_list_keeps_its_links_and_values_in_order() -> None:
    assert wired(NODES).nodes["s"].links == {"items": (Source("n", "value"), Constant(4))}


def test_a_node_lists_what_it_reads_from() -> None:
    found = wired(NODES).nodes

    assert found["a"].feeds() == ["n"]
    assert found["s"].feeds() == ["n"]
    assert found["n"].feeds() == []


def test_nodes_of_unknown_types_are_left_out() -> None:
    assert list(wired({"n": entry("toy.number"), "x": entry("toy.gone")}).nodes) == ["n"]


def test_bypassed_nodes_that_feed_each_other_lists_without_end_are_stopped() -> None:
    report = report_of(
        {
            "by": {**entry("toy.reverse", items=["@by.items", "@by.items"]), "mode": "bypass"},
            "sum": entry("toy.sum", items=["@by.items"]),
        }
    )

    assert found(report) == [("list-too-long", "sum", "items")]
