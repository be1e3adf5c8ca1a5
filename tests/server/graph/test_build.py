"""Building gives the flat graph, or one error that holds every problem."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.graph.toys import catalog, document, entry, graph_of
from weft.errors import JSON, ProblemsError
from weft.graph.build import Graph, Source, build
from weft.graph.document import parse_document
from weft.graph.workflows import NoWorkflows

VERSION_1 = Path(__file__).parent / "documents" / "version-1.json"


def test_the_old_document_still_builds() -> None:
    graph = build(parse_document(VERSION_1.read_bytes()), catalog(), NoWorkflows())

    assert graph.outputs == {"result": Source("spell", "text")}
    assert graph.nodes["power"].version == 3
    assert graph.nodes["power"].links == {"base": Source("sum", "value")}
    assert graph.nodes["power"].values == {"exponent": 2}


def test_a_document_with_errors_raises_all_its_problems() -> None:
    written = document({"a": entry("toy.gone"), "b": entry("toy.add")})

    with pytest.raises(ProblemsError) as caught:
        build(written, catalog(), NoWorkflows())

    assert [problem.code for problem in caught.value.problems] == ["node-type-unknown", "input-missing"]


def test_a_warning_does_not_prevent_a_graph() -> None:
    written = document({"n": entry("toy.number"), "loose": entry("toy.add")}, outputs={"n": "n.value"})

    assert list(build(written, catalog(), NoWorkflows()).nodes) == ["n"]


def shape(graph: Graph) -> str:
    """Write a graph so that equal graphs give equal text, whatever the order of their nodes."""
    nodes = {
        name: [node.type, dict(node.values), {i: str(link) for i, link in node.links.items()}, node.out_axes]
        for name, node in graph.nodes.items()
    }
    return json.dumps(nodes, sort_keys=True)


def test_the_graph_layer_loads_neither_torch_nor_networkx() -> None:
    program = (
        "import sys, weft.graph.build, weft.graph.fingerprint, weft.graph.signature\n"
        "assert not {'torch', 'networkx', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr


NODES: dict[str, JSON] = {
    "r": entry("toy.range", count=3),
    "n": entry("toy.number", value=4),
    "a": entry("toy.add", a="@r.items", b="@n.value"),
    "s": entry("toy.sum", items=["@a.value", 2, "@n.value"]),
    "p": entry("toy.power", version=1, number="@s.value"),
    "t": entry("toy.spell", value="@p.value"),
}


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(NODES)))
def test_the_order_of_the_nodes_in_the_document_changes_nothing(order: list[str]) -> None:
    shuffled = graph_of({name: NODES[name] for name in order})

    assert shape(shuffled) == shape(graph_of(NODES))
