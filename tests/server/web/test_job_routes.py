"""Jobs over real HTTP: submitted once, followed to the end, stopped, run again, deleted."""

from live_server import DRAW, SLOW, LiveServer, eventually


def test_a_job_that_is_waited_for_is_answered_with_its_picture(ready_server: LiveServer) -> None:
    body = {"name": "draw", "inputs": {"prompt": "a square", "seed": 5}}

    answer = ready_server.call("POST", "/api/jobs?wait=100", body)

    job = answer.json
    assert (answer.status, job["state"], job["problems"]) == (200, "succeeded", [])
    assert answer.headers["location"] == job["links"]["self"] == f"/api/jobs/{job['id']}"
    assert job["inputs"] == body["inputs"]
    image, width = job["outputs"]
    assert (image["asset"]["media_type"], image["asset"]["width"], width["value"]) == ("image/png", 8, 8)
    assert job["finished_at"] > job["started_at"] > job["created_at"]
    picture = ready_server.call("GET", image["asset"]["url"])
    assert picture.body.startswith(b"\x89PNG")


def test_a_job_can_be_submitted_before_any_worker_is_ready(server: LiveServer) -> None:
    answer = server.call("POST", "/api/jobs", {"workflow": DRAW, "inputs": {"prompt": "early"}})

    assert answer.status == 202
    assert server.wait_for(answer.json["id"], "succeeded")["name"] == "Draw something"


def test_a_workflow_with_problems_is_refused_with_all_of_them(ready_server: LiveServer) -> None:
    nodes = {"draw": {"type": "toys:picture.draw", "inputs": {"steps": 0}}, "odd": {"type": "toys:no.such"}}

    answer = ready_server.call("POST", "/api/jobs", {"workflow": {"weft": 1, "nodes": nodes}})

    codes = {(problem["code"], problem["node"]) for problem in answer.json["problems"]}
    assert answer.status == 422
    assert codes >= {("node-type-unknown", "odd"), ("input-invalid", "draw"), ("input-missing", "draw")}


def test_an_unknown_workflow_is_not_found(ready_server: LiveServer) -> None:
    answer = ready_server.call("POST", "/api/jobs", {"name": "drew"})

    assert (answer.status, answer.code) == (404, "workflow-unknown")
    assert "draw" in answer.json["hint"]


def test_the_same_idempotency_key_gives_the_same_job(ready_server: LiveServer) -> None:
    body = {"name": "draw", "inputs": {"prompt": "once"}}
    key = {"Idempotency-Key": "once-1"}

    first = ready_server.call("POST", "/api/jobs", body, headers=key)
    again = ready_server.call("POST", "/api/jobs", body, headers=key)
    other = ready_server.call("POST", "/api/jobs", {"name": "draw"}, headers=key)

    assert (first.status, again.status, other.status) == (202, 200, 409)
    assert first.json["id"] == again.json["id"]
    assert other.code == "idempotency-conflict"


def test_a_job_may_be_put_under_an_id_of_ones_own(ready_server: LiveServer) -> None:
    body = {"name": "draw", "inputs": {"seed": 77}}

    first = ready_server.call("PUT", "/api/jobs/mine-1", body)
    again = ready_server.call("PUT", "/api/jobs/mine-1", {**body, "id": "mine-1"})
    other = ready_server.call("PUT", "/api/jobs/mine-1", {"name": "draw"})
    wrong = ready_server.call("PUT", "/api/jobs/mine-1", {**body, "id": "mine-2"})
    no_id = ready_server.call("PUT", "/api/jobs/mine%20one", body)

    assert [a.status for a in (first, again, other, wrong, no_id)] == [202, 200, 409, 422, 422]
    assert first.json["id"] == again.json["id"] == "mine-1"


