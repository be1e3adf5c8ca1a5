"""Lists of jobs are paged without gaps or repetitions, filtered as asked, and read while others write."""

import threading
from pathlib import Path
from typing import Any

import pytest
from ledger_steps import DONE, MANY, Clock, digest, document, new_job, opened, picture, run, start, submit
from sqlalchemy import event, text
from weft.jobs.faults import BatchUnknownError, CursorInvalidError, JobUnknownError
from weft.jobs.ledger.cursors import cursor_at
from weft.jobs.ledger.history import STATES
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Asset, Job, JobFilter, NewEvent, Outcome


def _all_pages(ledger: Ledger, wanted: JobFilter, limit: int) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = ledger.jobs(wanted, after=after, limit=limit)
        found += [job.id for job in page.jobs]
        if page.next is None:
            return found
        after = page.next


def _filled(ledger: Ledger, clock: Clock) -> None:
    """Twelve jobs: two of each state and owner, in turn, one each second."""
    for n in range(12):
        clock.now = 1000.0 + n
        owner = "ann" if n % 2 else "bob"
        job = submit(ledger, f"j{n}", owner=owner, name=f"flow-{n % 3}", batch="b" if n < 4 else "")
        if n % 6 >= 2:
            start(ledger, job.id)
        if n % 6 >= 4:
            ledger.finish(job.id, 1, Outcome("failed" if n % 2 else "succeeded"))


def test_a_job_is_found_by_its_id_and_its_document_apart_from_it(ledger: Ledger) -> None:
    job = submit(ledger, "one")

    assert ledger.job("one") == job
    assert ledger.document("one") == document()


def test_what_is_not_there_is_an_error(ledger: Ledger) -> None:
    for read in (ledger.job, ledger.document):
        with pytest.raises(JobUnknownError):
            read("one")
    for batch in ("one", ""):
        with pytest.raises(BatchUnknownError):
            ledger.batch(batch)


def test_candidates_come_by_priority_and_then_by_age(ledger: Ledger) -> None:
    for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", -5), ("e", 5), ("f", 9)):
        submit(ledger, name, priority=priority)
    start(ledger, "f")

    assert [job.id for job in ledger.candidates(10)] == ["b", "e", "a", "c", "d"]
    assert [job.id for job in ledger.candidates(2)] == ["b", "e"]


def test_positions_count_the_jobs_that_would_run_before(ledger: Ledger) -> None:
    for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", -5), ("e", 5)):
        submit(ledger, name, priority=priority)
    running = start(ledger, "e")
    waiting = [ledger.job(name) for name in "adc"]

    assert ledger.positions([*waiting, running]) == {"a": 1, "c": 2, "d": 3}
    assert ledger.positions([running]) == {}


@pytest.mark.parametrize("every", [1, 3, 7])
def test_positions_of_any_jobs_are_their_places_among_all_that_wait(ledger: Ledger, every: int) -> None:
    for n in range(30):
        submit(ledger, f"j{n}", priority=n * 7 % 3)
    for n in (0, 8, 16):
        ledger.cancel(f"j{n}")
    waiting = ledger.candidates(100)

    positions = ledger.positions(waiting[::every])

    assert positions == {job.id: place for place, job in enumerate(waiting) if place % every == 0}


@pytest.mark.parametrize("limit", [1, 3, 5, 12, 50])
@pytest.mark.parametrize(
    "states", [frozenset[str](), frozenset({"failed"}), frozenset({"queued", "running"})]
)
def test_pages_show_every_job_once_newest_first(
    ledger: Ledger, clock: Clock, limit: int, states: frozenset[str]
) -> None:
    _filled(ledger, clock)
    wanted = JobFilter(states=states)  # type: ignore[arg-type]
    backwards = JobFilter(states=states, is_oldest_first=True)  # type: ignore[arg-type]

    found = _all_pages(ledger, wanted, limit)

    expected = [f"j{n}" for n in range(11, -1, -1) if not states or ledger.job(f"j{n}").state in states]
    assert found == expected
    assert _all_pages(ledger, backwards, limit) == expected[::-1]
    assert ledger.jobs(wanted, limit=1).total == len(expected)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (JobFilter(), range(12)),
        (JobFilter(owner="ann"), [1, 3, 5, 7, 9, 11]),
        (JobFilter(states=frozenset({"queued"})), [0, 1, 6, 7]),
        (JobFilter(states=frozenset({"queued", "succeeded"}), owner="bob"), [0, 4, 6, 10]),
        (JobFilter(states=frozenset({"cancelled"})), []),
        (JobFilter(name="flow-1"), [1, 4, 7, 10]),
        (JobFilter(name="flow-1", states=frozenset({"succeeded"})), [4, 10]),
        (JobFilter(batch="b"), [0, 1, 2, 3]),
        (JobFilter(created_after=1009.0), [9, 10, 11]),
        (JobFilter(created_before=1002.0), [0, 1]),
        (JobFilter(created_after=1002.0, created_before=1004.0, owner="ann"), [3]),
        (JobFilter(owner="nobody"), []),
    ],
)
def test_filters_show_what_was_asked_for(
    ledger: Ledger, clock: Clock, wanted: JobFilter, numbers: list[int]
) -> None:
    _filled(ledger, clock)

    page = ledger.jobs(wanted)

    assert [job.id for job in page.jobs] == [f"j{n}" for n in reversed(numbers)]
    assert page.total == len(numbers)
    assert page.next is None


def test_new_jobs_do_not_move_the_pages_behind_a_cursor(ledger: Ledger) -> None:
    ledger.submit([new_job(f"old{n}") for n in range(6)], most_queued=MANY)
    first = ledger.jobs(JobFilter(), limit=3)
    ledger.submit([new_job(f"new{n}") for n in range(6)], most_queued=MANY)
    ledger.cancel("old3")
    ledger.delete("old3")

    second = ledger.jobs(JobFilter(), after=first.next, limit=3)

    assert [job.id for job in first.jobs + second.jobs] == [f"old{n}" for n in (5, 4, 3, 2, 1, 0)]


