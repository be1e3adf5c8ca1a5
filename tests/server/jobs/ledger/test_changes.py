"""A change counts and tells what it did, after it is on the disk."""

import threading

import pytest
from ledger_steps import submit
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Event, NewEvent


def test_a_change_is_told_once_it_is_written(ledger: Ledger) -> None:
    told: list[Event] = []
    ledger.on_events = told.extend

    with ledger._changing() as change:
        change.tell(NewEvent("queue", {"paused": True}))
        assert told == change.told == []

    assert told == change.told == ledger.events_after(0)


def test_a_change_that_fails_counts_and_tells_nothing(ledger: Ledger) -> None:
    told: list[Event] = []
    job = submit(ledger, "one")
    ledger.on_events = told.extend

    def fail() -> None:
        with ledger._changing() as change:
            change.moved(job, "")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert told == []
    assert ledger.counts()["queued"] == 1
    assert ledger.last_number() == 1


def test_a_change_waits_for_the_one_before(ledger: Ledger) -> None:
    order: list[str] = []

    def other() -> None:
        with ledger._changing():
            order.append("second")

    with ledger._changing():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_jobs_that_left_are_not_counted(ledger: Ledger) -> None:
    submit(ledger, "one", owner="ann")

    with ledger._changing() as change:
        change.left("ann", "queued")

    assert ledger.counts("ann")["queued"] == 0


def test_what_listens_may_change_the_ledger_itself(ledger: Ledger) -> None:
    def hear(events: list[Event]) -> None:
        if events[0].type == "job":
            ledger.append([NewEvent("queue", {"paused": False})])

    ledger.on_events = hear
    submit(ledger, "one")

    assert [event.type for event in ledger.events_after(0)] == ["job", "queue"]
