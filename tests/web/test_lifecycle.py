"""A server from its start to its end: at once, small, and in order, whatever it is doing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from live_server import PATIENCE_S, SLOW, Answer, LiveServer, eventually, fresh_server, live_server

MOST_RESIDENT_KIB = 80 * 1024


def _workers(server: LiveServer) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Young:
    """A server that nobody asked for anything, and what it answered at once."""

    server: LiveServer
    page: Answer
    readiness: Answer


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Young]:
    with fresh_server(tmp_path_factory.mktemp("young")) as server:
        yield Young(server, page=server.call("GET", "/"), readiness=server.call("GET", "/readyz"))


def test_the_page_is_there_before_any_worker(young: Young) -> None:
    assert young.page.status == 200
    assert young.page.headers["content-type"].startswith("text/html")
    assert b"/api/docs" in young.page.body
    assert (young.readiness.status, young.readiness.json["ready"]) == (503, False)
    assert young.readiness.json["workers"][0]["state"] == "starting"


def test_the_server_stays_small_and_free_of_torch(young: Young) -> None:
    server = young.server
    server.submit({"name": "draw", "inputs": {"prompt": "small"}}, wait=100)
    for path in ("/", "/metrics", "/api/jobs", "/readyz", "/api/workflows", "/api/nodes"):
        server.call("GET", path)
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    resident = server.status("VmRSS:")
    for _ in range(3):
        server.call("POST", "/api/jobs", {"name": "x" * 19_000_000})
    eventually(lambda: server.status("VmRSS:") <= MOST_RESIDENT_KIB + 20 * 1024)

    assert "libtorch" not in maps
    assert "numpy" not in maps
    assert resident <= MOST_RESIDENT_KIB


def test_health_is_told_while_the_worker_loads_and_works(ready_server: LiveServer) -> None:
    job_id = ready_server.submit(SLOW)["id"]
    ready_server.wait_for(job_id, "running")

    answers = {ready_server.call("GET", "/healthz").status for _ in range(50)}

    ready_server.call("POST", f"/api/jobs/{job_id}/cancel")
    assert answers == {200}


def test_metrics_count_jobs_requests_and_workers(ready_server: LiveServer) -> None:
    ready_server.submit({"name": "draw", "inputs": {"fault": "counted"}}, wait=100)
    ready_server.call("GET", "/nowhere")

    text = ready_server.call("GET", "/metrics").body.decode()

    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['weft_jobs{state="failed"}']) >= 1
    assert float(lines['weft_http_requests_total{method="GET",route="unrouted",status="404"}']) >= 1
    assert float(lines['weft_worker_ready{worker="worker-1"}']) == 1
    assert 10e6 < float(lines["weft_resident_memory_bytes"]) < 200e6
    assert {"weft_queue_depth", "weft_event_subscribers", "weft_job_seconds_count"} <= set(lines)
    eventually(lambda: b'weft_jobs_ended_total{state="failed"}' in ready_server.call("GET", "/metrics").body)


def test_logs_are_lines_of_json_with_the_ids_of_request_and_job(ready_server: LiveServer) -> None:
    job_id = ready_server.submit({"name": "draw"})["id"]
    answer = ready_server.call("GET", f"/api/jobs/{job_id}")

    found = [entry for entry in ready_server.log() if entry.get("request") == answer.headers["x-request-id"]]

    submitted = [e for e in ready_server.log() if e.get("message") == "POST /api/jobs 202"]

    assert [entry["job"] for entry in found] == [job_id]
    assert job_id in {entry["job"] for entry in submitted}
    assert found[0]["message"] == f"GET /api/jobs/{job_id} 200"
    assert {"time", "level", "logger", "milliseconds"} <= set(found[0])


def test_what_lies_nowhere_is_a_problem_document(server: LiveServer) -> None:
    unknown, method = server.call("GET", "/api/nothing"), server.call("PATCH", "/api/jobs")

    assert (unknown.status, unknown.code) == (404, "route-unknown")
    assert (method.status, method.code) == (405, "method-refused")
    assert method.headers["allow"] == "GET, HEAD, POST"


def _weft(folder: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "WEFT_DATA_DIR": str(folder / "data"), "WEFT_DEVICE": "cpu", **more}
    command = [sys.executable, "-m", "weft", *words]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_weft_serve_says_where_it_is_and_how_to_make_a_picture(tmp_path: Path) -> None:
    with _weft(tmp_path, "serve", "--port", "0") as process:
        assert process.stderr is not None
        said = ""
        while "Ctrl-C" not in said and (line := process.stderr.readline()):
            said += line
        process.terminate()
        assert process.wait(PATIENCE_S) == 0

    assert "weft is up at http://127.0.0.1:" in said
    assert "curl 'http://127.0.0.1:" in said
    assert "token" not in said


def test_beyond_this_machine_the_address_carries_a_first_token(tmp_path: Path) -> None:
    words = ("serve", "--json", "--port", "0", "--host", "0.0.0.0", "--data-dir", str(tmp_path / "other"))
    with _weft(tmp_path, *words) as process:
        assert process.stdout is not None
        text = ""
        while "}" not in text and (line := process.stdout.readline()):
            text += line
        answer = json.loads(text)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0

    assert answer["page"] == f"{answer['url']}/#token={answer['token']}"
    assert answer["token"].startswith("weft_")
    assert (tmp_path / "other" / "tokens.json").exists()


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        server.submit(SLOW)
        workers = _workers(server)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(PATIENCE_S)

    # Between its last word and its end a process has no handler any more; the signal ends it just the same.
    assert code in {0, 130, -signal.SIGTERM}
    eventually(lambda: not any(_alive(pid) for pid in workers))
