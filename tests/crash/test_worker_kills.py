"""Workers that are killed at random moments cost no job: each ends once, or says why it failed."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from signal import SIGTERM

import pytest
from crash.clients import Keeper, Stream
from live_server import eventually

KILLS_OF_ONE_SERVER = 6
"""A worker that keeps dying is started again ever later; a new server forgets that."""


def kill_workers(folder: Path, *, kills: int, seed: int) -> str:
    """Kill workers while jobs keep coming, and see that nothing is lost.

    Args:
        folder: Where the server lives.
        kills: How many are killed.
        seed: Of everything that is left to chance.

    Returns:
        What was done, in a line.
    """
    chance = Random(seed)
    began = time.monotonic()
    with Keeper(folder, workers=2) as keeper:
        with Stream(keeper, seed) as stream:
            for number in range(kills):
                if number and number % KILLS_OF_ONE_SERVER == 0:
                    assert keeper.end(SIGTERM) == 0
                    keeper.start()
                keeper.wait_until_busy(chance.randint(0, 6))
                time.sleep(chance.uniform(0, 0.3))
                eventually(lambda: keeper.kill_worker(chance))
        faults = stream.faults + keeper.faults(stream.promised)

    assert faults == []
    took = time.monotonic() - began
    return f"{kills} workers killed, {len(stream.promised)} jobs, {stream.reads} files read, {took:.0f} s"


@pytest.mark.timeout(900)
def test_no_job_is_lost_or_ends_twice_when_workers_are_killed(tmp_path: Path) -> None:
    kill_workers(tmp_path / "server", kills=2, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_no_job_is_lost_or_ends_twice_when_two_hundred_workers_are_killed(tmp_path: Path) -> None:
    print(kill_workers(tmp_path / "server", kills=200, seed=2))
