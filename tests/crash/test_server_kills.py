"""Servers that are killed at random moments lose nothing that they acknowledged, told or served."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from signal import SIGKILL

import pytest
from crash.clients import Keeper, Stream, eventually_gone
from crash.evidence import logged, stream_faults
from crash.followers import Following
from live_server import eventually


def kill_servers(folder: Path, *, kills: int, seed: int) -> str:
    """Kill servers while jobs keep coming and somebody watches, and see that nothing is lost.

    Half of them are killed while their worker still loads, half while jobs run.

    Args:
        folder: Where the servers live.
        kills: How many are killed.
        seed: Of everything that is left to chance.

    Returns:
        What was done, in a line.
    """
    chance = Random(seed)
    began = killed = time.monotonic()
    resumed_s = []
    with Keeper(folder) as keeper:
        with Stream(keeper, seed) as stream, Following(keeper, "sse") as following:
            for number in range(kills):
                if number % 2 == 0:
                    keeper.wait_until_busy(0)
                    resumed_s.append(time.monotonic() - killed)
                    keeper.wait_until_busy(chance.randint(0, 6))
                time.sleep(chance.uniform(0, 0.5))
                killed = time.monotonic()
                keeper.end(SIGKILL)
                eventually_gone(folder)
                keeper.start()
            keeper.server.wait_until_ready()
        eventually(lambda: following.last >= logged(keeper.data)[-1]["number"])
        seen = following.end()
        faults = stream.faults + keeper.faults(stream.promised)

    last = seen[-1]["number"]
    written = [event for event in logged(keeper.data) if event["number"] <= last]
    assert faults + stream_faults(seen, written) == []
    took = time.monotonic() - began
    resumed = sorted(resumed_s)[len(resumed_s) // 2]
    return (
        f"{kills} servers killed, {len(stream.promised)} jobs, {stream.reads} files read, "
        f"{len(seen)} events seen, jobs run again after {resumed:.1f} s (median), {took:.0f} s"
    )


@pytest.mark.timeout(900)
def test_nothing_that_was_acknowledged_is_lost_when_servers_are_killed(tmp_path: Path) -> None:
    kill_servers(tmp_path / "server", kills=2, seed=3)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_nothing_that_was_acknowledged_is_lost_when_a_hundred_servers_are_killed(tmp_path: Path) -> None:
    print(kill_servers(tmp_path / "server", kills=100, seed=4))