def test_pages_show_outputs_in_their_order(ledger: Ledger) -> None:
    made = tuple(picture(digest(n), f"image-{9 - n}") for n in range(5))
    run(ledger, "one", Outcome("succeeded", made))
    run(ledger, "two", Outcome("succeeded", made[:1]))

    assert [job.outputs for job in ledger.jobs(JobFilter()).jobs] == [made[:1], made]


def test_a_foreign_cursor_is_refused(ledger: Ledger) -> None:
    with pytest.raises(CursorInvalidError):
        ledger.jobs(JobFilter(), after="12")


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(),
        JobFilter(owner="ann"),
        JobFilter(states=frozenset({"queued", "failed"})),
        JobFilter(states=frozenset({"queued", "failed"}), owner="ann"),
        JobFilter(name="portrait"),
        JobFilter(batch="batch"),
    ],
)
def test_no_page_reads_more_of_the_jobs_than_it_shows(ledger: Ledger, wanted: JobFilter) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(ledger._database._reading, "before_cursor_execute")
    def _note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    ledger.jobs(wanted, after=cursor_at(70), limit=50)
    with ledger._database.read() as connection:
        (page,) = [query for query in asked if query[0].startswith("SELECT jobs.number")]
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {page[0]}", page[1])
        plan = [row.detail for row in rows]

    # Only the few numbers of the page itself may be sorted, never what they were chosen from.
    assert [step for step in plan if step.startswith("SCAN jobs")] == []
    assert sum("TEMP B-TREE FOR ORDER BY" in step for step in plan) <= 1


def test_counts_tell_how_many_jobs_are_in_each_state(ledger: Ledger, clock: Clock) -> None:
    _filled(ledger, clock)

    assert ledger.counts() == {"queued": 4, "running": 4, "succeeded": 2, "failed": 2, "cancelled": 0}
    assert ledger.counts("ann") == {"queued": 2, "running": 2, "succeeded": 0, "failed": 2, "cancelled": 0}
    assert tuple(ledger.counts()) == STATES


def test_counts_agree_with_the_rows_after_every_kind_of_change(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        for n in range(8):
            submit(ledger, f"j{n}", owner=f"owner-{n % 2}")
        for n in range(5):
            start(ledger, f"j{n}")
        ledger.finish("j0", 1, DONE)
        ledger.release("j1", 1, died=True)
        ledger.cancel("j2")
        ledger.cancel("j7")
        ledger.recover()
        ledger.delete("j0")
        submit(ledger, "j5", owner="owner-1")
        before = (ledger.counts(), ledger.counts("owner-0"), ledger.counts("owner-1"))

    with opened(tmp_path) as ledger:
        assert (ledger.counts(), ledger.counts("owner-0"), ledger.counts("owner-1")) == before
        assert before[0] == {"queued": 5, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 2}


def test_a_batch_tells_how_far_its_jobs_are(ledger: Ledger) -> None:
    ledger.submit([new_job(f"j{n}", batch="b", name="flow", owner="ann") for n in range(3)], most_queued=MANY)
    start(ledger, "j0")
    ledger.finish("j0", 1, DONE)
    half = ledger.batch("b")
    ledger.cancel("j1")
    ledger.cancel("j2")
    whole = ledger.batch("b")

    assert (half.id, half.owner, half.name, half.created_at) == ("b", "ann", "flow", 1000.0)
    assert (half.counts["queued"], half.counts["succeeded"], half.is_final) == (2, 1, False)
    assert (whole.counts["cancelled"], whole.is_final) == (2, True)


def test_the_log_is_read_behind_a_number_for_those_who_may_see_it(ledger: Ledger) -> None:
    ledger.append(
        [
            NewEvent("job", {"n": 1}, owner="ann", job="a"),
            NewEvent("job", {"n": 2}, owner="bob", job="b"),
            NewEvent("queue", {"n": 3}),
            NewEvent("nodes", {"n": 4}, owner="ann", job="a"),
        ]
    )

    def numbers(
        after: int = 0, owner: str | None = None, job: str | None = None, limit: int = 9
    ) -> list[int]:
        return [event.number for event in ledger.events_after(after, owner=owner, job=job, limit=limit)]

    assert numbers() == [1, 2, 3, 4]
    assert numbers(after=2) == [3, 4]
    assert numbers(owner="ann") == [1, 3, 4]
    assert numbers(owner="bob") == [2, 3]
    assert numbers(job="a") == [1, 4]
    assert numbers(owner="bob", job="a") == []
    assert numbers(limit=2) == [1, 2]
    assert ledger.last_number() == 4


def test_everything_that_has_a_blob_counts_as_a_reference(ledger: Ledger) -> None:
    run(ledger, "one", Outcome("succeeded", (picture(digest(1)),)))
    run(ledger, "two", Outcome("failed", (picture(digest(2)),)))
    ledger.add_asset(Asset(digest(3), "ann", "upload", "cat.png", "image/png", 3))

    assert ledger.blob_references() == {digest(1), digest(2), digest(3)}


def test_reading_goes_on_while_a_change_is_under_way(ledger: Ledger) -> None:
    submit(ledger, "one")
    found: list[Job] = []
    with ledger._changing() as change:
        change.connection.execute(text("UPDATE jobs SET name = 'unfinished'"))
        reader = threading.Thread(target=lambda: found.extend(ledger.jobs(JobFilter()).jobs))
        reader.start()
        reader.join(30)

    assert [job.name for job in found] == [""]
