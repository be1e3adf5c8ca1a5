"""Observers see everything in order, once, and never wait for each other."""

import asyncio
import json
import random
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from server.jobs.toys import until
from weft.errors import JSON
from weft.jobs.events import MOST_IN_BATCH, MOST_PASSING, RECENT_NODES, Batch, EventHub, Filter, Subscription
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.records import Event, NewEvent, NewJob


class Station:
    """A ledger, and a hub that hears of all that is written into it."""

    def __init__(self, folder: Path, *, recent: int) -> None:
        self.ledger = LedgerThreads(Ledger.open(folder))
        self.hub = EventHub(self._read, recent=recent)
        self.reads = 0

    async def _read(self, seen: Filter, after: int, limit: int) -> Sequence[Event]:
        self.reads += 1
        return await self.ledger.read(
            lambda ledger: ledger.events_after(after, owner=seen.owner, job=seen.job, limit=limit)
        )

    async def write(self, *counts: int, job: str = "", owner: str = "", type: str = "nodes") -> None:
        """Write one event for each number."""
        new = [NewEvent(type, {"count": count}, owner=owner, job=job) for count in counts]
        told = await self.ledger.write(lambda ledger: ledger.append(new))
        await until(lambda: self.hub.last >= told[-1].number)


@asynccontextmanager
async def _station(folder: Path, *, recent: int = 512) -> AsyncIterator[Station]:
    station = Station(folder, recent=recent)
    station.hub.begin(await station.ledger.read(lambda ledger: ledger.last_number()))
    station.ledger.announce_to(station.hub.announce)
    try:
        yield station
    finally:
        await station.ledger.close()


def _counts(batch: Batch | None) -> list[JSON]:
    assert batch is not None
    return [item.event.data["count"] for item in batch.events]


async def _read(subscription: Subscription, count: int) -> list[JSON]:
    """Read so many durable events, however they are batched."""
    found: list[JSON] = []
    while len(found) < count:
        found.extend(_counts(await subscription.next_batch()))
    return found


async def test_a_hundred_observers_see_everything_while_one_never_reads(tmp_path: Path) -> None:
    async with _station(tmp_path, recent=50) as station:
        idle = station.hub.subscribe()
        observers = [station.hub.subscribe() for _ in range(99)]
        with idle:
            for observer in observers:
                observer.__enter__()
            reading = [asyncio.create_task(_read(observer, 300)) for observer in observers]
            for start in range(0, 300, 10):
                await station.write(*range(start, start + 10))

            assert await asyncio.gather(*reading) == [list(range(300))] * 99
            # What the idle one did not read lies in the ledger alone, and is still there for it.
            assert await _read(idle, 300) == list(range(300))


