"""A saved workflow is called like a function: answered at once, later, or as it goes."""

import json
from typing import Any

from live_server import LiveServer

RUN = "/api/workflows/draw/run"


def events_in(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The type and data of every event of a text stream."""
    found = []
    for block in body.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_call_that_waits_is_answered_with_the_outputs(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", f"{RUN}?wait=100", {"prompt": "a square", "seed": 4})

    outputs = {output["output"]: output for output in answer.json["outputs"]}
    assert (answer.status, answer.json["state"]) == (200, "succeeded")
    assert outputs["width"]["value"] == 8
    assert outputs["image"]["asset"]["media_type"] == "image/png"


def test_a_call_that_does_not_wait_is_answered_with_the_queued_job(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", RUN, {"prompt": "later"})

    assert answer.status == 202
    assert answer.headers["location"] == f"/api/jobs/{answer.json['id']}"
    assert ready_server.wait_for(answer.json["id"], "succeeded")["inputs"] == {"prompt": "later"}


def test_inputs_that_are_not_given_keep_the_values_that_are_saved(ready_server: LiveServer) -> None:
    job = ready_server.call("POST", RUN, {}).json

    document = ready_server.call("GET", job["links"]["workflow"]).json["workflow"]
    assert document["nodes"]["draw"]["inputs"] == {"text": "a circle", "seed": 3}


def test_a_call_can_be_followed_from_its_beginning_to_its_end(ready_server: LiveServer) -> None:
    answer = ready_server.call(
        "POST", RUN, {"prompt": "followed", "steps": 5}, headers={"Accept": "text/event-stream"}
    )

    told = events_in(answer.body)
    states = [event["data"]["state"] for kind, event in told if kind == "job"]
    assert answer.headers["content-type"] == "text/event-stream"
    assert states == ["queued", "running", "succeeded"]
    assert any(kind == "nodes" for kind, _ in told)
    assert [entry["output"] for entry in told[-1][1]["data"]["outputs"]] == ["image", "width"]


def test_a_call_that_is_sent_again_is_followed_again(ready_server: LiveServer) -> None:
    headers = {"Accept": "text/event-stream", "Idempotency-Key": "followed-twice"}

    first, again = (
        events_in(ready_server.call("POST", RUN, {"prompt": "twice"}, headers=headers).body) for _ in range(2)
    )

    assert first[-1] == again[-1]
    assert first[-1][1]["data"]["state"] == "succeeded"


def test_all_that_is_wrong_with_the_inputs_is_told_at_once(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", RUN, {"seed": "four", "steps": 0, "colour": "red"})

    told = {(entry["code"], entry["input"]) for entry in answer.json["problems"]}
    assert answer.status == 422
    assert told >= {
        ("input-invalid", "seed"),
        ("input-invalid", "steps"),
        ("workflow-input-unknown", "colour"),
    }


def test_a_workflow_that_is_not_there_is_not_found(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", "/api/workflows/drew/run", {})

    assert (answer.status, answer.code) == (404, "workflow-unknown")


def test_a_body_that_is_no_object_is_refused(ready_server: LiveServer) -> None:
    assert ready_server.call("POST", RUN, ["a square"]).status == 422


def test_the_same_key_with_other_inputs_is_a_conflict(ready_server: LiveServer) -> None:
    headers = {"Idempotency-Key": "one-call"}

    first = ready_server.call("POST", RUN, {"seed": 1}, headers=headers)
    again = ready_server.call("POST", RUN, {"seed": 1}, headers=headers)
    other = ready_server.call("POST", RUN, {"seed": 2}, headers=headers)

    assert first.json["id"] == again.json["id"]
    assert (other.status, other.code) == (409, "idempotency-conflict")
