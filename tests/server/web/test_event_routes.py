"""Events of one job and of all: in order, from any number, without gap or repetition."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

import pytest
from live_server import PATIENCE_S, LiveServer


def _read_sse(server: LiveServer, path: str, *, last: int | None = None, most: int = 10_000) -> list[Any]:
    """Read events of a text stream until it ends, or until there are so many with a number."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.request("GET", path, headers={} if last is None else {"Last-Event-ID": str(last)})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    events: list[Any] = []
    entry: dict[str, str] = {}
    while line := answer.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            entry[name] = value
        elif "data" in entry:
            events.append({**entry, "data": json.loads(entry["data"])})
            entry = {}
            if len(_numbers(events)) >= most:
                break
    connection.close()
    return events


def _numbers(events: list[Any]) -> list[int]:
    return [int(event["id"]) for event in events if "id" in event]


def _states(events: list[Any]) -> list[str]:
    return [event["data"]["data"]["state"] for event in events if event["event"] == "job"]


def test_the_stream_of_a_job_tells_it_from_its_beginning_to_its_end(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "told", "steps": 20, "pause_s": 0.01}})

    events = _read_sse(ready_server, f"/api/jobs/{job['id']}/events")

    assert _states(events) == ["queued", "running", "succeeded"]
    assert _numbers(events) == sorted(set(_numbers(events)))
    assert {event["data"]["job"] for event in events} == {job["id"]}
    assert {event["event"] for event in events} >= {"job", "nodes"}
    assert all("id" not in event for event in events if event["event"] in {"progress", "preview"})


def test_a_stream_that_was_cut_goes_on_where_it_was(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "cut", "steps": 30, "pause_s": 0.01}})
    path = f"/api/jobs/{job['id']}/events"
    numbers: list[int] = []
    states: list[str] = []
    while "succeeded" not in states:
        part = _read_sse(ready_server, path, last=numbers[-1] if numbers else None, most=1)
        numbers.extend(_numbers(part))
        states.extend(_states(part))

    assert states == ["queued", "running", "succeeded"]
    assert numbers == _numbers(_read_sse(ready_server, f"{path}?after=0"))


def test_a_browser_that_comes_back_after_the_end_is_told_to_stop(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "over"}}, wait=100)
    path = f"/api/jobs/{job['id']}/events"
    last = _numbers(_read_sse(ready_server, path))[-1]

    answer = ready_server.call("GET", path, headers={"Last-Event-ID": str(last)})

    assert answer.status == 204


def test_all_events_can_be_replayed_from_any_number(ready_server: LiveServer) -> None:
    first = ready_server.submit({"name": "draw", "inputs": {"prompt": "replay"}}, wait=100)
    start = _numbers(_read_sse(ready_server, f"/api/jobs/{first['id']}/events"))[0]

    events = _read_sse(ready_server, f"/api/events?after={start - 1}&types=job&job={first['id']}", most=3)

    assert _states(events) == ["queued", "running", "succeeded"]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "types=weather", "job=a/b", "else=1"])
def test_a_stream_with_a_bad_query_is_refused(server: LiveServer, query: str) -> None:
    assert server.call("GET", f"/api/events?{query}").code == "query-invalid"


def test_a_bad_last_event_id_is_refused(server: LiveServer) -> None:
    answer = server.call("GET", "/api/events", headers={"Last-Event-ID": "seven"})

    assert answer.code == "request-malformed"


def test_the_head_of_a_stream_ends(server: LiveServer) -> None:
    assert server.call("HEAD", "/api/events").headers["content-type"] == "text/event-stream"
