"""The answers of `--json` have a shape that a script can rely on."""

import json

import pytest
from pydantic import ValidationError
from weft.cli.reports import (
    BaseAnswer,
    CheckReport,
    NodeReport,
    NodesReport,
    OutputReport,
    PackAnswer,
    PlannedReport,
    PlanReport,
    ReasonReport,
    RefusalReport,
    RunReport,
    WorkflowAnswer,
    WorkflowsReport,
    refusal,
    report_problem,
)
from weft.errors import Problem

PROBLEM = Problem(code="cycle", message="It turns.", hint="Cut.", node="a", details={"nodes": ["a", "b"]})


def test_a_problem_keeps_all_its_facts() -> None:
    assert report_problem(PROBLEM).model_dump() == PROBLEM.to_json()


def test_a_run_answers_state_outputs_nodes_and_problems() -> None:
    report = RunReport(
        state="failed",
        workflow="w",
        outputs={"image": OutputReport(type="image", paths=("a.png",))},
        nodes={"a": NodeReport(state="hit", reason=ReasonReport(code="hit-disk", text="t"))},
        problems=(report_problem(PROBLEM),),
        seconds=1.5,
    )

    answer = json.loads(report.to_text())

    assert list(answer) == ["state", "workflow", "outputs", "nodes", "problems", "seconds"]
    assert answer["outputs"]["image"]["paths"] == ["a.png"]
    assert answer["nodes"]["a"]["reason"]["code"] == "hit-disk"
    assert answer["problems"][0]["details"] == {"nodes": ["a", "b"]}


def test_a_state_that_does_not_exist_cannot_be_answered() -> None:
    with pytest.raises(ValidationError):
        RunReport(state="perhaps", workflow="w")  # type: ignore[arg-type]


def test_a_refused_run_answers_in_the_shape_of_a_run() -> None:
    answer = refusal(["run", "--json", "portrait"], [PROBLEM])

    assert answer == RunReport(state="refused", workflow="portrait", problems=(report_problem(PROBLEM),))


def test_a_refused_check_and_plan_answer_in_their_shapes() -> None:
    assert refusal(["check", "x"], [PROBLEM]) == CheckReport(
        ok=False, workflow="x", problems=(report_problem(PROBLEM),)
    )
    assert refusal(["plan", "x"], [PROBLEM]) == PlanReport(workflow="x", problems=(report_problem(PROBLEM),))


def test_any_other_refusal_answers_its_problems() -> None:
    assert refusal(["nodes"], [PROBLEM]) == RefusalReport(problems=(report_problem(PROBLEM),))


ANSWERS: list[BaseAnswer] = [
    RunReport(
        state="succeeded",
        workflow="w",
        outputs={"n": OutputReport(type="list[int]", value=[1, {"a": None}])},
        nodes={"a": NodeReport(state="failed", problem=report_problem(PROBLEM))},
    ),
    CheckReport(ok=True, workflow="w"),
    PlanReport(
        workflow="w",
        steps=(PlannedReport(node="a", action="hit", reason=ReasonReport(code="hit-ram", text="t")),),
    ),
    NodesReport(nodes=({"type": "a.b"},), packs=(PackAnswer(name="p", path="x", ok=False, nodes=0),)),
    WorkflowsReport(workflows=(WorkflowAnswer(name="w", title="W", inputs={"seed": 3}, outputs=("image",)),)),
    RefusalReport(problems=(report_problem(PROBLEM),)),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_every_answer_is_one_json_object_that_reads_back_as_itself(answer: BaseAnswer) -> None:
    assert type(answer).model_validate_json(answer.to_text()) == answer
    assert isinstance(json.loads(answer.to_text()), dict)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_has_no_keys_beside_its_own(answer: BaseAnswer) -> None:
    facts = json.loads(answer.to_text())

    with pytest.raises(ValidationError, match="mood"):
        type(answer).model_validate({**facts, "mood": "good"})


@pytest.mark.parametrize("command", ["run", "check", "plan"])
def test_a_refusal_without_a_workflow_names_none(command: str) -> None:
    answer = json.loads(refusal([command, "--json"], [PROBLEM]).to_text())

    assert answer["workflow"] == ""
    assert [problem["code"] for problem in answer["problems"]] == ["cycle"]
