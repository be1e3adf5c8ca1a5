"""A job that is cancelled at any moment ends cancelled or whole, and no other job is touched by it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from crash.clients import Keeper
from crash.evidence import FINAL, workers_of
from crash.toys import job
from live_server import LiveServer, eventually


def cancel(server: LiveServer, name: str) -> str:
    """Cancel a job and give the state in which that found it."""
    answer = server.call("POST", f"/api/jobs/{name}/cancel")
    assert answer.status == 200, answer.body
    return str(answer.json["state"])


@pytest.mark.parametrize("jobs_in_all", [60, pytest.param(240, marks=pytest.mark.soak)])
def test_cancelling_at_random_moments_ends_the_right_jobs_and_no_others(
    tmp_path: Path, jobs_in_all: int
) -> None:
    chance = Random(5)
    with Keeper(tmp_path / "server") as keeper, ThreadPoolExecutor(8) as clients:
        server = keeper.server
        server.wait_until_ready()
        assert keeper.kill_worker(chance)
        jobs = {f"job-{value}": value for value in range(jobs_in_all)}
        unwanted = chance.sample(sorted(jobs), jobs_in_all // 2)
        for name, value in jobs.items():
            # Those that are not wanted would take so long that a cancel which is lost shows.
            pause_s = 600 if name in unwanted else round(chance.uniform(0, 0.3), 3)
            server.submit({**job("rest", value, pause_s=pause_s), "id": name})
        # The first of them are cancelled while the worker loads, the others while jobs wait, run and end.
        found = {name: cancel(server, name) for name in unwanted[:10]}
        server.wait_until_ready()

        def cancel_later(name: str) -> str:
            time.sleep(Random(name).uniform(0, 1))
            return cancel(server, name)

        found |= dict(zip(unwanted[10:], clients.map(cancel_later, unwanted[10:]), strict=True))
        ends = {name: server.wait_for(name, *FINAL)["state"] for name in jobs}

        assert ends == {name: "cancelled" if name in unwanted else "succeeded" for name in jobs}
        assert set(found.values()) == {"cancelled", "running"}
        assert keeper.faults(jobs) == []


def test_a_node_that_does_not_stop_is_stopped_with_its_worker_and_the_others_go_on(tmp_path: Path) -> None:
    with Keeper(tmp_path / "server") as keeper:
        server = keeper.server
        stuck = server.submit({**job("hang", 1), "id": "stuck"})["id"]
        server.wait_for(stuck, "running")
        beside = server.submit({**job("rest", 2, pause_s=30.0), "id": "beside"})["id"]
        server.wait_for(beside, "running")
        before = workers_of(keeper.folder)
        asked = time.time()

        assert cancel(server, stuck) == "running"
        ended = server.wait_for(stuck, *FINAL)
        # It would rest too long to wait for; that it began again is what counts.
        eventually(lambda: (server.job(beside)["state"], server.job(beside)["attempt"]) == ("running", 2))

        seconds = datetime.fromisoformat(ended["finished_at"]).timestamp() - asked
        print(f"\na node that does not stop was stopped after {seconds:.1f} s")
        assert ended["state"] == "cancelled"
        # Ten seconds are promised; more is left here to a machine that has other things to do.
        assert 5 < seconds < 30
        assert workers_of(keeper.folder) != before
        cancel(server, beside)
        server.wait_for(beside, "cancelled")
        after = server.submit({**job("rest", 3), "id": "after"}, wait=120)
        assert after["state"] == "succeeded"
        assert keeper.faults({stuck: 1, beside: 2, "after": 3}) == []