def test_a_running_job_shows_previews_and_stops_when_it_is_cancelled(ready_server: LiveServer) -> None:
    job_id = ready_server.submit(SLOW)["id"]
    ready_server.wait_for(job_id, "running")
    eventually(lambda: ready_server.call("GET", f"/api/jobs/{job_id}/preview").status == 200)
    preview = ready_server.call("GET", f"/api/jobs/{job_id}/preview")

    ready_server.call("POST", f"/api/jobs/{job_id}/cancel")

    assert (preview.headers["content-type"], preview.body[:2]) == ("image/jpeg", b"\xff\xd8")
    assert ready_server.wait_for(job_id, "cancelled")["outputs"] == []
    assert ready_server.call("GET", f"/api/jobs/{job_id}/preview").code == "preview-missing"


def test_a_failed_job_says_why_and_can_be_run_again(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"fault": "the pen broke"}}, wait=100)

    again = ready_server.call("POST", f"/api/jobs/{job['id']}/retry?wait=100").json

    assert [(p["code"], p["node"]) for p in job["problems"]] == [("node-failed", "draw")]
    assert "the pen broke" in job["problems"][0]["message"]
    assert "traceback" not in job["problems"][0]["details"]
    assert (again["state"], again["retry_of"]) == ("failed", job["id"])


def test_a_job_that_waits_is_put_first_under_its_id(ready_server: LiveServer) -> None:
    ready_server.call("POST", "/api/queue/pause")
    older, job = (ready_server.submit({"name": "draw"}) for _ in range(2))

    first = ready_server.call("POST", f"/api/jobs/{job['id']}/first").json
    behind = ready_server.call("GET", f"/api/jobs/{older['id']}").json
    ready_server.call("POST", "/api/queue/resume")

    assert (first["id"], first["number"], first["position"]) == (job["id"], job["number"], 1)
    assert behind["position"] == 2
    assert ready_server.wait_for(job["id"], "succeeded")["number"] == job["number"]


def test_only_a_job_that_has_ended_can_be_run_again_or_deleted(ready_server: LiveServer) -> None:
    job_id = ready_server.submit(SLOW)["id"]
    path = f"/api/jobs/{job_id}"

    refused = [ready_server.call("POST", f"{path}/retry").code, ready_server.call("DELETE", path).code]
    ready_server.call("POST", f"{path}/cancel")
    ready_server.wait_for(job_id, "cancelled")
    deleted = ready_server.call("DELETE", path)

    assert refused == ["job-unfinished", "job-unfinished"]
    assert (deleted.status, deleted.body) == (204, b"")
    assert ready_server.call("GET", path).code == "job-unknown"


def test_jobs_are_listed_page_by_page_without_gap_or_repetition(ready_server: LiveServer) -> None:
    made = [ready_server.submit({"workflow": {**DRAW, "title": "Paged"}})["id"] for _ in range(5)]

    seen: list[str] = []
    query = "/api/jobs?name=Paged&limit=2"
    cursor = ""
    while True:
        page = ready_server.call("GET", f"{query}{cursor}").json
        seen.extend(job["id"] for job in page["jobs"])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == made[::-1]
    assert page["total"] == 5
    assert [job["id"] for job in ready_server.call("GET", f"{query}&order=oldest").json["jobs"]] == made[:2]


def test_a_list_can_be_narrowed(ready_server: LiveServer) -> None:
    job = ready_server.submit({"workflow": {**DRAW, "title": "Narrow"}, "inputs": {"fault": "x"}}, wait=100)

    def found(query: str) -> list[str]:
        answer = ready_server.call("GET", f"/api/jobs?name=Narrow&{query}")
        assert answer.status == 200, answer.body
        return [entry["id"] for entry in answer.json["jobs"]]

    assert found("state=failed,cancelled") == found("created_after=2020-01-01T00:00:00Z") == [job["id"]]
    assert found("state=succeeded") == found("created_before=2020-01-01T00:00:00Z") == []


def test_what_a_job_runs_has_its_inputs_bound(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "bound"}})

    document = ready_server.call("GET", f"/api/jobs/{job['id']}/document").json["workflow"]

    assert document["nodes"]["draw"]["inputs"]["text"] == "bound"
