"""The threads of the ledger: writes in order, events told on the loop, nothing lost at the end."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from weft.jobs.faults import JobUnknownError
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.records import Event, NewEvent, NewJob


def _threads(folder: Path) -> LedgerThreads:
    return LedgerThreads(Ledger.open(folder))


async def test_what_is_handed_over_is_done_in_that_order(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)
    done: list[int] = []

    await asyncio.gather(*(ledger.write(lambda _, n=number: done.append(n)) for number in range(100)))  # type: ignore[misc]

    assert done == list(range(100))
    await ledger.close()


async def test_the_event_loop_goes_on_while_the_ledger_works(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)
    go = threading.Event()
    working = ledger.write(lambda _: go.wait(30))
    reading = ledger.read(lambda ledger: ledger.last_number())

    # Reading waits for no writer either.
    assert await reading == 0
    go.set()
    assert await working
    await ledger.close()


async def test_what_nobody_waits_for_is_done_all_the_same(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)
    writing = ledger.write(lambda ledger: ledger.submit([NewJob("a", {})], most_queued=1))
    writing.cancel()
    await ledger.close()

    again = Ledger.open(tmp_path)
    # Work that had not begun may be taken back by whoever cancels it; a coroutine's end does not do that.
    assert again.counts()["queued"] in {0, 1}
    again.close()


async def test_events_are_told_on_the_loop_before_the_writer_hears_that_it_is_done(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)
    told: list[tuple[int, str]] = []

    def hear(events: Sequence[Event]) -> None:
        told.extend((event.number, threading.current_thread().name) for event in events)

    ledger.announce_to(hear)
    for count in range(5):
        (event,) = await ledger.write(lambda ledger: ledger.append([NewEvent("nodes", {})]))
        assert len(told) == count + 1
        assert told[-1] == (event.number, threading.current_thread().name)
    await ledger.close()


async def test_long_work_lets_the_writes_of_others_in_between(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)
    go = threading.Event()

    def retain(ledger: Ledger) -> int:
        ledger.append([NewEvent("nodes", {"count": 0})])
        go.wait(30)
        return ledger.append([NewEvent("nodes", {"count": 2})])[0].number

    working = ledger.beside(retain)
    await ledger.write(lambda ledger: ledger.append([NewEvent("nodes", {"count": 1})]))
    go.set()

    assert await working == 3
    await ledger.close()


async def test_a_fault_of_the_work_is_told_to_whoever_waits(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)

    with pytest.raises(JobUnknownError):
        await ledger.read(lambda ledger: ledger.job("nobody"))
    assert ledger.counts()["queued"] == 0
    await ledger.close()


async def test_closing_does_what_was_handed_over_and_frees_the_folder(tmp_path: Path) -> None:
    ledger = _threads(tmp_path)
    for _ in range(20):
        ledger.write(lambda ledger: ledger.append([NewEvent("nodes", {})]))
    await ledger.close()

    again = Ledger.open(tmp_path)
    assert again.last_number() == 20
    again.close()
