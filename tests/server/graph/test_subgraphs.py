"""Workflows used as nodes are unfolded at any depth; their problems are reported where they can be mended."""

from server.graph.toys import Shelf, catalog, document, entry, found, graph_of, report_of, tree
from weft.errors import JSON
from weft.graph.build import build
from weft.graph.document import parse_document
from weft.graph.library import Library
from weft.graph.structure import Constant, Source
from weft.graph.subgraphs import Exposure, unfold
from weft.graph.workflows import NoWorkflows

DOUBLE = tree(
    {"number": entry("toy.number", value=7), "sum": entry("toy.add", a="@number.value", b="@number.value")},
    inputs={"value": "number.value", "addend": "sum.b"},
    outputs={"result": "sum.value"},
)
QUADRUPLE = tree(
    {"once": entry("workflow:double"), "twice": entry("workflow:double", value="@once.result")},
    inputs={"value": "once.value"},
    outputs={"result": "twice.result", "half": "once.result"},
)
SHELF = Shelf(double=DOUBLE, quadruple=QUADRUPLE)


def test_a_document_without_workflows_stays_as_it_is() -> None:
    flat = unfold(document({"n": entry("toy.number", value=1)}), Library(catalog(), NoWorkflows()))

    assert list(flat.nodes) == ["n"]
    assert flat.nodes["n"].inputs == {"value": 1}
    assert flat.problems == []


def test_inner_nodes_get_the_id_of_the_outer_node_before_theirs() -> None:
    graph = graph_of({"d": entry("workflow:double", value=2)}, workflows=SHELF)

    assert set(graph.nodes) == {"d/number", "d/sum"}
    assert graph.nodes["d/sum"].links["a"] == Source("d/number", "value")


def test_what_is_given_outside_takes_the_place_of_what_stands_inside() -> None:
    graph = graph_of({"d": entry("workflow:double", value=2, addend=5)}, workflows=SHELF)

    assert graph.nodes["d/number"].values == {"value": 2}
    assert graph.nodes["d/sum"].values == {"b": 5}
    assert graph.nodes["d/sum"].links == {"a": Source("d/number", "value")}


def test_what_is_not_given_stays_as_it_stands_inside() -> None:
    graph = graph_of({"d": entry("workflow:double")}, workflows=SHELF)

    assert graph.nodes["d/number"].values == {"value": 7}


def test_a_link_into_a_workflow_reaches_the_socket_inside() -> None:
    graph = graph_of(
        {"n": entry("toy.number"), "d": entry("workflow:double", value="@n.value")}, workflows=SHELF
    )

    assert graph.nodes["d/number"].links == {"value": Source("n", "value")}


def test_a_list_with_links_reaches_the_socket_inside() -> None:
    shelf = Shelf(
        total=tree({"s": entry("toy.sum")}, inputs={"items": "s.items"}, outputs={"sum": "s.value"})
    )

    graph = graph_of(
        {"n": entry("toy.number"), "t": entry("workflow:total", items=["@n.value", 3])}, workflows=shelf
    )

    assert graph.nodes["t/s"].links == {"items": (Source("n", "value"), Constant(3))}


def test_a_link_out_of_a_workflow_comes_from_the_output_inside() -> None:
    graph = graph_of(
        {"d": entry("workflow:double"), "a": entry("toy.add", a="@d.result")},
        outputs={"direct": "d.result"},
        workflows=SHELF,
    )

    assert graph.nodes["a"].links == {"a": Source("d/sum", "value")}
    assert graph.outputs == {"direct": Source("d/sum", "value")}


def test_workflows_are_unfolded_inside_workflows() -> None:
    graph = graph_of({"q": entry("workflow:quadruple", value=3)}, outputs={"r": "q.result"}, workflows=SHELF)

    assert set(graph.nodes) == {"q/once/number", "q/once/sum", "q/twice/number", "q/twice/sum"}
    assert graph.nodes["q/once/number"].values == {"value": 3}
    assert graph.nodes["q/twice/number"].links == {"value": Source("q/once/sum", "value")}
    assert graph.outputs == {"r": Source("q/twice/sum", "value")}


def test_an_input_that_feeds_several_sockets_gives_all_of_them_the_value() -> None:
    shelf = Shelf(
        both=tree({"x": entry("toy.number"), "y": entry("toy.number")}, inputs={"n": ["x.value", "y.value"]})
    )

    graph = graph_of({"b": entry("workflow:both", n=8)}, workflows=shelf)

    assert [node.values for node in graph.nodes.values()] == [{"value": 8}, {"value": 8}]


def test_off_nodes_inside_are_left_out() -> None:
    inner: dict[str, JSON] = {"x": entry("toy.number"), "y": {"type": "toy.gone", "mode": "off"}}

    assert list(graph_of({"w": entry("workflow:w")}, workflows=Shelf(w=tree(inner))).nodes) == ["w/x"]


def test_a_workflow_that_is_off_is_not_even_looked_for() -> None:
    assert report_of({"w": {"type": "workflow:gone", "mode": "off"}}).problems == ()


def test_a_workflow_that_does_not_exist_is_a_problem_of_its_node() -> None:
    assert found(report_of({"w": entry("workflow:gone")})) == [("workflow-unknown", "w", None)]


def test_a_workflow_that_contains_itself_is_refused_with_the_loop() -> None:
    shelf = Shelf(
        a=tree({"to_b": entry("workflow:b")}),
        b=tree({"to_c": entry("workflow:c")}),
        c=tree({"to_b": entry("workflow:b")}),
    )

    report = report_of({"start": entry("workflow:a")}, workflows=shelf)

    assert found(report) == [("workflow-recursion", "start/to_b/to_c/to_b", None)]
    assert report.problems[0].details == {"path": ["b", "c", "b"]}


