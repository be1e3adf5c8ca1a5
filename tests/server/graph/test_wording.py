"""What pydantic finds is said in our words, with its place and a help."""

import pytest
from weft.errors import JSON, Problem, ProblemsError
from weft.graph.document import parse_document
from weft.graph.wording import repeated_key_problems


def only_problem(data: dict[str, JSON]) -> Problem:
    with pytest.raises(ProblemsError) as caught:
        parse_document(data)
    (problem,) = caught.value.problems
    return problem


def node(**fields: JSON) -> dict[str, JSON]:
    return {"weft": 1, "nodes": {"a": {"type": "x", **fields}}}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "The workflow document at weft is missing."),
        ({"weft": "1"}, 'The workflow document at weft must be a whole number, not "1".'),
        ({"weft": 0}, "The workflow document at weft must be 1 or more, not 0."),
        ({"weft": 1, "nodes": []}, "The workflow document at nodes must be an object, not a list."),
        ({"weft": 1, "title": 5}, "The workflow document at title must be a text, not 5."),
        (node(version=True), "The workflow document at nodes.a.version must be a whole number, not true."),
        (node(zip={}), "The workflow document at nodes.a.zip must be a list, not an object."),
        (node(mode="of"), "The workflow document at nodes.a.mode must be 'bypass' or 'off', not \"of\"."),
        (node(type=None), "The workflow document at nodes.a.type must be a text, not null."),
        (node(type=""), "The workflow document at nodes.a.type must not be an empty text."),
        ({"weft": 1, "inputs": {"i": {"to": []}}}, "The workflow document at inputs.i.to must not be empty."),
    ],
)
def test_each_kind_of_fault_has_a_sentence(data: dict[str, JSON], message: str) -> None:
    assert only_problem(data).message == message


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ({"weft": 1, "output": {}}, 'Did you mean "outputs"?'),
        (node(modes="off"), 'Did you mean "mode"?'),
        ({"weft": 1, "inputs": {"i": {"to": ["a.b"], "titel": "x"}}}, 'Did you mean "title"?'),
        ({"weft": 1, "outputs": {"o": {"from": "a.b", "form": "x"}}}, 'Did you mean "from"?'),
        ({"weft": 1, "workflows": {"w": {"weft": 1, "nodez": {}}}}, 'Did you mean "nodes"?'),
    ],
)
def test_a_misspelt_field_gets_the_one_that_was_meant(data: dict[str, JSON], hint: str) -> None:
    assert only_problem(data).hint.startswith(hint)


def test_a_fault_in_a_node_is_reported_at_the_node() -> None:
    problem = only_problem(node(inputs={"seed": float("nan")}))

    assert (problem.node, problem.input) == ("a", "seed")
    assert problem.details == {"location": "nodes.a.inputs.seed"}


def test_a_fault_outside_of_nodes_is_reported_at_no_node() -> None:
    problem = only_problem({"weft": 1, "outputs": {"o": {"from": "a"}}})

    assert (problem.node, problem.input) == (None, None)
    assert problem.details == {"location": "outputs.o.from"}


def test_long_texts_are_shown_in_part() -> None:
    assert "…" in only_problem(node(mode="x" * 500)).message


def test_a_tree_without_repeated_keys_has_no_problem() -> None:
    assert repeated_key_problems({"a": [{"b": 1}]}) == []
