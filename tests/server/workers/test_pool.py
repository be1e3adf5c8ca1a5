"""Two real workers: jobs and questions find them, deaths are told and mended, and the catalogue stays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from server.workers.toys import Workers, document, is_alive, settings_below, toy, workers_in
from weft.workers.faults import WorkerUnavailableError
from weft.workers.pool import CATALOG_FILE, CatalogChanged, WorkerChanged, WorkerDied, WorkerEvent
from weft.workers.post import REMEMBERED_JOBS
from weft.workers.protocol import AskPlan, AskReload, JobStarted, NodesChanged, RunJob

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADD = document(["add.sum"], add=toy("number.add", 2, a=1, b=1))
STUCK = document(["stuck.text"], stuck=toy("fault.stuck"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workers]:
    """A pool of two ready workers."""
    async with workers_in(settings_below(tmp_path_factory.mktemp("pool"), workers=2)) as started:
        yield started


def _run(workers: Workers, name: str, job: str, models: tuple[str, ...] = ()) -> None:
    spool = str(workers.settings.data_dir / "spool" / job)
    workers.pool.run(name, RunJob(job, 1, ADD, spool), models)


async def test_all_workers_are_ready_and_have_names(workers: Workers) -> None:
    views = workers.pool.workers

    assert [view.name for view in views] == ["worker-1", "worker-2"]
    assert {view.device for view in views} == {"cpu"}
    assert all(view.device_name and view.pid and is_alive(view.pid) for view in views)
    assert len({view.pid for view in views}) == 2


async def test_a_starting_worker_tells_what_it_is_doing(workers: Workers) -> None:
    views = [event.view for event in workers.happened(WorkerChanged) if event.view.name == "worker-1"]

    assert [view.phase for view in views][:3] == [
        "Starting Python",
        "Loading the engine",
        "Loading the nodes",
    ]
    assert "ready" in {view.state for view in views}


async def test_a_job_runs_on_the_worker_it_was_given_to(workers: Workers) -> None:
    _run(workers, "worker-2", "placed")
    assert ("placed", 1) in workers.pool.workers[1].running

    await workers.finished("placed")

    assert workers.pool.workers[1].running == frozenset()


async def test_the_models_of_the_latest_jobs_are_warm(workers: Workers) -> None:
    for number in range(REMEMBERED_JOBS):
        _run(workers, "worker-1", f"warm-{number}", (f"model-{number}", "common"))
    _run(workers, "worker-1", "warm-again", ("model-3",))
    await workers.finished("warm-again")

    warm = workers.pool.workers[0].warm
    assert warm[:3] == ("model-3", f"model-{REMEMBERED_JOBS - 1}", "common")
    assert "model-0" not in warm
    assert len(warm) == len(set(warm))


async def test_an_unknown_worker_takes_nothing(workers: Workers) -> None:
    with pytest.raises(WorkerUnavailableError, match="there is no worker-9"):
        _run(workers, "worker-9", "nowhere")
    with pytest.raises(WorkerUnavailableError, match="there is no worker-9"):
        workers.pool.kill("worker-9")


async def test_the_catalogue_is_told_and_saved(workers: Workers) -> None:
    catalog = await workers.pool.wait_for_catalog(60)

    assert catalog.schema("toys:number.add") is not None
    assert [pack["name"] for pack in catalog.packs] == ["toys"]
    assert workers.happened(CatalogChanged)[0].catalog.types() == catalog.types()
    assert (workers.settings.data_dir / CATALOG_FILE).exists()


async def test_a_reload_reaches_every_worker(workers: Workers) -> None:
    pack = workers.settings.custom_nodes_dirs[0] / "more.py"
    pack.write_text('from weft.sdk import node\n\n@node("number.nine")\ndef _nine() -> int:\n    return 9\n')

    await workers.pool.ask(AskReload())
    nine = document(["nine.value"], nine={"type": "more:number.nine"})
    for name in ("worker-1", "worker-2"):
        workers.pool.run(name, RunJob(f"nine-{name}", 1, nine, str(workers.settings.data_dir / name)))

    for name in ("worker-1", "worker-2"):
        assert [product.value for product in (await workers.finished(f"nine-{name}")).products] == [9]


async def test_a_fault_of_the_listener_hurts_no_worker(workers: Workers) -> None:
    listener = workers.pool._listener

    def fail(event: WorkerEvent) -> None:
        listener(event)
        raise KeyError(event)

    workers.pool._listener = fail
    _run(workers, "worker-1", "unhurt")
    finished = await workers.finished("unhurt")
    workers.pool._listener = listener

    assert finished.state == "succeeded"


async def test_a_worker_that_dies_takes_its_jobs_along_and_is_replaced(workers: Workers) -> None:
    old = workers.pool.workers[0]
    workers.start("victim", STUCK)
    await workers.until(lambda: bool(workers.said(NodesChanged, "victim")))

    workers.start("killer", document(["die.text"], die=toy("fault.die", code=7)))
    await workers.until(lambda: bool(workers.happened(WorkerDied)))
    down = workers.pool.workers[0]
    with pytest.raises(WorkerUnavailableError, match="worker-1 is"):
        _run(workers, "worker-1", "too-early")
    await workers.ready()

    (death,) = workers.happened(WorkerDied)
    new = workers.pool.workers[0]
    assert (death.name, death.exit_code) == ("worker-1", 7)
    assert death.running == {("victim", 1), ("killer", 1)}
    assert "the pen exploded" in death.log_tail
    assert down.running == frozenset()
    assert (new.restarts, new.warm) == (1, ())
    assert new.pid != old.pid


async def test_a_worker_that_is_killed_leaves_the_other_alone(workers: Workers) -> None:
    before = len(workers.happened(WorkerDied))
    workers.start("shot", STUCK)
    await workers.until(lambda: bool(workers.said(JobStarted, "shot")))
    question = asyncio.create_task(workers.pool._posts["worker-1"].ask(AskReload()))
    await asyncio.sleep(0)

    workers.pool.kill("worker-1")
    await workers.until(lambda: len(workers.happened(WorkerDied)) > before)
    answer = await workers.pool.ask(AskPlan(document=ADD))
    _run(workers, "worker-2", "calm")
    finished = await workers.finished("calm")

    death = workers.happened(WorkerDied)[-1]
    assert (death.name, death.exit_code) == ("worker-1", -9)
    assert death.running == {("shot", 1)}
    assert answer.problems == ()
    assert finished.state == "succeeded"
    with contextlib.suppress(WorkerUnavailableError):
        # Whether it was still answered depends on who was faster.
        await question
    await workers.ready()


async def test_a_pool_that_is_closed_leaves_no_process(tmp_path: Path) -> None:
    # The pack loops at import, so the worker is busy and never ready.
    settings = settings_below(tmp_path)
    (tmp_path / "custom_nodes" / "slow.py").write_text("import time\ntime.sleep(1000)\n")
    workers = Workers(settings)
    await workers.pool.start()
    await workers.until(lambda: workers.pool.workers[0].phase == "Loading the nodes")
    pid = workers.pool.workers[0].pid

    with pytest.raises(WorkerUnavailableError, match="Loading the nodes"):
        await workers.pool.ask(AskPlan(document=ADD), timeout_s=0.1)
    with pytest.raises(WorkerUnavailableError, match="Loading the nodes"):
        await workers.pool.wait_for_catalog(0.1)
    await workers.pool.close()

    assert pid is not None
    assert not is_alive(pid)
    assert workers.happened(WorkerDied) == []
    assert workers.pool.workers[0].state == "down"


async def test_a_saved_catalogue_is_there_before_any_worker(workers: Workers, tmp_path: Path) -> None:
    settings = settings_below(tmp_path)
    assert workers.pool.catalog is not None
    workers.pool.catalog.save(settings.data_dir / CATALOG_FILE)
    later = Workers(settings)

    await later.pool.start()
    catalog = await later.pool.wait_for_catalog(0.001)
    await later.pool.close()

    assert catalog.types() == workers.pool.catalog.types()


async def test_a_damaged_catalogue_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_below(tmp_path)
    settings.data_dir.mkdir()
    (settings.data_dir / CATALOG_FILE).write_text("{")
    workers = Workers(settings)

    await workers.pool.start()
    found = workers.pool.catalog
    await workers.pool.close()

    assert found is None
    assert "cannot be used" in caplog.text
