"""Whoever is cut off and comes back with the number of the last event sees each event once, in order."""

from __future__ import annotations

from pathlib import Path
from signal import SIGKILL

import pytest
from crash.clients import Keeper
from crash.evidence import FINAL, logged, stream_faults
from crash.followers import Following, Way
from crash.toys import job
from live_server import eventually

JOBS = 60
CUTS = 60
"""Cut off behind one to five events of some five that each job has, an observer comes back about so often."""


@pytest.mark.parametrize("way", ["websocket", "sse"])
def test_an_observer_that_is_cut_off_at_random_events_misses_and_repeats_none(
    tmp_path: Path, way: Way
) -> None:
    with Keeper(tmp_path / "server") as keeper, Following(keeper, way, most=5, seed=6) as following:
        server = keeper.server
        jobs = {f"job-{value}": value for value in range(JOBS)}
        for name, value in jobs.items():
            server.submit({**job("rest", value, pause_s=value % 5 / 100), "id": name})
        shown = {name: server.wait_for(name, *FINAL)["state"] for name in jobs}
        eventually(lambda: following.last >= logged(keeper.data)[-1]["number"])
        seen = following.end()

        assert following.cuts >= CUTS
        assert keeper.faults(jobs) == []
        told = {event["job"]: event["data"]["state"] for event in seen if event["type"] == "job"}
        assert told == shown
        last = seen[-1]["number"]
        assert stream_faults(seen, [event for event in logged(keeper.data) if event["number"] <= last]) == []


def test_an_observer_of_a_server_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    with Keeper(tmp_path / "server") as keeper, Following(keeper, "websocket", most=3, seed=7) as following:
        jobs = {f"job-{value}": value for value in range(20)}
        for name, value in jobs.items():
            keeper.server.submit({**job("rest", value, pause_s=0.05), "id": name})
        keeper.server.wait_for("job-3", *FINAL)
        keeper.end(SIGKILL)
        keeper.start()
        for name in jobs:
            keeper.server.wait_for(name, *FINAL)
        eventually(lambda: following.last >= logged(keeper.data)[-1]["number"])
        seen = following.end()

        assert keeper.faults(jobs) == []
        last = seen[-1]["number"]
        assert stream_faults(seen, [event for event in logged(keeper.data) if event["number"] <= last]) == []
