"""Waiting for a job: until its end, or until the time is up."""

from live_server import SLOW, LiveServer


def test_the_answer_comes_when_the_time_is_up(ready_server: LiveServer) -> None:
    job_id = ready_server.submit(SLOW)["id"]

    waited = ready_server.call("GET", f"/api/jobs/{job_id}?wait=0.2")
    ready_server.call("POST", f"/api/jobs/{job_id}/cancel")

    assert (waited.status, waited.json["state"] in {"queued", "running"}) == (200, True)


def test_the_answer_comes_with_the_end(ready_server: LiveServer) -> None:
    job_id = ready_server.submit({"name": "draw", "inputs": {"prompt": "waited for"}})["id"]

    assert ready_server.call("GET", f"/api/jobs/{job_id}?wait=100").json["state"] == "succeeded"


def test_nobody_waits_for_longer_than_five_minutes(server: LiveServer) -> None:
    assert server.call("GET", "/api/jobs/x?wait=301").code == "query-invalid"
    assert server.call("GET", "/api/jobs/x?wait=nan").code == "query-invalid"
    assert server.call("GET", "/api/jobs/x?wait=-1").code == "query-invalid"
