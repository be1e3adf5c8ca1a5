"""A server that is asked to end does, whatever it does, and leaves nothing but work for the next one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGTERM
from typing import Any

import pytest
from crash.clients import Keeper, eventually_gone
from crash.evidence import FINAL, logged
from crash.toys import chain, job
from live_server import Answer, eventually

LONGEST_S = 25.0
"""Ten seconds are promised; more is left here to a machine that has other things to do."""

JOBS = {"loading": 1, "cached": 2, "stuck": 3, "long": 4, "paused": 5}


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A server that is ended and started again, and whose folder is looked at in the end."""
    with Keeper(tmp_path_factory.mktemp("shutdowns") / "server") as keeper:
        yield keeper
        assert [fault for fault in keeper.faults(JOBS) if "is lost" not in fault] == []


def end_and_start(keeper: Keeper) -> None:
    """End a server in order, see that nothing of it stays, and start the next."""
    began = time.monotonic()
    assert keeper.end(SIGTERM) == 0
    took = time.monotonic() - began
    print(f"\nended after {took:.1f} s")
    assert took < LONGEST_S
    eventually_gone(keeper.folder)
    keeper.start()


def submit(keeper: Keeper, name: str, body: dict[str, Any]) -> None:
    """Submit a job under its name."""
    keeper.server.submit({**body, "id": name})


def test_a_server_ends_while_its_worker_loads_and_the_next_takes_its_jobs(keeper: Keeper) -> None:
    # From now on the catalogue is known, so that jobs are taken before a worker is there.
    keeper.server.wait_until_ready()
    end_and_start(keeper)
    submit(keeper, "loading", job("rest", 1))
    end_and_start(keeper)

    assert keeper.server.wait_for("loading", *FINAL)["state"] == "succeeded"


def test_a_running_job_is_finished_by_the_next_server_from_what_was_computed(
    keeper: Keeper, tmp_path: Path
) -> None:
    file = tmp_path / "notes"
    workflow = chain(("work.note", {"file": str(file)}), ("work.rest", {"pause_s": 3.0}))
    submit(keeper, "cached", {"workflow": workflow, "inputs": {"value": 2}})
    eventually(lambda: "step-1" in told(keeper, "cached"))
    end_and_start(keeper)

    shown = keeper.server.wait_for("cached", *FINAL)

    assert (shown["state"], shown["attempt"], shown["problems"]) == ("succeeded", 2, [])
    assert file.read_text() == "3\n"


def test_a_server_ends_though_a_node_does_not_and_that_is_held_against_nobody(keeper: Keeper) -> None:
    submit(keeper, "stuck", job("hang", 3))
    for attempt in (1, 2, 3):
        eventually(lambda: keeper.server.job("stuck")["state"] == "running")
        assert keeper.server.job("stuck")["attempt"] == attempt
        end_and_start(keeper)
    keeper.server.call("POST", "/api/jobs/stuck/cancel")

    assert keeper.server.wait_for("stuck", *FINAL)["state"] == "cancelled"


def test_a_server_ends_though_clients_listen_follow_wait_and_say_nothing(keeper: Keeper) -> None:
    server = keeper.server
    submit(keeper, "long", job("rest", 4, pause_s=60.0))
    server.wait_for("long", "running")
    answers: list[Answer] = []

    def ask(path: str) -> None:
        answers.append(server.call("GET", path))

    waiting = [
        threading.Thread(target=ask, args=(path,))
        for path in ("/api/jobs/long?wait=300", "/api/jobs/long/events")
    ]
    for thread in waiting:
        thread.start()
    eventually(lambda: b"weft_event_subscribers 1.0" in server.call("GET", "/metrics").body)
    with (
        saying(server.port, b"GET /api/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n") as listener,
        saying(server.port, b"GET /api/jobs HTTP/1.1\r\n"),
        saying(server.port, b""),
    ):
        listener.recv(100)
        end_and_start(keeper)
        heard = b"".join(iter(lambda: listener.recv(65536), b""))
    for thread in waiting:
        thread.join()
    keeper.server.call("POST", "/api/jobs/long/cancel")

    assert heard.endswith(b"\r\n0\r\n\r\n")
    assert [answer.status for answer in answers] == [200, 200]
    (shown,) = [answer for answer in answers if "json" in answer.headers["content-type"]]
    assert shown.json["state"] in {"queued", "running"}
    assert keeper.server.wait_for("long", *FINAL)["state"] == "cancelled"


def test_a_paused_server_is_paused_when_it_comes_back(keeper: Keeper) -> None:
    keeper.server.call("POST", "/api/queue/pause")
    submit(keeper, "paused", job("rest", 5))
    end_and_start(keeper)
    keeper.server.wait_until_ready()

    assert keeper.server.call("GET", "/api/queue").json["paused"]
    assert keeper.server.job("paused")["state"] == "queued"
    keeper.server.call("POST", "/api/queue/resume")
    assert keeper.server.wait_for("paused", *FINAL)["state"] == "succeeded"


def saying(port: int, words: bytes) -> socket.socket:
    """Open a connection and say something."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(words)
    return connection


def told(keeper: Keeper, name: str) -> str:
    """What the log says of the nodes of a job."""
    events = (event for event in logged(keeper.data) if (event["type"], event["job"]) == ("nodes", name))
    return json.dumps([event["data"] for event in events])
