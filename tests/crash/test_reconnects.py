"""Whoever is cut off and comes back with the number of the last event sees each event once, in order."""

from __future__ import annotations

from pathlib import Path
from signal import SIGKILL

import pytest
from crash.clients import Keeper
from crash.evidence import FINAL, logged, stream_faults
from crash.followers import Following
from crash.toys import job
from live_server import eventually


def cut_observers(folder: Path, jobs: int) -> None:
    """Cut observers off behind one to five events, again and again, and see that they miss and repeat none.

    Args:
        folder: Where the server lives.
        jobs: How many run; each has some five events, so that an observer comes back about as often.
    """
    with (
        Keeper(folder) as keeper,
        Following(keeper, "websocket", most=5, seed=6) as over_websocket,
        Following(keeper, "sse", most=5, seed=6) as over_sse,
    ):
        server = keeper.server
        values = {f"job-{value}": value for value in range(jobs)}
        for name, value in values.items():
            server.submit({**job("rest", value, pause_s=value % 5 / 100), "id": name})
        shown = {name: server.wait_for(name, *FINAL)["state"] for name in values}
        following = (over_websocket, over_sse)
        written = logged(keeper.data)[-1]["number"]
        eventually(lambda: all(each.last >= written for each in following))
        seen = [each.end() for each in following]

        assert min(each.cuts for each in following) >= jobs
        assert keeper.faults(values) == []
        for events in seen:
            told = {event["job"]: event["data"]["state"] for event in events if event["type"] == "job"}
            assert told == shown
            last = events[-1]["number"]
            written_until = [event for event in logged(keeper.data) if event["number"] <= last]
            assert stream_faults(events, written_until) == []


def test_an_observer_that_is_cut_off_at_random_events_misses_and_repeats_none(tmp_path: Path) -> None:
    cut_observers(tmp_path / "server", jobs=30)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_an_observer_that_is_cut_off_hundreds_of_times_misses_and_repeats_none(tmp_path: Path) -> None:
    cut_observers(tmp_path / "server", jobs=300)


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
