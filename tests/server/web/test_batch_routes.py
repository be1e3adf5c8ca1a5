"""Batches over real HTTP: all of them or none."""

from live_server import SLOW, LiveServer, eventually


def test_a_batch_runs_one_workflow_with_many_sets_of_inputs(ready_server: LiveServer) -> None:
    body = {"name": "draw", "inputs": {"prompt": "many"}, "vary": {"seed": [1, 2], "steps": [1, 2]}}

    zipped = ready_server.call("POST", "/api/batches", body)
    product = ready_server.call("POST", "/api/batches", {**body, "combine": "product"}).json

    batch = zipped.json
    eventually(lambda: bool(ready_server.call("GET", batch["links"]["self"]).json["finished"]))
    jobs = ready_server.call("GET", f"{batch['links']['jobs']}&order=oldest").json["jobs"]
    assert zipped.status == 202
    assert [job["inputs"] for job in jobs] == [{"prompt": "many", "seed": n, "steps": n} for n in (1, 2)]
    assert {job["batch"] for job in jobs} == {batch["id"]}
    assert sum(product["counts"].values()) == 4


def test_cancelling_a_batch_stops_all_of_it(ready_server: LiveServer) -> None:
    batch = ready_server.call("POST", "/api/batches", {**SLOW, "vary": {"seed": [1, 2, 3]}}).json

    ready_server.call("POST", batch["links"]["cancel"])

    eventually(lambda: ready_server.call("GET", batch["links"]["self"]).json["counts"]["cancelled"] == 3)


def test_an_id_is_for_one_job_and_not_for_a_batch(ready_server: LiveServer) -> None:
    body = {"name": "draw", "vary": {"seed": [1, 2]}, "id": "mine"}

    answer = ready_server.call("POST", "/api/batches", body)

    assert (answer.status, answer.code) == (422, "body-invalid")
    assert answer.json["problems"][0]["details"] == {"location": "id"}


def test_an_input_that_varies_has_no_other_value(ready_server: LiveServer) -> None:
    body = {"name": "draw", "inputs": {"prompt": "a", "seed": 7}, "vary": {"seed": [1, 2]}}

    answer = ready_server.call("POST", "/api/batches", body)

    assert (answer.status, answer.code) == (422, "body-invalid")
    assert "inputs and vary both give seed" in answer.json["problems"][0]["message"]


def test_a_batch_with_a_problem_submits_nothing(ready_server: LiveServer) -> None:
    before = ready_server.call("GET", "/api/jobs").json["total"]

    answer = ready_server.call("POST", "/api/batches", {"name": "draw", "vary": {"seed": [1, "two"]}})

    assert answer.status == 422
    assert ready_server.call("GET", "/api/jobs").json["total"] == before
