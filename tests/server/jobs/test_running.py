"""Which jobs are on which worker, and who may speak of them."""

import asyncio

from weft.jobs.dispatch import Place
from weft.jobs.records import Job
from weft.jobs.running import Run, Runs
from weft.workers.pool import WorkerView


def _run(number: int, worker: str = "worker-1", *, deaths: int = 0) -> Run:
    job = Job(f"job-{number}", number, "local", "", "running", attempt=2, deaths=deaths)
    return Run(job, worker)


def _runs(*given: Run) -> Runs:
    runs = Runs()
    for run in given:
        runs.add(run)
    return runs


def test_a_run_is_found_by_its_job_until_it_ends() -> None:
    run = _run(1)
    runs = _runs(run)

    assert (runs.get("job-1"), len(runs), list(runs)) == (run, 1, [run])
    runs.remove(run)
    assert (runs.get("job-1"), len(runs)) == (None, 0)


def test_only_the_worker_that_has_the_present_attempt_speaks_of_a_job() -> None:
    run = _run(1)
    runs = _runs(run)

    assert runs.current("job-1", 2, "worker-1") is run
    assert runs.current("job-1", 1, "worker-1") is None
    assert runs.current("job-1", 2, "worker-2") is None
    assert runs.current("job-2", 2, "worker-1") is None


def test_ending_a_run_twice_does_not_end_the_next_one_of_the_job() -> None:
    first, second = _run(1), _run(1)
    runs = _runs(first)
    runs.remove(first)
    runs.add(second)
    runs.remove(first)

    assert runs.get("job-1") is second


async def test_the_alarm_of_a_run_that_ends_is_switched_off() -> None:
    run = _run(1)
    run.alarm = asyncio.get_running_loop().call_later(60, lambda: None)
    runs = _runs(run)

    runs.remove(run)

    assert run.alarm.cancelled()


def test_places_are_the_workers_that_are_ready() -> None:
    runs = _runs(_run(1), _run(2), _run(3, "worker-2", deaths=1))
    views = [
        WorkerView("worker-1", "ready", warm=("flux",)),
        WorkerView("worker-2", "ready"),
        WorkerView("worker-3", "starting"),
        WorkerView("worker-4", "down"),
    ]

    assert runs.places(views) == [
        Place("worker-1", 2, is_exclusive=False, warm=frozenset({"flux"})),
        Place("worker-2", 1, is_exclusive=True),
    ]
    assert [run.job.number for run in runs.on("worker-1")] == [1, 2]
