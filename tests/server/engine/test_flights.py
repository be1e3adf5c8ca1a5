"""What several want at once is done once, and nobody is left waiting."""

import asyncio

import pytest
from weft.engine.events import NodeProgress
from weft.engine.flights import Flights, Follower
from weft.errors import CancelledRunError, OutOfMemoryError


def ignore(event: NodeProgress) -> None:
    """Hear of progress and do nothing."""


class Work:
    """Work that can be held up, and counts how often it was begun."""

    def __init__(self, *errors: Exception) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self.errors = list(errors)
        self.followers: list[Follower] = []

    async def __call__(self, followers: list[Follower]) -> str:
        self.begun += 1
        self.followers = followers
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        return f"result {self.begun}"


async def test_alone_the_work_is_simply_done() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    work.gate.set()

    assert await flights.share("k", work, ignore) == ("result 1", False)
    assert len(flights) == 0


async def test_all_who_want_the_same_get_one_result() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    tasks = [asyncio.create_task(flights.share("k", work, ignore)) for _ in range(4)]
    await asyncio.sleep(0)
    work.gate.set()

    results = await asyncio.gather(*tasks)

    assert work.begun == 1
    assert sorted(shared for _, shared in results) == [False, True, True, True]
    assert {result for result, _ in results} == {"result 1"}


async def test_different_work_is_done_side_by_side() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    tasks = [asyncio.create_task(flights.share(key, work, ignore)) for key in "ab"]
    await asyncio.sleep(0)

    assert work.begun == 2
    assert len(flights) == 2
    work.gate.set()
    await asyncio.gather(*tasks)


async def test_after_it_is_done_the_same_key_is_new_work() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    work.gate.set()
    await flights.share("k", work, ignore)

    assert await flights.share("k", work, ignore) == ("result 2", False)


async def test_a_failure_is_shared() -> None:
    flights: Flights[str] = Flights()
    work = Work(ValueError("no"))
    tasks = [asyncio.create_task(flights.share("k", work, ignore)) for _ in range(3)]
    await asyncio.sleep(0)
    work.gate.set()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [str(result) for result in results] == ["no"] * 3
    assert work.begun == 1


@pytest.mark.parametrize(
    "error", [CancelledRunError(), OutOfMemoryError(device="cpu", needed_bytes=1, available_bytes=0)]
)
async def test_what_may_be_over_soon_is_tried_again_by_the_next(error: Exception) -> None:
    flights: Flights[str] = Flights()
    work = Work(error)
    first = asyncio.create_task(flights.share("k", work, ignore))
    await asyncio.sleep(0)
    second = asyncio.create_task(flights.share("k", work, ignore))
    await asyncio.sleep(0)
    work.gate.set()

    with pytest.raises(type(error)):
        await first
    assert await second == ("result 2", False)


async def test_when_the_worker_is_cancelled_one_of_those_who_wait_takes_over() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    first = asyncio.create_task(flights.share("k", work, ignore))
    await asyncio.sleep(0)
    others = [asyncio.create_task(flights.share("k", work, ignore)) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0.01)
    work.gate.set()

    results = await asyncio.gather(*others)

    assert first.cancelled()
    assert work.begun == 2
    assert sorted(shared for _, shared in results) == [False, True, True]


async def test_one_who_waits_may_leave_without_hurting_the_work() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    first = asyncio.create_task(flights.share("k", work, ignore))
    await asyncio.sleep(0)
    second = asyncio.create_task(flights.share("k", work, ignore))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    work.gate.set()

    assert await first == ("result 1", False)
    assert second.cancelled()
    assert work.followers == []


async def test_those_who_wait_hear_of_the_progress() -> None:
    flights: Flights[str] = Flights()
    work = Work()
    heard: list[NodeProgress] = []
    first = asyncio.create_task(flights.share("k", work, ignore))
    await asyncio.sleep(0)
    second = asyncio.create_task(flights.share("k", work, heard.append))
    await asyncio.sleep(0)
    for follower in work.followers:
        follower(NodeProgress("n", 1, 2))
    work.gate.set()
    await asyncio.gather(first, second)

    assert [event.step for event in heard] == [1]
