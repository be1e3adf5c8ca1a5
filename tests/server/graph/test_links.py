"""Links are followed through bypassed nodes and workflow outputs to where they really come from."""

import pytest
from server.graph.toys import Shelf, entry, found, graph_of, report_of, tree
from weft.errors import JSON
from weft.graph.links import as_resolved
from weft.graph.structure import Constant, Source


def bypassed(type: str, **inputs: JSON) -> dict[str, JSON]:
    return {**entry(type, 1, **inputs), "mode": "bypass"}


def test_a_bypassed_node_passes_on_its_first_fitting_input() -> None:
    graph = graph_of(
        {
            "n": entry("toy.number"),
            "m": entry("toy.number"),
            "by": bypassed("toy.add", b="@m.value", a="@n.value"),
            "end": entry("toy.spell", value="@by.value"),
        }
    )

    assert graph.nodes["end"].links == {"value": Source("n", "value")}
    assert "by" not in graph.nodes


def test_inputs_of_other_types_are_passed_over() -> None:
    graph = graph_of(
        {
            "load": entry("toy.load", checkpoint="small"),
            "latent": entry("toy.empty"),
            "by": bypassed("toy.sample", model="@load.model", latent="@latent.latent"),
            "end": entry("toy.resize", latent="@by.latent"),
        }
    )

    assert graph.nodes["end"].links == {"latent": Source("latent", "latent")}


def test_a_bypassed_node_is_resolved_for_each_of_its_outputs() -> None:
    graph = graph_of(
        {
            "n": entry("toy.number"),
            "by": bypassed("toy.halve", value="@n.value"),
            "end": entry("toy.add", a="@by.half", b="@by.rest"),
        }
    )

    assert graph.nodes["end"].links == {"a": Source("n", "value"), "b": Source("n", "value")}


def test_a_generic_node_passes_on_the_input_of_the_same_variable() -> None:
    graph = graph_of(
        {
            "t": entry("toy.text"),
            "u": entry("toy.text"),
            "by": bypassed("toy.switch", flag=False, yes="@t.text", no="@u.text"),
            "end": entry("toy.repeat", text="@by.value"),
        }
    )

    assert graph.nodes["end"].links == {"text": Source("t", "text")}


def test_bypassed_nodes_pass_on_through_each_other() -> None:
    graph = graph_of(
        {
            "n": entry("toy.number"),
            "one": bypassed("toy.add", a="@n.value"),
            "two": bypassed("toy.add", a="@one.value"),
            "end": entry("toy.spell", value="@two.value"),
        },
        outputs={"passed": "two.value"},
    )

    assert graph.nodes["end"].links == {"value": Source("n", "value")}
    assert graph.outputs == {"passed": Source("n", "value")}


def test_a_value_is_passed_on_as_a_value() -> None:
    graph = graph_of({"by": bypassed("toy.add", a=41), "end": entry("toy.spell", value="@by.value")})

    assert graph.nodes["end"].values == {"value": 41}


def test_a_default_is_passed_on_as_a_value() -> None:
    graph = graph_of({"by": bypassed("toy.number"), "end": entry("toy.spell", value="@by.value")})

    assert graph.nodes["end"].values == {"value": 0}


def test_a_list_of_links_is_passed_on_as_one() -> None:
    nodes = {
        "n": entry("toy.number"),
        "by": bypassed("toy.reverse", items=["@n.value", 2]),
        "whole": entry("toy.sum", items="@by.items"),
        "part": entry("toy.sum", items=[1, "@by.items"]),
    }

    graph = graph_of(nodes)

    assert graph.nodes["whole"].links == {"items": (Source("n", "value"), Constant(2))}
    assert graph.nodes["part"].links == {"items": (Constant(1), Source("n", "value"), Constant(2))}


def test_a_list_of_a_variable_does_not_stand_in_for_one_item_of_it() -> None:
    report = report_of(
        {
            "t": entry("toy.text"),
            "by": bypassed("toy.first", items=["@t.text"]),
            "end": entry("toy.repeat", text="@by.value"),
        }
    )

    assert found(report) == [("bypass-impossible", "by", None)]


