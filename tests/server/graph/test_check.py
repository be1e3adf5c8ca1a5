"""The check finds every problem at once, with place and help, and gives the graph where there is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.graph.toys import Shelf, catalog, document, entry, found, graph_of, report_of, tree
from weft.errors import JSON, Problem
from weft.graph.check import Report, check
from weft.graph.workflows import NoWorkflows


def only(report: Report) -> Problem:
    (problem,) = report.problems
    return problem


def test_a_graph_without_faults_has_no_problems_and_a_graph() -> None:
    report = report_of({"n": entry("toy.number", value=3), "a": entry("toy.add", a="@n.value")})

    assert report.problems == ()
    assert report.graph is not None
    assert report.graph.order == ("n", "a")


def test_an_empty_document_is_an_empty_graph() -> None:
    graph = graph_of({})

    assert (graph.order, graph.outputs, graph.targets()) == ((), {}, ())


def test_five_faults_are_listed_in_one_go() -> None:
    report = report_of(
        {
            "one": entry("toy.nmber", value=1),
            "two": entry("toy.add", b=2),
            "three": entry("toy.spell", value="@words.text"),
            "words": entry("toy.text", text="w"),
            "four": entry("toy.scale", value=1.0, factor=99),
            "five": entry("toy.add", a="@six.value"),
            "six": entry("toy.add", a="@five.value"),
        }
    )

    assert report.graph is None
    assert found(report) == [
        ("node-type-unknown", "one", None),
        ("input-missing", "two", "a"),
        ("socket-mismatch", "three", "value"),
        ("input-invalid", "four", "factor"),
        ("cycle", "six", None),
    ]


def test_every_problem_says_what_is_wrong_and_what_helps() -> None:
    report = report_of(
        {
            "a": entry("toy.nothing"),
            "b": entry("toy.add", a="text", c=1),
            "c": entry("toy.sample", model="@x.model", latent="@b.valu", sampler="eler", steps=0),
            "d": entry("workflow:gone"),
        }
    )

    assert len(report.problems) == 8
    assert all(problem.message.endswith(".") and problem.hint for problem in report.problems)


@pytest.mark.parametrize(
    ("nodes", "hint"),
    [
        ({"a": entry("toy.numbr")}, "toy.number"),
        ({"a": entry("toy.add", a=1, bb=2)}, "b"),
        ({"a": entry("toy.number"), "b": entry("toy.add", a="@a.valu")}, "value"),
        ({"first": entry("toy.number"), "b": entry("toy.add", a="@frist.value")}, "first"),
        ({"a": entry("workflow:portait")}, "portrait"),
    ],
)
def test_misspelt_names_get_the_one_that_was_meant(nodes: dict[str, JSON], hint: str) -> None:
    shelf = Shelf(portrait=tree({"n": entry("toy.number")}))

    assert f'"{hint}"' in only(report_of(nodes, workflows=shelf)).hint


def test_a_word_that_is_not_offered_gets_the_one_that_was_meant() -> None:
    report = report_of(
        {"m": entry("toy.load", checkpoint="smal"), "s": entry("toy.repeat", text="a", case="uper")}
    )

    assert ['"small"' in problem.message or '"upper"' in problem.message for problem in report.problems] == [
        True,
        True,
    ]


def test_a_link_that_does_not_fit_names_a_node_that_converts() -> None:
    report = report_of({"n": entry("toy.number"), "t": entry("toy.repeat", text="@n.value")})

    problem = only(report)
    assert problem.code == "socket-mismatch"
    assert problem.message == "n.value produces int, but t.text expects string."
    assert "toy.spell" in problem.hint


def test_a_value_where_only_a_link_will_do_is_refused() -> None:
    report = report_of({"r": entry("toy.resize", latent={"size": 3})})

    assert found(report) == [("input-invalid", "r", "latent")]
    assert "takes a link" in only(report).message


@pytest.mark.parametrize("value", [True, "3", 3.5, None, {}])
def test_nothing_is_coerced_to_a_whole_number(value: JSON) -> None:
    assert found(report_of({"a": entry("toy.add", a=value)})) == [("input-invalid", "a", "a")]


def test_an_empty_value_is_none_only_where_that_is_allowed() -> None:
    assert report_of({"m": entry("toy.maybe", value=None)}).problems == ()


def test_a_circle_is_named_as_a_whole() -> None:
    nodes: dict[str, JSON] = {f"n{i}": entry("toy.add", a=f"@n{(i + 1) % 4}.value") for i in range(4)}

    problem = only(report_of(nodes))

    assert problem.code == "cycle"
    assert sorted(str(node) for node in problem.details["nodes"]) == ["n0", "n1", "n2", "n3"]  # type: ignore[union-attr]
    assert problem.message.count("->") == 4


def test_a_node_that_feeds_itself_is_a_circle() -> None:
    assert only(report_of({"a": entry("toy.add", a="@a.value")})).details == {"nodes": ["a"]}


def test_what_stands_behind_a_circle_is_checked_all_the_same() -> None:
    report = report_of(
        {
            "a": entry("toy.add", a="@b.value"),
            "b": entry("toy.add", a="@a.value", b="x"),
            "c": entry("toy.repeat", text="@a.value", times=0.5),
        }
    )

    assert [code for code, _, _ in found(report)] == [
        "cycle",
        "input-invalid",
        "socket-mismatch",
        "input-invalid",
    ]


def test_a_newer_node_than_installed_is_refused() -> None:
    report = report_of({"p": entry("toy.power", version=4, base=1)})

    assert found(report) == [("node-version", "p", None)]


def test_off_nodes_are_not_looked_at() -> None:
    off: dict[str, JSON] = {"type": "toy.gone", "version": 77, "inputs": {"a": "x"}, "mode": "off"}

    report = report_of({"a": off, "n": entry("toy.number")})

    assert report.problems == ()
    assert report.graph is not None
    assert list(report.graph.nodes) == ["n"]


def test_a_required_input_fed_by_an_off_node_is_a_problem() -> None:
    off: dict[str, JSON] = {"type": "toy.number", "mode": "off"}

    problem = only(report_of({"n": off, "a": entry("toy.add", a="@n.value")}))

    assert (problem.code, problem.node, problem.input) == ("source-off", "a", "a")
    assert '"n"' in problem.message


def test_an_optional_input_fed_by_an_off_node_falls_back_to_its_default() -> None:
    off: dict[str, JSON] = {"type": "toy.number", "mode": "off"}

    graph = graph_of({"n": off, "a": entry("toy.add", a=1, b="@n.value")})

    assert graph.nodes["a"].values == {"a": 1, "b": 1}


def test_a_list_leaves_out_what_off_nodes_would_bring() -> None:
    off: dict[str, JSON] = {"type": "toy.number", "mode": "off"}

    graph = graph_of(
        {"n": off, "m": entry("toy.number"), "s": entry("toy.sum", items=["@n.value", "@m.value"])}
    )

    assert [str(part) for part in graph.nodes["s"].sources()] == ["m.value"]


def test_what_no_output_needs_may_be_incomplete() -> None:
    report = report_of(
        {
            "n": entry("toy.number"),
            "loose": entry("toy.add"),
            "behind": entry("toy.add", a="@loose.value"),
        },
        outputs={"number": "n.value"},
    )

    assert [(p.code, p.node, p.severity) for p in report.problems] == [("input-missing", "loose", "warning")]
    assert report.graph is not None
    assert list(report.graph.nodes) == ["n"]
    assert report.warnings == report.problems
    assert report.errors == ()


def test_what_a_sink_needs_must_be_complete() -> None:
    report = report_of(
        {
            "n": entry("toy.number"),
            "loose": entry("toy.add"),
            "save": entry("toy.save", value="@loose.value"),
        },
        outputs={"number": "n.value"},
    )

    assert [problem.severity for problem in report.problems] == ["error"]


def test_where_nothing_is_wanted_everything_must_be_complete() -> None:
    report = report_of({"n": entry("toy.number"), "loose": entry("toy.add")})

    assert [problem.severity for problem in report.problems] == ["error"]


def test_other_faults_of_nodes_that_nothing_needs_are_errors() -> None:
    report = report_of(
        {"n": entry("toy.number"), "loose": entry("toy.add", a="x")}, outputs={"number": "n.value"}
    )

    assert report.graph is None


def test_a_missing_file_is_asked_for_by_the_names_of_those_there_are() -> None:
    (problem,) = report_of({"load": entry("toy.load")}).problems

    assert (problem.code, problem.input) == ("input-missing", "checkpoint")
    assert problem.hint == "Choose a file, such as small, large, odd and others."


def test_a_missing_link_is_asked_for_by_the_nodes_that_give_such_a_thing() -> None:
    problems = report_of({"s": entry("toy.sample")}).problems

    assert {problem.input: problem.hint for problem in problems}["model"] == (
        "Connect an output of type toy_model: toy.load gives one."
    )


def test_a_missing_value_that_the_workflow_asks_for_names_its_input() -> None:
    report = report_of({"t": entry("toy.repeat")}, inputs={"prompt": "t.text"})

    problem = only(report)
    assert 'Or give the workflow\'s input "prompt".' in problem.hint
    assert problem.details == {"workflow_input": "prompt"}


def test_choices_that_cannot_be_found_out_are_one_problem_each() -> None:
    assert found(report_of({"d": entry("toy.doubtful", word="any")})) == [("provider-failed", "d", "word")]


@pytest.mark.parametrize(
    ("outputs", "inputs"),
    [
        ({"o": "gone.value"}, None),
        ({"o": "n.gone"}, None),
        (None, {"i": "gone.value"}),
        (None, {"i": "n.gone"}),
    ],
)
def test_ports_that_lead_nowhere_are_problems_of_the_workflow(
    outputs: dict[str, str] | None, inputs: dict[str, str | list[str]] | None
) -> None:
    report = report_of({"n": entry("toy.number")}, inputs=inputs, outputs=outputs)

    assert found(report) == [("port-invalid", None, None)]


def test_an_output_behind_a_bypass_that_passes_only_a_value_is_refused() -> None:
    bypassed: dict[str, JSON] = {"type": "toy.add", "inputs": {"a": 3}, "mode": "bypass"}

    assert found(report_of({"a": bypassed}, outputs={"o": "a.value"})) == [("port-invalid", None, None)]


def test_an_output_of_a_node_that_cannot_be_bypassed_is_reported_at_the_node() -> None:
    bypassed: dict[str, JSON] = {"type": "toy.spell", "inputs": {"value": 3}, "mode": "bypass"}

    assert found(report_of({"a": bypassed}, outputs={"o": "a.text"})) == [("bypass-impossible", "a", None)]


def test_the_same_problem_is_listed_once() -> None:
    bypassed: dict[str, JSON] = {"type": "toy.spell", "inputs": {"value": 3}, "mode": "bypass"}
    readers = {f"r{i}": entry("toy.repeat", text="@a.text") for i in range(3)}

    assert found(report_of({"a": bypassed, **readers})) == [("bypass-impossible", "a", None)]


def test_problems_come_in_the_order_of_the_document() -> None:
    nodes: dict[str, JSON] = {
        "z": entry("toy.add"),
        "y": entry("workflow:inner"),
        "x": entry("toy.gone"),
        "w": entry("toy.add", a="no"),
    }
    shelf = Shelf(inner=tree({"deep": entry("toy.repeat")}))

    report = report_of(nodes, workflows=shelf)

    assert [problem.node for problem in report.problems] == ["z", "y/deep", "x", "w"]


def test_a_chain_of_ten_thousand_nodes_is_checked() -> None:
    nodes: dict[str, JSON] = {"n0": entry("toy.number")}
    nodes.update((f"n{i}", entry("toy.add", a=f"@n{i - 1}.value")) for i in range(1, 10_000))

    graph = graph_of(nodes, outputs={"last": "n9999.value"})

    assert graph.order[-1] == "n9999"
    assert len(graph.ancestors(["n9999"])) == 10_000


def test_a_chain_of_ten_thousand_bypassed_nodes_is_checked() -> None:
    nodes: dict[str, JSON] = {"n0": entry("toy.number")}
    for i in range(1, 10_000):
        nodes[f"n{i}"] = {**entry("toy.add", a=f"@n{i - 1}.value"), "mode": "bypass"}
    nodes["end"] = entry("toy.spell", value="@n9999.value")

    assert list(graph_of(nodes).nodes) == ["n0", "end"]


def test_a_circle_of_ten_thousand_nodes_is_found() -> None:
    nodes: dict[str, JSON] = {
        f"n{i}": entry("toy.add", a=f"@n{(i + 1) % 10_000}.value") for i in range(10_000)
    }

    assert found(report_of(nodes))[0][0] == "cycle"


def test_ten_thousand_faults_are_reported() -> None:
    nodes: dict[str, JSON] = {f"n{i}": entry("toy.add", a=f"@gone{i}.value", b="x") for i in range(5_000)}

    assert len(report_of(nodes).problems) == 10_000


@st.composite
def loose_documents(draw: st.DrawFn) -> dict[str, JSON]:
    """Write documents with links, modes and values that may be right or wrong."""
    ids = ["a", "b", "c", "d", "e"]
    types = [
        "toy.number",
        "toy.add",
        "toy.sum",
        "toy.range",
        "toy.switch",
        "toy.first",
        "toy.gone",
        "workflow:w",
    ]
    outputs = ["value", "items", "gone"]
    given: st.SearchStrategy[JSON] = st.one_of(
        st.integers(0, 3),
        st.just("word"),
        st.builds(
            lambda node, output: {"from": f"{node}.{output}"}, st.sampled_from(ids), st.sampled_from(outputs)
        ),
    )
    nodes: dict[str, JSON] = {}
    for name in draw(st.lists(st.sampled_from(ids), unique=True)):
        inputs = draw(
            st.dictionaries(
                st.sampled_from(["value", "a", "b", "items", "yes", "no"]), given | st.lists(given)
            )
        )
        node: dict[str, JSON] = {"type": draw(st.sampled_from(types)), "inputs": dict(inputs)}
        node["mode"] = draw(st.sampled_from([None, None, "off", "bypass"]))
        node["zip"] = list[JSON](draw(st.sampled_from([[], [["a", "b"]], [["yes", "gone"]]])))
        nodes[name] = node
    return nodes


@settings(max_examples=80, deadline=None)
@given(loose_documents())
def test_whatever_is_wrong_the_check_reports_instead_of_failing(nodes: dict[str, JSON]) -> None:
    shelf = Shelf(w=tree({"n": entry("toy.add", a=1)}, inputs={"value": "n.a"}, outputs={"value": "n.value"}))
    written = document(nodes, outputs={"o": "a.value"})

    report = check(written, catalog(), shelf)

    assert (report.graph is None) == bool(report.errors)
    if report.graph is not None:
        placed = {name: index for index, name in enumerate(report.graph.order)}
        for node in report.graph.nodes.values():
            assert {*node.values, *node.links} == {item.name for item in node.schema.inputs}
            assert all(placed[source.node] < placed[node.id] for source in node.sources())


def test_checking_changes_nothing_in_the_document() -> None:
    written = document({"p": entry("toy.power", number=2), "a": entry("toy.add", a="@p.value")})
    before = written.to_json()

    check(written, catalog(), NoWorkflows())

    assert written.to_json() == before
