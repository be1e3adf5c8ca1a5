"""Every job comes from its submission to exactly one end, whatever happens to its worker and its server."""

import threading
from pathlib import Path

import pytest
from ledger_steps import DONE, MANY, Clock, digest, document, new_job, opened, picture, run, start, submit
from sqlalchemy.exc import StatementError
from weft.jobs.faults import (
    DataFolderInUseError,
    IdempotencyConflictError,
    JobExistsError,
    JobUnknownError,
    QueueFullError,
)
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import MOST_PRIORITY, Event, JobFilter, NewEvent, Outcome, Output

PROBLEM = {"code": "node-failed", "message": "It failed.", "hint": ""}


def test_a_submitted_job_waits_with_all_that_was_given(ledger: Ledger) -> None:
    new = new_job(
        "one",
        name="portrait",
        inputs={"prompt": "a red circle"},
        targets=("image",),
        priority=7,
        affinity=("model.safetensors",),
        batch="batch",
        retry_of="zero",
        owner="ann",
    )

    (job,), is_new = ledger.submit([new], most_queued=1)

    assert is_new
    assert job == ledger.job("one")
    assert (job.number, job.state, job.attempt, job.created_at) == (1, "queued", 0, 1000.0)
    assert (job.name, job.inputs, job.targets) == ("portrait", {"prompt": "a red circle"}, ("image",))
    assert (job.priority, job.affinity, job.batch, job.retry_of) == (7, new.affinity, "batch", "zero")
    assert ledger.document("one") == document()


def test_jobs_are_numbered_in_the_order_of_their_submission(ledger: Ledger) -> None:
    first, _ = ledger.submit([new_job(f"a{n}") for n in range(300)], most_queued=MANY)
    second, _ = ledger.submit([new_job(f"b{n}") for n in range(300)], most_queued=MANY)

    assert [job.number for job in first + second] == list(range(1, 601))
    assert [job.id for job in first] == [f"a{n}" for n in range(300)]
    assert ledger.job("b299").number == 600


