"""Metrics: each server counts for itself."""

from types import SimpleNamespace
from typing import Any

from weft.jobs.records import Event
from weft.web.metrics import Metrics, resident_bytes
from weft.workers.views import WorkerView


def _text(metrics: Metrics, **counts: int) -> dict[str, float]:
    worker = WorkerView("worker-1", "ready", restarts=2, running=frozenset({("j1", 1)}))
    services: Any = SimpleNamespace(
        workers=SimpleNamespace(workers=(worker,)), events=SimpleNamespace(observers=3)
    )
    given: Any = counts
    lines = metrics.text(services, given).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[0] != "#"}


def _ended(state: str, **data: Any) -> Event:
    return Event(number=1, at=0.0, type="job", data={"state": state, **data})


def test_requests_are_counted_by_route_and_status_and_streams_are_not_timed() -> None:
    metrics = Metrics()
    metrics.count_request("GET", "/api/jobs", 200, 0.02)
    metrics.count_request("GET", "/api/events", 200, None)

    found = _text(metrics)

    assert found['weft_http_requests_total{method="GET",route="/api/jobs",status="200"}'] == 1
    assert found['weft_http_request_seconds_bucket{le="0.03",route="/api/jobs"}'] == 1
    assert 'weft_http_request_seconds_count{route="/api/events"}' not in found


def test_jobs_are_counted_when_they_end() -> None:
    metrics = Metrics()
    for event in (_ended("queued"), _ended("succeeded", seconds=2.5), _ended("cancelled")):
        metrics.count_event(event)

    found = _text(metrics)

    assert found['weft_jobs_ended_total{state="succeeded"}'] == 1
    assert found['weft_jobs_ended_total{state="cancelled"}'] == 1
    assert (found["weft_job_seconds_count"], found["weft_job_seconds_sum"]) == (1, 2.5)
    assert 'weft_jobs_ended_total{state="queued"}' not in found


def test_what_is_now_is_looked_up() -> None:
    found = _text(Metrics(), queued=4, running=1)

    assert (found['weft_jobs{state="running"}'], found["weft_queue_depth"]) == (1, 4)
    assert found['weft_worker_restarts{worker="worker-1"}'] == 2
    assert found['weft_worker_jobs{worker="worker-1"}'] == 1
    assert found["weft_event_subscribers"] == 2


def test_two_servers_of_a_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.count_request("GET", "/", 200, 0.0)

    assert 'weft_http_requests_total{method="GET",route="/",status="200"}' not in _text(second)


def test_the_memory_of_the_process_is_known() -> None:
    assert resident_bytes() > 2**20
