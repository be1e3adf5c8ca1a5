"""Fingerprints are equal exactly where the same work is asked for."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.graph.toys import Shelf, catalog, document, entry, graph_of, tree
from weft.errors import JSON
from weft.graph import fingerprint
from weft.graph.build import build
from weft.graph.document import parse_document
from weft.graph.fingerprint import DIGEST_BYTES, fingerprints
from weft.graph.structure import Graph
from weft.graph.workflows import NoWorkflows
from weft.values import canonical_json

NODES: dict[str, JSON] = {
    "n": entry("toy.number", value=4),
    "m": entry("toy.number", value=5),
    "a": entry("toy.add", a="@n.value", b="@m.value"),
    "h": entry("toy.halve", value="@a.value"),
    "s": entry("toy.sum", items=["@h.half", 2, "@h.rest"]),
    "t": entry("toy.spell", value="@s.value"),
}


def prints(graph: Graph, *, nonce: str = "", **outside: str) -> dict[str, str]:
    return fingerprints(graph, outside, nonce=nonce)


def of(nodes: dict[str, JSON], name: str = "t") -> str:
    return prints(graph_of(nodes))[name]


def changed(name: str, **inputs: JSON) -> dict[str, JSON]:
    node = NODES[name]
    assert isinstance(node, dict)
    before = node["inputs"]
    assert isinstance(before, dict)
    return {**NODES, name: {**node, "inputs": {**before, **inputs}}}


def test_every_node_has_one_of_forty_hexadecimal_digits() -> None:
    found = prints(graph_of(NODES))

    assert list(found) == list(graph_of(NODES).order)
    assert all(len(bytes.fromhex(digits)) == DIGEST_BYTES for digits in found.values())


def test_equal_graphs_have_equal_fingerprints() -> None:
    assert prints(graph_of(NODES)) == prints(graph_of(NODES))


@settings(max_examples=15, deadline=None)
@given(st.permutations(list(NODES)), st.text("xyz", min_size=1, max_size=3))
def test_neither_names_nor_order_nor_view_count(order: list[str], prefix: str) -> None:
    def renamed(value: JSON) -> JSON:
        if isinstance(value, dict) and "from" in value:
            return {"from": f"{prefix}{value['from']}"}
        if isinstance(value, dict):
            return {key: renamed(inner) for key, inner in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list) else value

    moved: dict[str, JSON] = {
        "weft": 1,
        "title": prefix,
        "nodes": {prefix + name: renamed(NODES[name]) for name in order},
        "view": {"nodes": {name: {"at": [1, 2]} for name in order}},
    }
    graph = build(parse_document(moved), catalog(), NoWorkflows())

    found = prints(graph)
    assert {name: found[prefix + name] for name in NODES} == prints(graph_of(NODES))


def test_the_order_of_inputs_in_the_document_does_not_count() -> None:
    assert of({"a": entry("toy.add", a=1, b=2)}, "a") == of({"a": entry("toy.add", b=2, a=1)}, "a")


def test_a_default_counts_as_if_it_were_written() -> None:
    assert of({"a": entry("toy.add", a=1)}, "a") == of({"a": entry("toy.add", a=1, b=1)}, "a")


def test_a_whole_number_for_a_float_counts_as_the_float() -> None:
    assert of({"s": entry("toy.scale", value=2)}, "s") == of({"s": entry("toy.scale", value=2.0)}, "s")


def test_a_single_item_for_a_list_counts_as_the_list() -> None:
    assert of({"s": entry("toy.sum", items=2)}, "s") == of({"s": entry("toy.sum", items=[2])}, "s")


@pytest.mark.parametrize(
    ("nodes", "which"),
    [
        (changed("n", value=3), "a value"),
        (changed("a", b={"from": "n.value"}), "a source"),
        (changed("a", a={"from": "m.value"}, b={"from": "n.value"}), "sources exchanged"),
        (changed("s", items=[{"from": "h.rest"}, 2, {"from": "h.half"}]), "outputs of one source exchanged"),
        (changed("s", items=[2, {"from": "h.half"}, {"from": "h.rest"}]), "the order of a list"),
        (changed("s", items=[{"from": "h.half"}, 3, {"from": "h.rest"}]), "a value in a list"),
        ({**NODES, "t": entry("toy.scale", value="@s.value")}, "the type"),
    ],
)
def test_each_thing_that_counts_changes_what_hangs_on_it(nodes: dict[str, JSON], which: str) -> None:
    assert of(nodes) != of(NODES), which


def test_what_does_not_hang_on_a_change_keeps_its_fingerprint() -> None:
    before, after = prints(graph_of(NODES)), prints(graph_of(changed("m", value=6)))

    assert {name for name in NODES if before[name] == after[name]} == {"n"}


@pytest.mark.parametrize("change", [{"code_digest": "other"}, {"version": 2}])
def test_code_and_version_count(change: dict[str, JSON]) -> None:
    graph = graph_of({"n": entry("toy.number")})
    schema = replace(graph.nodes["n"].schema, **change)  # type: ignore[arg-type]
    node = replace(graph.nodes["n"], schema=schema)
    other = Graph({"n": node}, {}, ("n",))

    assert prints(other) != prints(graph)


def test_outside_state_counts_for_its_node_and_what_hangs_on_it() -> None:
    graph = graph_of(NODES)
    before, after = prints(graph), prints(graph, m="content hash")

    assert {name for name in NODES if before[name] == after[name]} == {"n"}
    assert after != prints(graph, m="other hash")


def test_an_impure_node_is_new_in_every_run_and_so_is_what_hangs_on_it() -> None:
    graph = graph_of(
        {"d": entry("toy.dice"), "s": entry("toy.spell", value="@d.value"), "n": entry("toy.number")}
    )
    first, second = prints(graph, nonce="1"), prints(graph, nonce="2")

    assert {name for name in first if first[name] == second[name]} == {"n"}
    assert first == prints(graph, nonce="1")


def test_two_impure_nodes_of_one_run_differ() -> None:
    found = prints(graph_of({"d": entry("toy.dice"), "e": entry("toy.dice")}), nonce="1")

    assert found["d"] != found["e"]


def test_nodes_that_do_the_same_have_the_same_fingerprint() -> None:
    found = prints(graph_of({"n": entry("toy.number", value=1), "m": entry("toy.number", value=1)}))

    assert found["n"] == found["m"]


def test_a_workflow_used_twice_has_equal_fingerprints_inside() -> None:
    inner = tree(
        {"n": entry("toy.number"), "t": entry("toy.spell", value="@n.value")}, inputs={"v": "n.value"}
    )
    graph = graph_of(
        {"x": entry("workflow:w", v=3), "y": entry("workflow:w", v=3), "n": entry("toy.number", value=3)},
        workflows=Shelf(w=inner),
    )

    found = prints(graph)

    assert found["x/n"] == found["y/n"] == found["n"]
    assert found["x/t"] == found["y/t"]


def mapped(zip: list[JSON], *, twice: bool) -> str:
    nodes: dict[str, JSON] = {
        "x": entry("toy.range", count=3),
        "y": entry("toy.range", count=3),
        "a": {**entry("toy.add", a="@x.items", b=f"@{'x' if twice else 'y'}.items"), "zip": zip},
    }
    return prints(graph_of(nodes))["a"]


def test_how_lists_advance_counts() -> None:
    assert mapped([], twice=False) != mapped([["a", "b"]], twice=False)


def test_one_list_twice_counts_as_two_equal_lists_zipped() -> None:
    assert mapped([], twice=True) == mapped([["a", "b"]], twice=False)


def test_a_list_that_maps_differs_from_one_value() -> None:
    assert of({"a": entry("toy.add", a=[1])}, "a") != of({"a": entry("toy.add", a=1)}, "a")


def test_a_list_differs_from_its_items_put_together() -> None:
    nodes: dict[str, JSON] = {"r": entry("toy.range")}
    whole = of({**nodes, "s": entry("toy.sum", items="@r.items")}, "s")
    spread = of({**nodes, "s": entry("toy.sum", items=["@r.items"])}, "s")

    assert whole != spread


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=3), min_size=2, max_size=2, unique=True), st.text(max_size=3))
def test_different_texts_never_meet(texts: list[str], separator: str) -> None:
    def repeated(text: str) -> str:
        return of({"j": {"type": "toy.repeat", "inputs": {"text": text + separator}}}, "j")

    assert repeated(texts[0]) != repeated(texts[1])


def test_values_are_hashed_as_canonical_json_writes_them() -> None:
    values: dict[str, JSON] = {"b": [1, 2.5, None, True, "ü"], "a": {"z": 1, "y": {}}}

    assert fingerprint._ENCODER.encode(values) == canonical_json(values)


def test_ten_thousand_nodes_in_a_chain_have_fingerprints() -> None:
    nodes: dict[str, JSON] = {"n0": entry("toy.number")}
    nodes.update((f"n{i}", entry("toy.add", a=f"@n{i - 1}.value")) for i in range(1, 10_000))

    graph = build(document(nodes), catalog(), NoWorkflows())

    assert len(set(prints(graph).values())) == 10_000
