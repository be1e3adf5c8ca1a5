"""The queue as a whole over real HTTP."""

from live_server import LiveServer


def test_a_paused_queue_begins_nothing_and_says_who_is_next(ready_server: LiveServer) -> None:
    assert ready_server.call("POST", "/api/queue/pause").json["paused"] is True
    try:
        low, high = (
            ready_server.submit({"name": "draw", "priority": p, "inputs": {"seed": 90 + p}}) for p in (0, 5)
        )
        places = [ready_server.job(job["id"])["position"] for job in (low, high)]
        counts = ready_server.call("GET", "/api/queue").json["counts"]
    finally:
        resumed = ready_server.call("POST", "/api/queue/resume").json

    assert places == [2, 1]
    assert counts["queued"] == 2
    assert resumed["paused"] is False
    assert ready_server.wait_for(low["id"], "succeeded")["position"] is None
