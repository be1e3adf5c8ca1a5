"""From a document and values to what a worker runs: all problems together, and what the job uses."""

from collections.abc import Mapping
from typing import Annotated

import pytest
from weft.errors import JSON, ProblemsError
from weft.graph.document import Document, parse_document
from weft.graph.workflows import NoWorkflows, WorkflowSource
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.preparation import (
    Examiner,
    carry_if_possible,
    count_nodes,
    is_outdated,
    read_document,
)
from weft.paths import Paths
from weft.registry import Registry
from weft.sdk import ModelFile, listing, node


@node("toy.use", version=2, migrations={1: dict})
def use(number: int, model: Annotated[str, ModelFile("toy")], more: list[int] | None = None) -> int:
    """Use a model.

    Args:
        number: A number.
        model: The model.
        more: More numbers.
    """
    return number


@listing("toy")
def toys(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the models there are."""
    return {"b": {}, "a": {}}


class Saved:
    """One saved workflow."""

    def __init__(self, name: str, document: Mapping[str, JSON]) -> None:
        self._name = name
        self._document = parse_document(document)

    def names(self) -> tuple[str, ...]:
        return (self._name,)

    def load(self, name: str) -> Document:
        if name != self._name:
            raise WorkflowUnknownError(name=name, known=self.names())
        return self._document


def _document(*models: str, version: int = 2) -> dict[str, JSON]:
    nodes: dict[str, JSON] = {
        f"node{index}": {"type": "toy.use", "version": version, "inputs": {"number": 1, "model": model}}
        for index, model in enumerate(models)
    }
    return {
        "weft": 1,
        "inputs": {"number": {"to": ["node0.number"]}, "model": {"to": ["node0.model"]}},
        "outputs": {"result": {"from": "node0.value"}},
        "nodes": nodes,
    }


def _examiner(workflows: WorkflowSource | None = None, most_nodes: int = 100) -> Examiner:
    registry = Registry()
    registry.add(use, toys)
    return Examiner(registry, workflows or NoWorkflows(), most_nodes)


def test_the_model_files_of_all_nodes_are_named_once_and_sorted() -> None:
    prepared = _examiner().prepare(parse_document(_document("b", "a", "b")), {})

    assert prepared.affinity == ("a", "b")


def test_the_given_values_stand_in_the_document() -> None:
    prepared = _examiner().prepare(parse_document(_document("b")), {"number": 7, "model": "a"})

    assert parse_document(prepared.document).nodes["node0"].inputs == {"number": 7, "model": "a"}
    assert prepared.affinity == ("a",)


def test_a_bad_value_beside_an_unknown_input_and_an_unknown_target_are_told_together() -> None:
    with pytest.raises(ProblemsError) as caught:
        _examiner().prepare(
            parse_document(_document("b", "z")), {"model": "x", "other": 1, "number": 2}, targets=["nothing"]
        )

    told = [(problem.code, problem.node, problem.input) for problem in caught.value.problems]
    assert told == [
        ("workflow-input-unknown", None, "other"),
        ("input-invalid", "node0", "model"),
        ("input-invalid", "node1", "model"),
        ("output-unknown", None, None),
    ]
    assert caught.value.problems[1].details["workflow_input"] == "model"
    assert "workflow_input" not in caught.value.problems[2].details


@pytest.mark.parametrize("targets", [None, [], ["result"], ["node1"]])
def test_outputs_and_nodes_can_be_wanted(targets: list[str] | None) -> None:
    assert _examiner().prepare(parse_document(_document("a", "b")), {}, targets).warnings == ()


def test_a_link_is_no_value() -> None:
    found = _examiner().examine(parse_document(_document("a")), {"number": {"from": "node0.value"}})

    assert [problem.code for problem in found.problems] == ["input-invalid"]
    assert not found.can_run


def test_a_given_value_is_not_told_to_be_missing_where_something_else_is_wrong() -> None:
    document = _document("a", "b")
    nodes = document["nodes"]
    assert isinstance(nodes, dict)
    nodes["node0"] = {"type": "toy.use", "version": 2, "inputs": {}}
    nodes["gone"] = {"type": "toy.gone"}
    document["outputs"] = {"result": {"from": "gone.value"}}

    found = _examiner().examine(parse_document(document), {"number": 1, "model": "a"})

    assert [problem.code for problem in found.problems] == ["node-type-unknown"]
    assert found.signature is None


def test_a_workflow_that_can_run_is_told_with_its_signature() -> None:
    found = _examiner().examine(parse_document(_document("a")), {})

    assert found.can_run
    assert found.signature is not None
    assert list(found.signature.inputs) == ["number", "model"]


def test_a_saved_workflow_is_carried_along() -> None:
    saved = Saved("inner", _document("a"))
    outer: dict[str, JSON] = {"weft": 1, "nodes": {"x": {"type": "workflow:inner"}}}

    prepared = _examiner(saved).prepare(parse_document(outer), {})

    assert list(parse_document(prepared.document).workflows) == ["inner"]
    assert prepared.affinity == ("a",)


def test_a_workflow_may_not_unfold_to_more_nodes_than_the_limit() -> None:
    saved = Saved("inner", _document("a", "a", "a"))
    outer: dict[str, JSON] = {
        "weft": 1,
        "nodes": {name: {"type": "workflow:inner"} for name in ("x", "y")},
    }

    found = _examiner(saved, most_nodes=5).examine(parse_document(outer), {})

    assert [problem.code for problem in found.problems] == ["graph-too-large"]
    assert not found.can_run


def test_nodes_are_counted_before_a_document_is_known_to_be_one() -> None:
    carried: dict[str, JSON] = {"a": {"nodes": {"1": 0, "2": 0}}, "b": 7, "c": {"nodes": 3}}

    assert count_nodes({"nodes": {"x": None}, "workflows": carried}) == 3
    assert count_nodes({"nodes": [], "workflows": []}) == 0


def test_a_document_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ProblemsError) as caught:
        read_document({"weft": 99, "nodes": {"a": 0, "b": 0}}, most_nodes=1)

    assert [problem.code for problem in caught.value.problems] == ["graph-too-large"]


@pytest.mark.parametrize(
    ("version", "mode", "expected"),
    [(1, None, True), (1, "bypass", True), (1, "off", False), (2, None, False)],
)
def test_a_document_is_outdated_where_a_node_that_counts_is(
    version: int, mode: str | None, expected: bool
) -> None:
    document = _document("a", version=version)
    nodes = document["nodes"]
    assert isinstance(nodes, dict)
    entry = nodes["node0"]
    assert isinstance(entry, dict)
    entry.update({} if mode is None else {"mode": mode})
    carrying: dict[str, JSON] = {"weft": 1, "workflows": {"inner": document}}

    catalog = _examiner().catalog
    assert is_outdated(parse_document(document), catalog) is expected
    assert is_outdated(parse_document(carrying), catalog) is expected


def test_a_document_that_cannot_be_completed_is_left_for_the_check_to_complain_about() -> None:
    document = parse_document({"weft": 1, "nodes": {"x": {"type": "workflow:gone"}}})

    assert carry_if_possible(document, NoWorkflows()) is document