def test_a_workflow_used_twice_beside_itself_is_no_recursion() -> None:
    graph = graph_of({"x": entry("workflow:double"), "y": entry("workflow:double")}, workflows=SHELF)

    assert len(graph.nodes) == 4


def test_workflows_nested_three_hundred_deep_are_unfolded() -> None:
    documents = {
        f"w{i}": tree({"n": entry(f"workflow:w{i + 1}")}, inputs={"v": "n.v"}, outputs={"v": "n.v"})
        for i in range(300)
    }
    documents["w300"] = tree({"n": entry("toy.number")}, inputs={"v": "n.value"}, outputs={"v": "n.value"})

    graph = graph_of({"top": entry("workflow:w0", v=5)}, outputs={"o": "top.v"}, workflows=Shelf(**documents))

    assert [node.values for node in graph.nodes.values()] == [{"value": 5}]
    assert list(graph.outputs.values()) == [Source(next(iter(graph.nodes)), "value")]


def test_workflows_that_double_at_every_level_are_refused_before_they_fill_the_memory() -> None:
    documents = {f"w{i}": tree({n: entry(f"workflow:w{i + 1}") for n in "ab"}) for i in range(40)}
    documents["w40"] = tree({})

    report = report_of({"top": entry("workflow:w0")}, workflows=Shelf(**documents))

    assert found(report)[0][0] == "graph-too-large"


def test_an_input_that_the_workflow_does_not_have_is_a_problem() -> None:
    report = report_of({"d": entry("workflow:double", valeu=3)}, workflows=SHELF)

    assert found(report) == [("input-unknown", "d", "valeu")]
    assert '"value"' in report.problems[0].hint


def test_an_output_that_the_workflow_does_not_have_is_a_problem() -> None:
    report = report_of({"d": entry("workflow:double"), "a": entry("toy.add", a="@d.reslut")}, workflows=SHELF)

    assert found(report) == [("output-unknown", "a", "a")]
    assert '"result"' in report.problems[0].hint


def test_problems_inside_are_reported_with_their_path() -> None:
    shelf = Shelf(inner=tree({"x": entry("toy.add", a="word"), "y": entry("toy.gone")}))

    report = report_of({"w": entry("workflow:inner")}, workflows=shelf)

    assert found(report) == [("input-invalid", "w/x", "a"), ("node-type-unknown", "w/y", None)]


def test_a_malformed_workflow_is_reported_under_its_node() -> None:
    shelf = Shelf(inner={"weft": 1, "nodes": {"x": {"inputs": {}}}, "vew": {}})

    report = report_of({"w": entry("workflow:inner")}, workflows=shelf)

    assert found(report) == [("document-invalid", "w", None), ("document-invalid", "w/x", None)]


def test_a_wrong_value_given_outside_is_reported_where_it_was_given() -> None:
    report = report_of({"q": entry("workflow:quadruple", value="seven")}, workflows=SHELF)

    assert found(report) == [("input-invalid", "q", "value")]
    assert report.problems[0].message.startswith("value is")


def test_a_missing_input_is_reported_where_it_is_awaited() -> None:
    shelf = Shelf(
        inner=tree({"t": entry("toy.repeat")}, inputs={"words": "t.text"}),
        outer=tree({"i": entry("workflow:inner")}, inputs={"prompt": "i.words"}),
    )

    report = report_of({"o": entry("workflow:outer")}, workflows=shelf)

    assert found(report) == [("input-missing", "o", "prompt")]
    assert report.problems[0].message == 'The input "prompt" is missing.'


def test_ports_of_a_workflow_that_lead_nowhere_are_problems_of_its_node() -> None:
    shelf = Shelf(inner=tree({"n": entry("toy.number")}, inputs={"i": "x.value"}, outputs={"o": "n.gone"}))

    report = report_of({"w": entry("workflow:inner"), "a": entry("toy.add", a="@w.o")}, workflows=shelf)

    assert found(report)[:2] == [("port-invalid", "w", None), ("port-invalid", "w", None)]


def test_zip_on_a_workflow_is_refused() -> None:
    node: dict[str, JSON] = {**entry("workflow:double", value=[1, 2]), "zip": [["value", "addend"]]}

    assert found(report_of({"d": node}, workflows=SHELF)) == [("zip-invalid", "d", None)]


def test_a_list_given_to_a_workflow_maps_the_nodes_inside() -> None:
    graph = graph_of(
        {"r": entry("toy.range"), "d": entry("workflow:double", value="@r.items")}, workflows=SHELF
    )

    assert graph.nodes["d/number"].axes == {"value": ("r.items",)}
    assert graph.nodes["d/sum"].out_axes == ("r.items",)


def test_a_carried_workflow_comes_before_a_saved_one() -> None:
    carried = tree({"n": entry("toy.number", value=99)})
    data: dict[str, JSON] = {**tree({"d": entry("workflow:double")}), "workflows": {"double": carried}}
    graph = build(parse_document(data), catalog(), SHELF)

    assert [node.values for node in graph.nodes.values()] == [{"value": 99}]


def test_places_are_followed_outwards_as_far_as_a_value_was_given() -> None:
    flat = unfold(document({"q": entry("workflow:quadruple", value=3)}), Library(catalog(), SHELF))

    assert flat.exposed["q/once/number", "value"] == Exposure("q/once", "value", is_given=True)
    assert flat.place("q/once/number", "value") == ("q", "value")
    assert flat.place("q/twice/number", "value") == ("q/twice", "value")
    assert flat.place("q/once/sum", "b") == ("q/once/sum", "b")
    assert flat.place("q/once/sum", "b", is_missing=True) == ("q/once", "addend")