async def test_an_observer_that_keeps_up_never_has_the_ledger_read(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            for count in range(20):
                await station.write(count)
                assert _counts(await observer.next_batch()) == [count]

        assert station.reads == 0


async def test_events_of_many_nodes_leave_memory_sooner(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            names: list[JSON] = [f"n{index}" for index in range(RECENT_NODES // 2)]
            for count in range(5):
                large = NewEvent("nodes", {"count": count, "started": names})
                told = await station.ledger.write(partial(Ledger.append, events=[large]))
                await until(lambda last=told[-1].number: station.hub.last >= last)  # type: ignore[misc]

            assert await _read(observer, 5) == list(range(5))

        assert station.reads > 0


@pytest.mark.parametrize("seed", range(5))
async def test_whoever_is_cut_off_and_comes_back_sees_no_gap_and_no_repetition(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with _station(tmp_path, recent=20) as station:
        seen: list[JSON] = []
        after = station.hub.last

        async def write() -> None:
            for count in range(0, 400, 4):
                await station.write(*range(count, count + 4))
                await asyncio.sleep(chance.choice([0, 0, 0.001]))

        writing = asyncio.create_task(write())
        while len(seen) < 400:
            with station.hub.subscribe(after=after) as observer:
                for _ in range(chance.randint(1, 4)):
                    batch = await observer.next_batch(timeout_s=0.05)
                    assert batch is not None
                    # The connection may end in the middle of a batch; the last number read is what counts.
                    read = batch.events[: chance.randint(0, len(batch.events))]
                    seen.extend(item.event.data["count"] for item in read)
                    after = read[-1].event.number if read else after
                    if len(read) < len(batch.events):
                        break
        await writing

        assert seen == list(range(400))


async def test_a_restart_goes_on_where_the_observer_was(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            await station.write(0, 1, 2)
            batch = await observer.next_batch()
            assert batch is not None
            after = batch.events[1].event.number

    async with _station(tmp_path) as station:
        with station.hub.subscribe(after=after) as observer:
            await station.write(3)

            assert await _read(observer, 2) == [2, 3]


async def test_what_observers_are_told_ends_where_the_ledger_is(tmp_path: Path) -> None:
    async with _station(tmp_path, recent=8) as station:
        with station.hub.subscribe(types={"job"}) as observer:
            new = [NewJob(f"job-{index}", {}) for index in range(20)]
            await station.ledger.write(lambda ledger: ledger.submit(new, most_queued=100))
            for index in range(0, 20, 2):
                name = f"job-{index}"
                await station.ledger.write(partial(Ledger.claim, job_id=name, worker="w"))
                await station.ledger.write(partial(Ledger.cancel, job_id=name))
            await station.ledger.write(lambda ledger: ledger.cancel("job-1"))
            last = await station.ledger.read(lambda ledger: ledger.last_number())
            told: dict[str, JSON] = {}
            while observer.after < last:
                batch = await observer.next_batch()
                assert batch is not None
                told.update({item.event.job: item.event.data["state"] for item in batch.events})

        there = await station.ledger.read(lambda ledger: [ledger.job(job.id) for job in new])
        assert told == {job.id: job.state for job in there}


async def test_a_long_replay_comes_in_parts(tmp_path: Path) -> None:
    async with _station(tmp_path, recent=10) as station:
        await station.write(*range(2 * MOST_IN_BATCH + 1))
        with station.hub.subscribe(after=0) as observer:
            sizes = [len(_counts(await observer.next_batch())) for _ in range(3)]

        assert sizes == [MOST_IN_BATCH, MOST_IN_BATCH, 1]


async def test_a_long_row_in_memory_comes_in_parts_too(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            await station.write(*range(MOST_IN_BATCH + 7))

            assert await _read(observer, MOST_IN_BATCH + 7) == list(range(MOST_IN_BATCH + 7))
            assert station.reads == 0


@pytest.mark.parametrize("recent", [1, 100])
async def test_an_observer_sees_only_what_it_asked_for_and_may_see(tmp_path: Path, recent: int) -> None:
    async with _station(tmp_path, recent=recent) as station:
        await station.write(0, owner="anna", job="a")
        await station.write(1, owner="bert", job="b")
        await station.write(2, type="worker")
        await station.write(3, owner="anna", job="c")
        await station.write(4, owner="anna", job="a", type="job")

        async def seen(**wanted: object) -> list[JSON]:
            with station.hub.subscribe(after=0, **wanted) as observer:  # type: ignore[arg-type]
                found: list[JSON] = []
                while observer.after < station.hub.last:
                    found.extend(_counts(await observer.next_batch(timeout_s=0)))
                return found

        assert await seen() == [0, 1, 2, 3, 4]
        assert await seen(owner="anna") == [0, 2, 3, 4]
        assert await seen(owner="bert") == [1, 2]
        assert await seen(job="a") == [0, 4]
        assert await seen(types={"job", "worker"}) == [2, 4]
        assert await seen(owner="bert", job="a") == []


async def test_a_number_from_beyond_the_end_begins_at_the_end(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe(after=10**9) as observer:
            await station.write(1)

            assert _counts(await observer.next_batch()) == [1]


async def test_waiting_for_news_ends_after_its_time_with_nothing(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            assert await observer.next_batch(timeout_s=0.01) == Batch()


async def test_a_wait_that_is_cut_short_loses_nothing(tmp_path: Path) -> None:
    async with _station(tmp_path, recent=2) as station:
        with station.hub.subscribe() as observer:
            seen: list[JSON] = []
            for count in range(30):
                waiting = asyncio.create_task(observer.next_batch())
                for _ in range(count % 3):
                    await asyncio.sleep(0)
                waiting.cancel()
                (ended,) = await asyncio.gather(waiting, return_exceptions=True)
                seen += _counts(ended) if isinstance(ended, Batch) else []
                await station.write(count)
            seen += await _read(observer, 30 - len(seen))

            assert seen == list(range(30))


async def test_a_closed_hub_hands_out_what_happened_and_ends_all_observers(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            await station.write(1, 2)
            station.hub.close()

            assert [_counts(batch) async for batch in observer] == [[1, 2]]


async def test_whoever_is_far_behind_when_the_hub_closes_ends_without_a_gap(tmp_path: Path) -> None:
    async with _station(tmp_path, recent=2) as station:
        with station.hub.subscribe() as observer:
            await station.write(*range(10))
            station.hub.close()

            assert [batch async for batch in observer] == []
            assert observer.after == 0


async def test_observers_that_leave_are_forgotten(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe(), station.hub.subscribe():
            assert station.hub.observers == 2

        assert station.hub.observers == 0


async def test_an_event_becomes_text_once_for_all_observers(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as first, station.hub.subscribe() as second:
            await station.write(5, job="ä")
            texts = []
            for observer in (first, second):
                batch = await observer.next_batch()
                assert batch is not None
                texts.append(batch.events[0].text)

        assert texts[0] is texts[1]
        told = json.loads(texts[0])
        assert (told["type"], told["job"], told["data"]) == ("nodes", "ä", {"count": 5})
        assert set(told) == {"number", "at", "type", "job", "data"}


def _progress(hub: EventHub, step: int, *, job: str = "a", node: str = "n", owner: str = "") -> None:
    hub.passing("progress", job, node, owner=owner, data={"node": node, "step": step})


def _steps(batch: Batch | None) -> list[tuple[str, str, JSON]]:
    assert batch is not None
    return [(frame.job, frame.node, frame.data["step"]) for frame in batch.passing]


async def test_only_the_newest_progress_of_a_node_is_handed_out(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            for step in range(100):
                _progress(station.hub, step)
                _progress(station.hub, step, node="m")

            assert _steps(await observer.next_batch()) == [("a", "n", 99), ("a", "m", 99)]
            assert await observer.next_batch(timeout_s=0) == Batch()


async def test_progress_comes_behind_the_events_before_it(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        with station.hub.subscribe() as observer:
            _progress(station.hub, 1)
            await station.write(*range(MOST_IN_BATCH + 1))
            first, second = await observer.next_batch(), await observer.next_batch()

        assert (len(_counts(first)), _steps(first)) == (MOST_IN_BATCH, [])
        assert (len(_counts(second)), _steps(second)) == (1, [("a", "n", 1)])


async def test_whoever_comes_later_sees_how_far_the_nodes_are(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        _progress(station.hub, 3)
        with station.hub.subscribe() as observer:
            assert _steps(await observer.next_batch()) == [("a", "n", 3)]


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "queued"])
async def test_a_job_that_runs_no_more_has_no_progress(tmp_path: Path, state: str) -> None:
    async with _station(tmp_path) as station:
        _progress(station.hub, 3)
        _progress(station.hub, 3, job="b")
        ended = NewEvent("job", {"id": "a", "state": state, "count": 0}, job="a")
        await station.ledger.write(lambda ledger: ledger.append([ended]))
        await until(lambda: station.hub.last > 0)
        with station.hub.subscribe() as observer:
            assert _steps(await observer.next_batch()) == [("b", "n", 3)]


async def test_the_owner_and_the_watched_jobs_limit_what_passes(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        for job, owner in (("a", "anna"), ("b", "bert"), ("c", "anna")):
            _progress(station.hub, 1, job=job, owner=owner)
        with station.hub.subscribe(owner="anna") as observer:
            assert _steps(await observer.next_batch()) == [("a", "n", 1), ("c", "n", 1)]

            observer.watch(["b", "c"])
            assert _steps(await observer.next_batch()) == [("c", "n", 1)]

            observer.watch(None)
            assert _steps(await observer.next_batch()) == [("a", "n", 1), ("c", "n", 1)]


async def test_frames_of_endlessly_many_nodes_are_not_all_kept(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        for node in range(MOST_PASSING + 5):
            _progress(station.hub, 0, node=str(node))
        with station.hub.subscribe() as observer:
            steps = _steps(await observer.next_batch())

        assert [node for _, node, _ in steps] == [str(node) for node in range(5, MOST_PASSING + 5)]


async def test_a_preview_in_bytes_says_its_length_its_facts_and_the_picture(tmp_path: Path) -> None:
    async with _station(tmp_path) as station:
        station.hub.passing("preview", "a", "n", owner="", data={"node": "n", "width": 2}, binary=b"\xff\xd8")
        station.hub.passing("preview", "b", "n", owner="", data={"node": "n", "width": 3}, binary=b"\xff\xd9")

        latest = station.hub.latest_preview("a")

        assert latest is not None
        (length,) = struct.unpack(">I", latest.frame[:4])
        assert json.loads(latest.frame[4 : 4 + length]) == {
            "type": "preview",
            "job": "a",
            "data": {"node": "n", "width": 2},
        }
        assert latest.frame[4 + length :] == b"\xff\xd8"
        assert station.hub.latest_preview("c") is None
