"""Whatever dies or hangs, every job that was taken ends once, and nobody else suffers for it."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from server.jobs.toys import (
    PATIENCE_S,
    Step,
    chain,
    lay_out,
    make_jobs,
    request,
    result_of,
    serving,
    states,
    until,
)
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Event, Job, JobFilter, NewJob
from weft.jobs.requests import Request
from weft.jobs.service import Jobs
from weft.workers.pool import Message
from weft.workers.protocol import JobFinished, NodeProgressed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the servers of one test have everything."""
    lay_out(tmp_path)
    return tmp_path


async def _ready(jobs: Jobs) -> int:
    """Wait for the worker; give its process id."""
    await until(lambda: jobs.workers.workers[0].state == "ready")
    pid = jobs.workers.workers[0].pid
    assert pid is not None
    return pid


async def _all_events(jobs: Jobs) -> list[Event]:
    return await jobs.ledger.read(lambda ledger: ledger.events_after(0, limit=100_000))


async def _ended(jobs: Jobs, made: list[Job]) -> list[Job]:
    return list(await asyncio.gather(*(jobs.wait(job.id, PATIENCE_S) for job in made)))


async def test_a_server_that_ends_puts_its_jobs_back_and_the_next_goes_on_from_what_was_done(
    folder: Path,
) -> None:
    noted = folder / "noted"
    steps: tuple[Step, ...] = (
        ("note", {"file": str(noted)}),
        ("wait", {"file": str(folder / "go")}),
        ("double", {}),
    )
    async with serving(folder) as jobs:
        job, _ = await jobs.submit(request(*steps, value=7))
        await until(noted.exists)
        with jobs.events.subscribe(after=0, job=job.id, types={"nodes"}) as observer:
            finished: list[str] = []
            while "step0" not in str(finished):
                batch = await observer.next_batch(PATIENCE_S)
                assert batch is not None
                finished.extend(item.data_text for item in batch.events)

    (folder / "go").touch()
    async with serving(folder) as jobs:
        ended = await jobs.wait(job.id, PATIENCE_S)
        events = await _all_events(jobs)

        assert (result_of(ended), ended.attempt, ended.deaths) == (14, 2, 0)
        assert states(events, job.id) == ["queued", "running", "queued", "running", "succeeded"]
        assert noted.read_text() == "7\n"


async def test_a_server_that_is_gone_without_a_word_leaves_its_jobs_to_the_next(folder: Path) -> None:
    abandoned = Ledger.open(folder / "data")
    new = [NewJob(f"job-{value}", chain(start=value)) for value in (1, 2)]
    made, _ = abandoned.submit(new, most_queued=9)
    abandoned.claim(made[0].id, "worker-1")
    (folder / "data" / "spool" / "1-1").mkdir(parents=True)
    (folder / "data" / "spool" / "1-1" / "half.png").write_bytes(b"half")
    abandoned.close()

    async with serving(folder) as jobs:
        ended = await _ended(jobs, made)

        assert [result_of(job) for job in ended] == [1, 2]
        assert [(job.attempt, job.deaths) for job in ended] == [(2, 0), (1, 0)]
        assert not (folder / "data" / "spool" / "1-1").exists()


async def test_closing_takes_seconds_even_if_a_node_hangs(folder: Path) -> None:
    jobs = make_jobs(folder)
    await jobs.start()
    pid = await _ready(jobs)
    job, _ = await jobs.submit(request(("hang", {"file": str(folder / "never")})))
    await until(lambda: jobs.running == 1)
    started = time.monotonic()

    await jobs.close(grace_s=60)

    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    again = make_jobs(folder)
    kept = await again.job(job.id)
    assert (kept.state, kept.deaths) == ("queued", 0)
    await again.ledger.close()


async def test_two_workers_share_the_jobs(folder: Path) -> None:
    async with serving(folder, workers=2, jobs_per_worker=1) as jobs:
        steps = ("wait", {"file": str(folder / "go")})
        made = [(await jobs.submit(request(steps, value=value)))[0] for value in range(3)]
        await until(lambda: jobs.running == 2)
        running = (await jobs.jobs(JobFilter(states=frozenset({"running"})))).jobs
        (folder / "go").touch()
        ended = await _ended(jobs, made)

        assert {job.worker for job in running} == {"worker-1", "worker-2"}
        assert [result_of(job) for job in ended] == [0, 1, 2]


async def test_one_server_goes_through_it_all(folder: Path) -> None:
    """Each part is a case of its own; they share a server, since a worker takes seconds to start."""
    async with serving(folder, cancel_s=0.5) as jobs:
        await _tells_the_states_of_its_workers(jobs)
        await _ignores_what_a_worker_says_of_a_job_that_is_not_its(jobs, folder)
        await _cancels_a_job_whose_worker_dies(jobs, folder)
        await _kills_a_worker_for_a_job_that_does_not_stop_and_blames_nobody_else(jobs, folder)


async def _tells_the_states_of_its_workers(jobs: Jobs) -> None:
    await _ready(jobs)
    await jobs.wait((await jobs.submit(Request(document=chain())))[0].id, PATIENCE_S)
    events = await _all_events(jobs)

    told = [event.data["state"] for event in events if event.type == "worker"]
    assert told[-1] == "ready"
    assert "starting" in told
    assert [event.data["nodes"] for event in events if event.type == "catalog"] == [10]


async def _ignores_what_a_worker_says_of_a_job_that_is_not_its(jobs: Jobs, folder: Path) -> None:
    job, _ = await jobs.submit(request(("wait", {"file": str(folder / "go1")}), value=4))
    await until(lambda: jobs.running == 1)
    for worker, attempt in (("worker-1", 7), ("worker-2", 1)):
        jobs.workers.event(Message(worker, JobFinished(job.id, attempt, "failed")))
        jobs.workers.event(Message(worker, NodeProgressed(job.id, attempt, "first", 1, 2)))
    jobs.workers.event(Message("worker-1", JobFinished("another", 1, "failed")))

    assert (await jobs.wait(job.id, timeout_s=0.2)).state == "running"
    (folder / "go1").touch()
    assert result_of(await jobs.wait(job.id, PATIENCE_S)) == 4


async def _cancels_a_job_whose_worker_dies(jobs: Jobs, folder: Path) -> None:
    job, _ = await jobs.submit(request(("hang", {"file": str(folder / "never")})))
    await until(lambda: jobs.running == 1)
    pid = await _ready(jobs)
    await jobs.cancel(job.id)
    os.kill(pid, signal.SIGKILL)

    assert (await jobs.wait(job.id, PATIENCE_S)).state == "cancelled"
    await until(lambda: jobs.workers.workers[0].pid != pid)


async def _kills_a_worker_for_a_job_that_does_not_stop_and_blames_nobody_else(
    jobs: Jobs, folder: Path
) -> None:
    pid = await _ready(jobs)
    stuck, _ = await jobs.submit(request(("hang", {"file": str(folder / "still")})))
    neighbour, _ = await jobs.submit(request(("wait", {"file": str(folder / "go2")}), value=5))
    await until(lambda: jobs.running == 2 and (folder / "still.begun").exists())

    await jobs.cancel(stuck.id)
    cancelled = await jobs.wait(stuck.id, PATIENCE_S)
    (folder / "go2").touch()
    finished = await jobs.wait(neighbour.id, PATIENCE_S)

    assert cancelled.state == "cancelled"
    assert (result_of(finished), finished.deaths, finished.attempt) == (5, 0, 2)
    assert await _ready(jobs) != pid
