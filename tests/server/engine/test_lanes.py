"""Blocking work is done beside the event loop, and none of it outlives the one who asked for it."""

import asyncio
import threading

import pytest
from weft.engine.lanes import Lanes


async def test_work_is_done_on_another_thread_and_its_result_returned() -> None:
    lanes = Lanes()

    thread = await lanes.call("cpu", threading.get_ident)

    assert thread != threading.get_ident()
    lanes.close()


async def test_what_the_work_raises_is_raised_to_the_caller() -> None:
    lanes = Lanes()

    with pytest.raises(ZeroDivisionError):
        await lanes.call("io", lambda: 1 / 0)
    lanes.close()


async def test_lanes_overlap() -> None:
    lanes = Lanes()
    together = threading.Barrier(3, timeout=20)

    await asyncio.gather(
        lanes.call("cpu", together.wait), lanes.call("io", together.wait), lanes.call("device", together.wait)
    )

    lanes.close()


async def test_the_device_does_one_thing_after_the_other() -> None:
    lanes = Lanes()

    threads = await asyncio.gather(*(lanes.call("device", threading.get_ident) for _ in range(8)))

    assert len(set(threads)) == 1
    lanes.close()


async def test_cancelled_work_is_asked_to_stop_and_its_end_awaited() -> None:
    lanes = Lanes()
    started, stop, log = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        started.set()
        stop.wait(20)
        log.append("work ended")

    task = asyncio.create_task(lanes.call("cpu", work, stop=stop.set))
    await asyncio.to_thread(started.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log == ["work ended"]
    lanes.close()


async def test_cancelled_work_that_was_still_waiting_never_begins() -> None:
    lanes = Lanes()
    block, log = threading.Event(), list[str]()
    first = asyncio.create_task(lanes.call("device", lambda: block.wait(20)))
    second = asyncio.create_task(lanes.call("device", lambda: log.append("second")))
    await asyncio.sleep(0.01)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    block.set()
    await first
    await lanes.call("device", lambda: None)

    assert log == []
    lanes.close()


async def test_even_impatient_cancelling_waits_for_the_thread() -> None:
    lanes = Lanes()
    started, stop, log = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        started.set()
        stop.wait(20)
        log.append("work ended")

    task = asyncio.create_task(lanes.call("cpu", work))
    await asyncio.to_thread(started.wait, 20)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    assert log == []
    stop.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log == ["work ended"]
    lanes.close()