def test_the_number_of_a_deleted_job_is_not_used_again(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        last = run(ledger, "last")
        number = ledger.last_number()
        ledger.delete("last")
    with opened(tmp_path) as ledger:
        assert submit(ledger, "next").number == last.number + 1
        assert ledger.last_number() > number


def test_submitting_nothing_changes_nothing(ledger: Ledger) -> None:
    assert ledger.submit([], most_queued=0) == ([], False)
    assert ledger.last_number() == 0


def test_the_same_id_with_the_same_request_gives_the_job_of_the_first_time(ledger: Ledger) -> None:
    new = new_job("one", request_digest="abc")
    first, _ = ledger.submit([new], most_queued=1)

    again, is_new = ledger.submit([new], most_queued=1)

    assert (again, is_new) == (first, False)
    assert ledger.counts()["queued"] == 1


@pytest.mark.parametrize("other", [{"request_digest": "other"}, {"owner": "bob"}])
def test_an_id_that_belongs_to_another_job_is_refused(ledger: Ledger, other: dict[str, str]) -> None:
    submit(ledger, "one", request_digest="abc")

    with pytest.raises(JobExistsError):
        submit(ledger, "one", **{"request_digest": "abc", **other})


def test_an_id_given_twice_in_one_submission_is_refused(ledger: Ledger) -> None:
    with pytest.raises(JobExistsError):
        ledger.submit([new_job("one"), new_job("one")], most_queued=MANY)

    assert ledger.counts()["queued"] == 0


def test_the_same_idempotency_key_gives_the_jobs_of_the_first_time_also_after_they_ran(
    ledger: Ledger,
) -> None:
    keys = {"idempotency_key": "key", "request_digest": "abc"}
    first, _ = ledger.submit([new_job("a", **keys), new_job("b", **keys)], most_queued=MANY)
    ledger.finish("a", start(ledger, "a").attempt, DONE)

    again, is_new = ledger.submit([new_job("c", **keys), new_job("d", **keys)], most_queued=0)

    assert [job.id for job in again] == [job.id for job in first] == ["a", "b"]
    assert (again[0].state, is_new) == ("succeeded", False)


def test_an_idempotency_key_of_another_request_is_refused(ledger: Ledger) -> None:
    submit(ledger, "a", idempotency_key="key", request_digest="abc")

    with pytest.raises(IdempotencyConflictError):
        submit(ledger, "b", idempotency_key="key", request_digest="other")


def test_owners_have_idempotency_keys_of_their_own(ledger: Ledger) -> None:
    ann = submit(ledger, "a", idempotency_key="key", owner="ann")
    bob = submit(ledger, "b", idempotency_key="key", owner="bob")

    assert (ann.id, bob.id) == ("a", "b")


def test_a_thousand_equal_submissions_from_many_threads_make_one_job(ledger: Ledger) -> None:
    ids: list[str] = []

    def insist(client: int) -> None:
        for n in range(20):
            job = submit(ledger, f"{client}-{n}", idempotency_key="key", request_digest="abc")
            ids.append(job.id)

    clients = [threading.Thread(target=insist, args=(client,)) for client in range(50)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()

    assert len(ids) == 1000
    assert len(set(ids)) == 1
    assert ledger.jobs(JobFilter()).total == 1


def test_a_full_queue_takes_all_of_a_submission_or_nothing(ledger: Ledger) -> None:
    submit(ledger, "one")

    with pytest.raises(QueueFullError) as caught:
        ledger.submit([new_job("two"), new_job("three")], most_queued=2)

    assert caught.value.details == {"queued": 1, "new": 2, "most": 2}
    assert ledger.counts()["queued"] == 1
    assert [event.job for event in ledger.events_after(0)] == ["one"]


def test_a_claimed_job_runs_with_its_next_attempt(ledger: Ledger, clock: Clock) -> None:
    submit(ledger, "one")
    clock.now = 1005.0

    job = ledger.claim("one", "worker-2")

    assert job is not None
    assert (job.state, job.attempt, job.worker, job.started_at) == ("running", 1, "worker-2", 1005.0)
    assert job == ledger.job("one")


def test_a_job_is_claimed_once(ledger: Ledger) -> None:
    submit(ledger, "one")
    start(ledger, "one")

    assert ledger.claim("one", "worker-2") is None
    assert ledger.claim("unknown", "worker-2") is None


def test_jobs_that_a_younger_one_overtakes_count_it(ledger: Ledger) -> None:
    for name in ("first", "second", "third"):
        submit(ledger, name)
    submit(ledger, "lower", priority=-1)

    start(ledger, "third")
    start(ledger, "second")

    assert [ledger.job(n).passed_over for n in ("first", "second", "third", "lower")] == [2, 1, 0, 0]


def test_a_finished_job_holds_what_its_run_gave(ledger: Ledger, clock: Clock) -> None:
    submit(ledger, "one")
    attempt = start(ledger, "one").attempt
    clock.now = 1010.0
    made = (picture(digest(1)), Output("count", 0, "int", value=3), Output("nothing", 0, "latent"))

    outcome = Outcome("succeeded", made, (PROBLEM,), seconds=4.5, counts={"ran": 3, "hit": 1})
    job = ledger.finish("one", attempt, outcome)

    assert job is not None
    assert job == ledger.job("one")
    assert (job.state, job.finished_at, job.seconds, job.counts) == (
        "succeeded",
        1010.0,
        4.5,
        {"ran": 3, "hit": 1},
    )
    assert job.outputs == made
    assert job.problems == (PROBLEM,)
    assert job.is_final


def test_a_failed_job_keeps_what_its_other_branches_made(ledger: Ledger) -> None:
    job = run(ledger, "one", Outcome("failed", (picture(digest(1)),), (PROBLEM,)))

    assert ledger.job("one").outputs == job.outputs == (picture(digest(1)),)


def test_a_job_ends_once(ledger: Ledger) -> None:
    job = run(ledger, "one")

    assert ledger.finish("one", job.attempt, Outcome("failed")) is None
    assert ledger.release("one", job.attempt, died=True) is None
    assert ledger.job("one") == job


def test_a_worker_that_was_given_up_cannot_end_the_job_that_another_one_has(ledger: Ledger) -> None:
    submit(ledger, "one")
    stale = start(ledger, "one").attempt
    ledger.release("one", stale, died=True)
    running = start(ledger, "one", "worker-2")

    assert ledger.finish("one", stale, DONE) is None
    assert ledger.release("one", stale, died=True) is None
    assert ledger.job("one") == running


def test_a_released_job_waits_again_at_its_old_place(ledger: Ledger) -> None:
    for name in ("one", "two"):
        submit(ledger, name)

    job = ledger.release("one", start(ledger, "one").attempt, died=False)

    assert job is not None
    assert (job.state, job.deaths, job.attempt) == ("queued", 0, 1)
    assert [job.id for job in ledger.candidates(10)] == ["one", "two"]


def test_a_job_that_was_running_at_three_deaths_is_failed_with_the_reason(ledger: Ledger) -> None:
    submit(ledger, "poison")
    for _ in range(2):
        released = ledger.release("poison", start(ledger, "poison").attempt, died=True, reason=PROBLEM)
        assert released is not None
        assert released.state == "queued"
        assert released.problems == ()

    job = ledger.release("poison", start(ledger, "poison").attempt, died=True, reason=PROBLEM)

    assert job is not None
    assert (job.state, job.deaths, job.finished_at) == ("failed", 3, 1000.0)
    assert [problem["code"] for problem in job.problems] == ["worker-died", "node-failed"]
    assert ledger.candidates(10) == []


def test_being_released_without_blame_never_fails_a_job(ledger: Ledger) -> None:
    submit(ledger, "one")
    for _ in range(10):
        ledger.release("one", start(ledger, "one").attempt, died=False)

    assert (ledger.job("one").state, ledger.job("one").attempt) == ("queued", 10)


def test_a_submission_is_recognised_by_its_id_or_its_key_without_its_document(ledger: Ledger) -> None:
    (job,), _ = ledger.submit([new_job("one", idempotency_key="key", request_digest="abc")], most_queued=1)

    assert ledger.known(new_job("", idempotency_key="key", request_digest="abc")) == [job]
    assert ledger.known(new_job("one", request_digest="abc")) == [job]
    assert ledger.known(new_job("two", request_digest="abc")) == []
    with pytest.raises(IdempotencyConflictError):
        ledger.known(new_job("", idempotency_key="key", request_digest="other"))
    with pytest.raises(JobExistsError):
        ledger.known(new_job("one", request_digest="other"))


def test_what_is_told_before_the_end_is_written_with_it_even_where_the_end_is_fenced_off(
    ledger: Ledger,
) -> None:
    submit(ledger, "one")
    start(ledger, "one")
    before = ledger.last_number()

    ended = ledger.finish("one", 1, DONE, before=[NewEvent("nodes", {"count": 1}, job="one")])
    fenced = ledger.finish("one", 1, DONE, before=[NewEvent("nodes", {"count": 2}, job="one")])

    assert (ended is None, fenced is None) == (False, True)
    assert [event.type for event in ledger.events_after(before)] == ["nodes", "job", "nodes"]


def test_cancelling_a_job_that_waits_ends_it(ledger: Ledger) -> None:
    submit(ledger, "one")

    job = ledger.cancel("one")

    assert (job.state, job.finished_at) == ("cancelled", 1000.0)
    assert ledger.claim("one", "worker-1") is None


def test_cancelling_a_job_that_runs_asks_it_to_stop(ledger: Ledger) -> None:
    submit(ledger, "one")
    attempt = start(ledger, "one").attempt

    asked = ledger.cancel("one")
    number = ledger.last_number()
    again = ledger.cancel("one")
    ended = ledger.finish("one", attempt, Outcome("cancelled"))

    assert (asked.state, asked.is_cancelling) == ("running", True)
    assert again == asked
    assert len(ledger.events_after(number)) == 1
    assert ended is not None
    assert (ended.state, ended.is_cancelling) == ("cancelled", False)


def test_a_job_that_ends_before_it_hears_of_its_cancelling_keeps_its_end(ledger: Ledger) -> None:
    submit(ledger, "one")
    attempt = start(ledger, "one").attempt
    ledger.cancel("one")

    job = ledger.finish("one", attempt, DONE)

    assert job is not None
    assert (job.state, job.is_cancelling) == ("succeeded", False)


@pytest.mark.parametrize("died", [True, False])
def test_a_job_that_is_released_while_it_is_being_cancelled_is_cancelled(ledger: Ledger, died: bool) -> None:
    submit(ledger, "one")
    attempt = start(ledger, "one").attempt
    ledger.cancel("one")

    job = ledger.release("one", attempt, died=died)

    assert job is not None
    assert (job.state, job.is_cancelling) == ("cancelled", False)


def test_cancelling_a_final_job_leaves_it(ledger: Ledger) -> None:
    job = run(ledger, "one")

    assert ledger.cancel("one") == job


def test_a_job_that_is_put_first_is_the_next_to_run_and_stays_the_same_job(ledger: Ledger) -> None:
    for name, priority in (("one", 0), ("urgent", 5), ("two", 0)):
        submit(ledger, name, priority=priority)
    before = ledger.last_number()

    job = ledger.put_first("two")

    assert (job.id, job.number, job.priority) == ("two", 3, 6)
    assert [waiting.id for waiting in ledger.candidates(3)] == ["two", "urgent", "one"]
    assert [event.data["priority"] for event in ledger.events_after(before)] == [6]


def test_putting_a_job_first_that_is_so_already_changes_nothing(ledger: Ledger) -> None:
    submit(ledger, "one")
    submit(ledger, "two")
    first = ledger.put_first("two")
    before = ledger.last_number()

    assert ledger.put_first("two") == first
    assert ledger.last_number() == before


def test_a_job_is_put_no_higher_than_the_highest_priority(ledger: Ledger) -> None:
    submit(ledger, "one", priority=MOST_PRIORITY)
    submit(ledger, "two")

    assert ledger.put_first("two").priority == MOST_PRIORITY


def test_a_job_that_runs_or_has_ended_is_not_put_first(ledger: Ledger) -> None:
    final = run(ledger, "one")
    submit(ledger, "two")
    running = start(ledger, "two")
    submit(ledger, "three")

    assert [ledger.put_first("one"), ledger.put_first("two")] == [final, running]
    with pytest.raises(JobUnknownError):
        ledger.put_first("four")


def test_cancelling_an_unknown_job_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(JobUnknownError):
        ledger.cancel("one")


def test_recovery_lets_jobs_that_ran_wait_again_and_blames_no_worker(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        for name in ("waits", "runs", "stops", "done"):
            submit(ledger, name)
        for name in ("runs", "stops", "done"):
            start(ledger, name)
        ledger.cancel("stops")
        ledger.finish("done", 1, DONE)

    with opened(tmp_path) as ledger:
        recovered = ledger.recover()

        assert [(job.id, job.state, job.deaths) for job in recovered] == [
            ("runs", "queued", 0),
            ("stops", "cancelled", 0),
        ]
        assert ledger.recover() == []
        assert [job.id for job in ledger.candidates(10)] == ["waits", "runs"]
        assert ledger.finish("runs", 1, DONE) is None


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        submit(ledger, "waits", owner="ann")
        run(ledger, "done", Outcome("succeeded", (picture(digest(1)),)))
        ledger.set_paused(True)
        before = (ledger.jobs(JobFilter()), ledger.counts(), ledger.counts("ann"), ledger.events_after(0))

    with opened(tmp_path) as ledger:
        after = (ledger.jobs(JobFilter()), ledger.counts(), ledger.counts("ann"), ledger.events_after(0))

        assert after == before
        assert ledger.is_paused


def test_pausing_lasts_until_it_is_ended_and_is_told_once(ledger: Ledger) -> None:
    seen = [ledger.is_paused]
    for paused in (True, True, False):
        ledger.set_paused(paused)
        seen.append(ledger.is_paused)

    assert seen == [False, True, True, False]
    told = [(event.type, event.data) for event in ledger.events_after(0)]
    assert told == [("queue", {"paused": True}), ("queue", {"paused": False})]


def test_appended_events_get_numbers_in_order(ledger: Ledger) -> None:
    submit(ledger, "one")

    told = ledger.append([NewEvent("nodes", {"started": [str(n)]}, job="one") for n in range(100)])

    assert [event.number for event in told] == list(range(2, 102))
    assert ledger.events_after(1) == told
    assert ledger.append([]) == []


def test_every_change_of_a_job_is_told_after_it_is_written(ledger: Ledger) -> None:
    told: list[Event] = []

    def hear(events: list[Event]) -> None:
        assert ledger.last_number() >= events[-1].number
        told.extend(events)

    ledger.on_events = hear
    submit(ledger, "one", name="portrait", priority=2, batch="batch")
    ledger.release("one", start(ledger, "one").attempt, died=True)
    start(ledger, "one")
    ledger.cancel("one")
    ledger.finish("one", 2, Outcome("cancelled", problems=(PROBLEM,), seconds=2.0, counts={"ran": 1}))

    assert [event.data["state"] for event in told] == [
        "queued",
        "running",
        "queued",
        "running",
        "running",
        "cancelled",
    ]
    assert [event.number for event in told] == [1, 2, 3, 4, 5, 6]
    assert told == ledger.events_after(0)
    assert told[-1].data == {
        "id": "one",
        "number": 1,
        "state": "cancelled",
        "attempt": 2,
        "name": "portrait",
        "priority": 2,
        "batch": "batch",
        "problems": [PROBLEM],
        "counts": {"ran": 1},
        "seconds": 2.0,
        "outputs": [],
    }


def test_events_of_many_threads_are_told_in_the_order_of_their_numbers(ledger: Ledger) -> None:
    told: list[int] = []
    ledger.on_events = lambda events: told.extend(event.number for event in events)
    writers = [
        threading.Thread(target=lambda w=w: [submit(ledger, f"{w}-{n}") for n in range(25)]) for w in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert told == list(range(1, 101))


def test_a_change_that_fails_leaves_nothing_and_tells_nothing(ledger: Ledger) -> None:
    told: list[Event] = []
    ledger.on_events = told.extend

    with pytest.raises(StatementError):
        ledger.submit([new_job("good"), new_job("bad", document={"value": object()})], most_queued=MANY)

    assert told == []
    assert ledger.jobs(JobFilter()).total == ledger.counts()["queued"] == 0
    assert submit(ledger, "good").number == 1


def test_a_data_folder_has_one_ledger(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(DataFolderInUseError):
        Ledger.open(tmp_path)

    with opened(tmp_path) as ledger:
        assert ledger.last_number() == 0
