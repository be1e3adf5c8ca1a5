"""Whoever waits for the end of a job is told, and nobody is forgotten."""

import asyncio

from weft.jobs.records import Event
from weft.jobs.waits import Waits


def _told(job: str, state: str, type: str = "job") -> Event:
    return Event(1, 0.0, type, {"state": state}, job=job)


async def test_all_who_wait_for_a_job_hear_of_its_end() -> None:
    waits = Waits()
    with waits.end_of("a") as first, waits.end_of("a") as second, waits.end_of("b") as other:
        waits.hear([_told("a", "succeeded")])

        assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)


async def test_only_the_end_of_a_job_is_waited_for() -> None:
    waits = Waits()
    with waits.end_of("a") as ended:
        waits.hear([_told("a", "queued"), _told("a", "running"), _told("a", "failed", type="nodes")])

        assert not ended.is_set()


async def test_when_the_server_ends_everybody_goes() -> None:
    waits = Waits()
    with waits.end_of("a") as first, waits.end_of("b") as second:
        waits.release()

        await asyncio.gather(first.wait(), second.wait())


async def test_whoever_stops_waiting_leaves_nothing_behind() -> None:
    waits = Waits()
    for _ in range(3):
        with waits.end_of("a"):
            waits.hear([_told("a", "cancelled")])
        with waits.end_of("b"):
            pass

    assert vars(waits) == {"_waiting": {}}
