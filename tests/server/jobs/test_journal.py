"""Many events, few commits, in order, also when the disk refuses for a while."""

import threading
from pathlib import Path

import pytest
from server.jobs.toys import until
from weft.errors import DiskFullError
from weft.jobs import journal as journal_module
from weft.jobs.journal import Journal
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.records import Event, NewEvent


class CountingLedger(Ledger):
    """A ledger that counts its commits of events, and refuses some first."""

    commits = 0
    refusals = 0

    def append(self, events: list[NewEvent]) -> list[Event]:  # type: ignore[override]
        """Write events, unless a refusal is due."""
        if self.refusals:
            self.refusals -= 1
            raise DiskFullError(path="ledger", needed_bytes=1)
        self.commits += 1
        return super().append(events)


def _event(count: int) -> NewEvent:
    return NewEvent("nodes", {"count": count})


def _written(ledger: Ledger) -> list[object]:
    return [event.data["count"] for event in ledger.events_after(0, limit=1000)]


async def test_what_comes_while_a_commit_is_under_way_goes_into_the_next(tmp_path: Path) -> None:
    ledger = CountingLedger.open(tmp_path)
    assert isinstance(ledger, CountingLedger)
    threads = LedgerThreads(ledger)
    journal = Journal(threads)
    go = threading.Event()
    holding = threads.write(lambda _: go.wait(30))
    for count in range(50):
        journal.add(_event(count))
    go.set()
    await holding
    await until(lambda: ledger.last_number() == 50)

    assert _written(ledger) == list(range(50))
    assert ledger.commits <= 2
    await threads.close()


async def test_settling_writes_what_was_added_before_whatever_is_handed_over_next(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    threads = LedgerThreads(ledger)
    journal = Journal(threads)
    for count in range(10):
        journal.add(_event(count))
        await journal.settle()
        assert await threads.write(_written) == list(range(count + 1))
    await threads.close()


async def test_whoever_takes_what_is_not_written_yet_writes_it_instead(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    threads = LedgerThreads(ledger)
    journal = Journal(threads)
    journal.add(_event(0))
    journal.add(_event(1))

    taken = journal.take()
    await journal.settle()

    assert [event.data["count"] for event in taken] == [0, 1]
    assert _written(ledger) == []
    await threads.close()


async def test_what_a_full_disk_refused_is_written_later_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "RETRY_S", 0.01)
    ledger = CountingLedger.open(tmp_path)
    assert isinstance(ledger, CountingLedger)
    ledger.refusals = 3
    threads = LedgerThreads(ledger)
    journal = Journal(threads)
    for count in range(5):
        journal.add(_event(count))
    await journal.settle()
    for count in range(5, 8):
        journal.add(_event(count))
    await until(lambda: ledger.last_number() == 8)

    assert _written(ledger) == list(range(8))
    await threads.close()


async def test_a_closed_journal_has_written_everything_and_writes_nothing_more(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    threads = LedgerThreads(ledger)
    journal = Journal(threads)
    journal.add(_event(0))
    await journal.close()
    journal.add(_event(1))
    await journal.settle()

    assert _written(ledger) == [0]
    await threads.close()
