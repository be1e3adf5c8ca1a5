"""Workflows are checked and planned over HTTP without being run."""

from live_server import DRAW, LiveServer
from weft.web.check_wire import CheckView, PlanView

LOST = {"weft": 1, "nodes": {"a": {"type": "toys:picture.drew"}, "b": {"type": "toys:picture.measure"}}}


def test_a_workflow_that_can_run_has_no_problem_and_a_signature(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", "/api/check", {"name": "draw", "inputs": {"seed": 3}})

    view = CheckView.model_validate_json(answer.body)
    assert (answer.status, view.ok, view.problems) == (200, True, ())
    assert view.signature is not None
    assert [entry.name for entry in view.signature.inputs] == ["prompt", "seed", "steps", "pause_s", "fault"]
    assert [entry.type for entry in view.signature.outputs] == ["image", "int"]


def test_every_problem_is_told_at_once(ready_server: LiveServer) -> None:
    inputs = {"seed": "three", "steps": 0, "unknown": 1}

    view = CheckView.model_validate_json(
        ready_server.call("POST", "/api/check", {"workflow": DRAW, "inputs": inputs}).body
    )

    told = {(entry.code, entry.input) for entry in view.problems}
    assert not view.ok
    assert told >= {
        ("input-invalid", "seed"),
        ("input-invalid", "steps"),
        ("workflow-input-unknown", "unknown"),
    }


def test_problems_of_nodes_are_no_error_of_the_call(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", "/api/check", {"workflow": LOST})

    codes = [(entry["code"], entry["node"]) for entry in answer.json["problems"]]
    assert answer.status == 200
    assert ("node-type-unknown", "a") in codes
    assert ("input-missing", "b") in codes


def test_what_is_no_workflow_is_refused(ready_server: LiveServer) -> None:
    answers = [
        ready_server.call("POST", "/api/check", body)
        for body in ({"workflow": {"weft": 1, "nodes": []}}, {}, {"name": "nowhere"})
    ]

    assert [answer.status for answer in answers] == [422, 422, 404]
    assert answers[2].code == "workflow-unknown"


def test_a_plan_says_what_would_run_and_afterwards_that_it_would_not(ready_server: LiveServer) -> None:
    body = {"name": "draw", "inputs": {"prompt": "planned", "seed": 1234}}

    before = PlanView.model_validate_json(ready_server.call("POST", "/api/plan", body).body)
    ready_server.submit(body, wait=100)
    after = PlanView.model_validate_json(ready_server.call("POST", "/api/plan", body).body)
    changed = {"name": "draw", "inputs": {"prompt": "planned", "seed": 1235}}
    changed_since = PlanView.model_validate_json(ready_server.call("POST", "/api/plan", changed).body)

    assert [(step.node, step.action) for step in before.steps] == [("draw", "run"), ("measure", "run")]
    assert {step.action for step in after.steps} == {"hit"}
    assert all(step.reason.text for step in before.steps)
    assert changed_since.held_bytes == changed_since.steps[0].held_bytes_last
    assert changed_since.held_bytes > 0


def test_a_plan_of_what_cannot_run_is_refused_with_the_problems(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", "/api/plan", {"name": "draw", "inputs": {"steps": 0}})

    assert (answer.status, answer.code) == (422, "input-invalid")
