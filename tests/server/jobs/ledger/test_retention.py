"""Jobs leave the history with all that belongs to them, and never before they are final."""

import pytest
from ledger_steps import MANY, Clock, digest, new_job, picture, run, start, submit
from weft.jobs.faults import JobUnfinishedError, JobUnknownError
from weft.jobs.ledger import retention
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Asset, JobFilter, NewEvent, Outcome

MADE = Outcome("succeeded", (picture(digest(1)), picture(digest(2), "other")))
DAY_S = 86_400.0


def _left(ledger: Ledger) -> set[str]:
    return {job.id for job in ledger.jobs(JobFilter(), limit=1000).jobs}


def test_a_deleted_job_is_gone_with_its_document_its_events_and_its_blobs(ledger: Ledger) -> None:
    run(ledger, "one", MADE)
    ledger.append([NewEvent("nodes", {"started": ["a"]}, job="one")])

    ledger.delete("one")

    for read in (ledger.job, ledger.document):
        with pytest.raises(JobUnknownError):
            read("one")
    assert ledger.events_after(0, job="one") == []
    assert ledger.blob_references() == set()
    assert ledger.assets().total == 0
    assert sum(ledger.counts().values()) == 0


def test_the_deletion_of_a_job_is_told_to_its_owner(ledger: Ledger) -> None:
    run(ledger, "one", owner="ann")

    ledger.delete("one")

    (told,) = ledger.events_after(0)
    assert (told.type, told.owner, told.data) == ("job", "ann", {"id": "one", "state": "deleted"})


@pytest.mark.parametrize("is_running", [True, False])
def test_a_job_that_is_not_final_cannot_be_deleted(ledger: Ledger, is_running: bool) -> None:
    submit(ledger, "one")
    if is_running:
        start(ledger, "one")

    with pytest.raises(JobUnfinishedError):
        ledger.delete("one")

    assert ledger.job("one").id == "one"


def test_deleting_an_unknown_job_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(JobUnknownError):
        ledger.delete("one")


def test_files_stay_while_another_job_of_the_owner_made_them_too_or_they_were_uploaded(
    ledger: Ledger,
) -> None:
    run(ledger, "one", MADE, owner="ann")
    run(ledger, "two", Outcome("succeeded", (picture(digest(1)),)), owner="ann")
    run(ledger, "three", MADE, owner="bob")
    ledger.add_asset(Asset(digest(2), "bob", "upload", "mine.png", "image/png", 3))

    ledger.delete("one")
    ledger.delete("three")

    assert [(asset.owner, asset.digest) for asset in ledger.assets().assets] == [
        ("bob", digest(2)),
        ("ann", digest(1)),
    ]
    assert ledger.blob_references() == {digest(1), digest(2)}


def test_those_that_ended_last_stay(ledger: Ledger, clock: Clock) -> None:
    for n in range(6):
        submit(ledger, f"j{n}")
    for n in (5, 0, 4, 1, 3):
        clock.now += 1
        ledger.cancel(f"j{n}")

    left = ledger.retain(2, 0, clock.now)

    assert left == 3
    assert _left(ledger) == {"j1", "j3", "j2"}


def test_those_that_ended_long_ago_leave(ledger: Ledger, clock: Clock) -> None:
    run(ledger, "old")
    submit(ledger, "waits")
    submit(ledger, "runs")
    start(ledger, "runs")
    clock.now += 10 * DAY_S
    run(ledger, "young")

    left = ledger.retain(MANY, 9 * DAY_S, clock.now)

    assert left == 1
    assert _left(ledger) == {"waits", "runs", "young"}
    assert ledger.retain(MANY, 9 * DAY_S, clock.now) == 0


def test_without_an_age_jobs_stay_for_ever(ledger: Ledger, clock: Clock) -> None:
    run(ledger, "old")

    assert ledger.retain(MANY, 0, clock.now + 10_000 * DAY_S) == 0


def test_many_jobs_leave_in_several_transactions(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 3)
    ledger.submit([new_job(f"j{n}") for n in range(10)], most_queued=MANY)
    for n in range(10):
        ledger.cancel(f"j{n}")

    left = ledger.retain(2, 0, 2000.0)

    assert left == 8
    assert _left(ledger) == {"j8", "j9"}
    assert ledger.counts()["cancelled"] == 2


def test_common_events_leave_after_a_week_and_those_of_jobs_stay(ledger: Ledger, clock: Clock) -> None:
    run(ledger, "one")
    ledger.set_paused(True)
    clock.now += 8 * DAY_S
    ledger.set_paused(False)

    ledger.retain(MANY, 0, clock.now)

    assert [event.type for event in ledger.events_after(0)] == ["job", "job", "job", "queue"]