def test_a_bypassed_node_without_a_fitting_input_is_reported_where_it_stands() -> None:
    report = report_of({"by": bypassed("toy.spell", value=1), "end": entry("toy.repeat", text="@by.text")})

    assert found(report) == [("bypass-impossible", "by", None)]


def test_a_bypassed_node_whose_output_nobody_uses_is_no_problem() -> None:
    assert report_of({"by": bypassed("toy.spell", value=1)}).problems == ()


def test_a_bypassed_node_with_nothing_to_pass_on_leaves_a_required_input_missing() -> None:
    report = report_of({"by": bypassed("toy.add"), "end": entry("toy.spell", value="@by.value")})

    assert found(report) == [("source-off", "end", "value")]
    assert "nothing to pass on" in report.problems[0].message


def test_what_a_bypassed_node_reads_from_an_off_node_is_absent_too() -> None:
    report = report_of(
        {
            "off": {"type": "toy.number", "mode": "off"},
            "by": bypassed("toy.add", a="@off.value"),
            "end": entry("toy.add", a=1, b="@by.value"),
        }
    )

    assert report.problems == ()
    assert report.graph is not None
    assert report.graph.nodes["end"].values == {"a": 1, "b": 1}


def test_the_values_of_a_bypassed_node_are_not_checked_but_its_names_are() -> None:
    report = report_of({"by": bypassed("toy.add", a="word", c=3)})

    assert found(report) == [("input-unknown", "by", "c")]


def test_bypassed_nodes_in_a_circle_are_a_circle() -> None:
    report = report_of(
        {
            "x": bypassed("toy.add", a="@y.value"),
            "y": bypassed("toy.add", a="@x.value"),
            "end": entry("toy.spell", value="@x.value"),
        }
    )

    assert [problem.code for problem in report.problems] == ["cycle"]


def test_a_circle_closed_by_a_bypassed_node_is_a_circle_of_those_that_run() -> None:
    report = report_of({"x": entry("toy.add", a="@by.value"), "by": bypassed("toy.add", a="@x.value")})

    assert report.problems[0].details == {"nodes": ["x"]}


def test_a_bypassed_workflow_passes_on_its_first_fitting_input() -> None:
    inner = tree(
        {"t": entry("toy.repeat"), "n": entry("toy.add")},
        inputs={"text": "t.text", "number": "n.a"},
        outputs={"number": "n.value", "text": "t.text"},
    )
    graph = graph_of(
        {
            "n": entry("toy.number"),
            "by": bypassed("workflow:inner", number="@n.value", text="word"),
            "end": entry("toy.spell", value="@by.number"),
            "word": entry("toy.repeat", text="@by.text"),
        },
        workflows=Shelf(inner=inner),
    )

    assert graph.nodes["end"].links == {"value": Source("n", "value")}
    assert graph.nodes["word"].values["text"] == "word"
    assert set(graph.nodes) == {"n", "end", "word"}


def test_a_bypassed_workflow_must_exist() -> None:
    assert found(report_of({"by": bypassed("workflow:gone")})) == [("workflow-unknown", "by", None)]


def test_links_from_a_node_of_unknown_type_are_no_further_problem() -> None:
    report = report_of({"a": entry("toy.gone"), "b": entry("toy.add", a="@a.anything")})

    assert found(report) == [("node-type-unknown", "a", None)]


def test_an_unknown_node_inside_a_workflow_is_compared_with_those_inside() -> None:
    shelf = Shelf(
        inner=tree({"number": entry("toy.number"), "end": entry("toy.spell", value="@nubmer.value")})
    )

    report = report_of({"w": entry("workflow:inner")}, workflows=shelf)

    assert found(report) == [("node-unknown", "w/end", "value")]
    assert report.problems[0].hint == 'Did you mean "number"?'


@pytest.mark.parametrize("given", [3, "text", None, [1, 2], {"from": "x", "to": "y"}])
def test_a_value_comes_down_to_a_constant(given: JSON) -> None:
    assert as_resolved(given) == Constant(given)


def test_sources_and_lists_of_links_come_down_to_themselves() -> None:
    source = Source("a", "value")

    assert as_resolved(source) is source
    assert as_resolved((source, Constant(1))) == (source, Constant(1))
