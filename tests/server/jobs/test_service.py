"""Jobs as a server sees them: submitted, checked, watched, stopped and kept, run by a real worker."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from server.jobs.toys import PATIENCE_S, Step, chain, lay_out, request, result_of, serving, states, until
from weft.errors import JSON, ProblemsError
from weft.graph_errors import WorkflowUnknownError
from weft.jobs.faults import (
    BatchUnknownError,
    IdempotencyConflictError,
    JobExistsError,
    JobUnfinishedError,
    JobUnknownError,
    QueueFullError,
)
from weft.jobs.records import Event, Job, JobFilter
from weft.jobs.requests import Request
from weft.jobs.service import Jobs
from weft.jobs.variations import BatchInvalidError
from weft.workers.pool import Message
from weft.workers.protocol import JobFinished, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_NODES = 700
MOST_QUEUED = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server of all these tests has everything."""
    made = tmp_path_factory.mktemp("service")
    lay_out(made)
    (made / "workflows").mkdir()
    (made / "workflows" / "sum.json").write_text(json.dumps(chain(("double", {}))))
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jobs(folder: Path) -> AsyncIterator[Jobs]:
    """The service of all these tests."""
    async with serving(folder, max_nodes=MOST_NODES, max_queued_jobs=MOST_QUEUED) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def paused(jobs: Jobs) -> AsyncIterator[Jobs]:
    """The service while it starts no jobs."""
    await jobs.pause()
    yield jobs
    await _cancel_all(jobs)
    await jobs.resume()


async def _cancel_all(jobs: Jobs) -> None:
    page = await jobs.jobs(JobFilter(states=frozenset({"queued", "running"})), limit=500)
    for job in page.jobs:
        await jobs.cancel(job.id)


async def _run(jobs: Jobs, asked: Request) -> Job:
    job, _ = await jobs.submit(asked)
    return await jobs.wait(job.id, PATIENCE_S)


async def _events_of(jobs: Jobs, job: Job) -> list[Event]:
    return await jobs.ledger.read(lambda ledger: ledger.events_after(0, job=job.id, limit=10_000))


async def test_a_submitted_job_runs_and_gives_its_result(jobs: Jobs) -> None:
    job = await _run(jobs, request(("double", {}), value=21))

    assert result_of(job) == 42
    assert (job.attempt, job.worker, job.counts) == (1, "worker-1", {"ran": 2})


async def test_a_saved_workflow_runs_by_its_name(jobs: Jobs) -> None:
    job = await _run(jobs, Request(name="sum", inputs={"value": 4}))

    assert (result_of(job), job.name) == (8, "sum")


async def test_a_workflow_that_uses_a_saved_one_carries_it_along(jobs: Jobs) -> None:
    nodes: dict[str, JSON] = {"inner": {"type": "workflow:sum", "inputs": {"value": 5}}}
    outer: dict[str, JSON] = {"weft": 1, "nodes": nodes, "outputs": {"result": {"from": "inner.result"}}}
    job = await _run(jobs, Request(document=outer))
    carried = (await jobs.document(job.id))["workflows"]

    assert result_of(job) == 10
    assert isinstance(carried, dict)
    assert list(carried) == ["sum"]


async def test_an_unknown_workflow_is_told_as_such(jobs: Jobs) -> None:
    with pytest.raises(WorkflowUnknownError, match='no workflow "some"'):
        await jobs.submit(Request(name="some"))


async def test_every_problem_is_reported_at_once_and_nothing_is_queued(jobs: Jobs) -> None:
    before = jobs.counts()
    steps: tuple[Step, ...] = (("double", {"wrong": 1}), ("missing", {}), ("rest", {"pause_s": "long"}))
    asked = replace(request(*steps), inputs={"value": "one", "other": 1}, targets=("nothing",))

    with pytest.raises(ProblemsError) as caught:
        await jobs.submit(asked)

    assert {problem.code for problem in caught.value.problems} == {
        "workflow-input-unknown",
        "input-unknown",
        "node-type-unknown",
        "input-invalid",
        "output-unknown",
    }
    assert jobs.counts() == before


async def test_a_bad_value_names_the_input_that_it_came_through(jobs: Jobs) -> None:
    with pytest.raises(ProblemsError) as caught:
        await jobs.submit(replace(request(), inputs={"value": "one"}))

    (problem,) = caught.value.problems
    assert (problem.node, problem.input) == ("first", "a")
    assert problem.details["workflow_input"] == "value"


async def test_a_malformed_document_is_refused_with_its_problems(jobs: Jobs) -> None:
    with pytest.raises(ProblemsError) as caught:
        await jobs.submit(Request(document={"weft": 1, "nodes": {"a.b": {"type": ""}}, "more": 1}))

    assert len(caught.value.problems) == 3


async def test_a_workflow_with_too_many_nodes_is_refused_before_it_is_read(jobs: Jobs) -> None:
    nodes: dict[str, JSON] = {str(index): 0 for index in range(MOST_NODES + 1)}

    with pytest.raises(ProblemsError, match="more than 700 nodes"):
        await jobs.submit(Request(document={"weft": 1, "nodes": nodes}))


async def test_a_workflow_that_unfolds_to_too_many_nodes_is_refused(jobs: Jobs) -> None:
    nodes: dict[str, JSON] = {
        str(index): {"type": "workflow:sum", "inputs": {"value": 1}} for index in range(MOST_NODES // 2 + 1)
    }

    with pytest.raises(ProblemsError, match="more than 700 nodes"):
        await jobs.submit(Request(document={"weft": 1, "nodes": nodes}))


async def test_a_large_workflow_runs_too(jobs: Jobs) -> None:
    job = await _run(jobs, request(*[("double", {})] * 10, *[("rest", {})] * 600, value=1))

    assert result_of(job) == 1024


async def test_a_node_of_an_older_version_is_brought_up_to_date(jobs: Jobs) -> None:
    old: dict[str, JSON] = {
        "weft": 1,
        "inputs": {"number": {"to": ["old.number"]}},
        "outputs": {"result": {"from": "old.value"}},
        "nodes": {"old": {"type": "toys:toy.double", "version": 1, "inputs": {"number": 3}}},
    }

    assert result_of(await _run(jobs, Request(document=old))) == 6
    assert result_of(await _run(jobs, Request(document=old, inputs={"number": 5}))) == 10
    assert (await jobs.check(Request(document=old, inputs={"number": 5}))).problems == ()


async def test_a_picture_becomes_a_blob_and_leaves_the_spool_folder(jobs: Jobs, folder: Path) -> None:
    document: dict[str, JSON] = {
        "weft": 1,
        "outputs": {"picture": {"from": "paint.image"}},
        "nodes": {"paint": {"type": "toys:toy.paint", "inputs": {"size": 16}}},
    }
    job = await _run(jobs, Request(document=document))

    assert job.state == "succeeded", job.problems
    (output,) = job.outputs
    blob = folder / "data" / "blobs" / output.digest[:2] / output.digest
    assert (output.media_type, output.width, output.height) == ("image/png", 16, 16)
    assert blob.read_bytes().startswith(b"\x89PNG")
    assert blob.stat().st_size == output.size
    await until(lambda: not list((folder / "data" / "spool").glob("*")))


async def test_a_failing_node_fails_the_job_with_its_problem(jobs: Jobs) -> None:
    job = await _run(jobs, request(("fail", {}), value=3))

    assert job.state == "failed"
    assert [(problem["code"], problem["node"]) for problem in job.problems] == [("node-failed", "step0")]


async def test_a_result_that_no_database_can_hold_fails_its_job(
    jobs: Jobs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job, _ = await jobs.submit(request(("wait", {"file": str(tmp_path / "go")})))
    await until(lambda: jobs.running == 1)
    caplog.set_level(logging.INFO, "weft.jobs")
    product = Product("half a character \ud800", 0, "int", value=1)
    jobs.workers.event(Message("worker-1", JobFinished(job.id, 1, "succeeded", (product,))))

    ended = await jobs.wait(job.id, PATIENCE_S)

    assert (ended.state, [problem["code"] for problem in ended.problems]) == ("failed", ["worker-fault"])
    await until(lambda: "job failed" in caplog.messages)
    assert "job succeeded" not in caplog.messages
    (tmp_path / "go").touch()


async def test_a_job_tells_its_states_and_each_of_its_nodes(jobs: Jobs) -> None:
    job = await _run(jobs, request(("rest", {"pause_s": 0.05}), ("double", {}), value=77, name="new"))
    events = await _events_of(jobs, job)
    nodes = [event.data for event in events if event.type == "nodes"]
    finished = [entry for data in nodes for entry in data.get("finished", [])]  # type: ignore[union-attr]

    assert states(events, job.id) == ["queued", "running", "succeeded"]
    assert [entry[:3] for entry in finished] == [  # type: ignore[index]
        ["first", "ran", "first-run"],
        ["step0", "ran", "first-run"],
        ["step1", "ran", "first-run"],
    ]
    assert (nodes[0]["attempt"], nodes[0]["total"], "total" in nodes[-1]) == (1, 3, len(nodes) == 1)
    assert [event.type for event in events][-1] == "job"


async def test_observers_see_progress_and_previews_while_a_job_runs(jobs: Jobs, folder: Path) -> None:
    paint: dict[str, JSON] = {"type": "toys:toy.paint", "inputs": {"shade": 0.25, "pause_s": 0.5}}
    rest: dict[str, JSON] = {"type": "toys:toy.rest", "inputs": {"value": 5, "pause_s": 0.5}}
    document: dict[str, JSON] = {"weft": 1, "nodes": {"paint": paint, "rest": rest}}
    seen: set[tuple[str, str]] = set()
    with jobs.events.subscribe(types={"progress", "preview"}) as observer:
        job, _ = await jobs.submit(Request(document=document))
        async with asyncio.timeout(PATIENCE_S):
            while seen < {("progress", "rest"), ("preview", "paint")}:
                batch = await observer.next_batch()
                assert batch is not None
                seen |= {(frame.kind, frame.node) for frame in batch.passing if frame.job == job.id}
                pictures = [frame.binary for frame in batch.passing if frame.kind == "preview"]
                assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
        await jobs.wait(job.id, PATIENCE_S)

    assert jobs.events.latest_preview(job.id) is None


async def test_fifty_submissions_with_one_key_make_one_job(jobs: Jobs) -> None:
    asked = request(value=8, idempotency_key="the-key")

    answers = await asyncio.gather(*(jobs.submit(asked) for _ in range(50)))

    assert len({job.id for job, _ in answers}) == 1
    assert sum(is_new for _, is_new in answers) == 1


async def test_a_key_stands_for_one_request(jobs: Jobs) -> None:
    await jobs.submit(request(value=1, idempotency_key="mine"))

    with pytest.raises(IdempotencyConflictError):
        await jobs.submit(request(value=2, idempotency_key="mine"))


async def test_what_was_submitted_before_is_known_again_even_if_it_could_not_run_any_more(
    jobs: Jobs, folder: Path
) -> None:
    saved = folder / "workflows" / "short-lived.json"
    saved.write_text(json.dumps(chain()))
    asked = Request(name="short-lived", idempotency_key="short-lived")
    first, _ = await jobs.submit(asked)
    saved.unlink()

    again, is_new = await jobs.submit(asked)

    assert (again.id, is_new) == (first.id, False)


async def test_an_id_chosen_by_the_client_stands_for_one_job(jobs: Jobs) -> None:
    first, is_new = await jobs.submit(request(value=1, id="my-job"))
    again, is_new_again = await jobs.submit(request(value=1, id="my-job"))

    assert (first.id, is_new) == ("my-job", True)
    assert (again.number, is_new_again) == (first.number, False)
    with pytest.raises(JobExistsError):
        await jobs.submit(request(value=2, id="my-job"))


async def test_a_job_waits_while_the_queue_is_paused(paused: Jobs) -> None:
    job, _ = await paused.submit(request(value=6))

    waited = await paused.wait(job.id, timeout_s=0.2)

    assert (waited.state, paused.is_paused) == ("queued", True)
    assert await paused.positions([job]) == {job.id: 0}
    await paused.resume()
    assert result_of(await paused.wait(job.id, PATIENCE_S)) == 6


async def test_a_waiting_job_is_cancelled_at_once(paused: Jobs) -> None:
    job, _ = await paused.submit(request())

    assert (await paused.cancel(job.id)).state == "cancelled"
    assert (await paused.wait(job.id, PATIENCE_S)).state == "cancelled"


async def test_a_running_job_stops_when_it_is_cancelled(jobs: Jobs, tmp_path: Path) -> None:
    job, _ = await jobs.submit(request(("wait", {"file": str(tmp_path / "never")})))
    await until(lambda: jobs.running == 1)

    asked = await jobs.cancel(job.id)
    ended = await jobs.wait(job.id, PATIENCE_S)

    assert (asked.state, asked.is_cancelling) == ("running", True)
    assert (ended.state, ended.deaths) == ("cancelled", 0)
    assert (await jobs.cancel(job.id)).state == "cancelled"


async def test_many_jobs_run_at_once_on_a_worker(jobs: Jobs, tmp_path: Path) -> None:
    steps = ("wait", {"file": str(tmp_path / "go")})
    made = [(await jobs.submit(request(steps, value=value)))[0] for value in range(9)]
    await until(lambda: jobs.running == 8)
    assert (await jobs.job(made[8].id)).state == "queued"

    (tmp_path / "go").touch()
    ended = await asyncio.gather(*(jobs.wait(job.id, PATIENCE_S) for job in made))

    assert [result_of(job) for job in ended] == list(range(9))


async def test_higher_priority_runs_first(paused: Jobs) -> None:
    made = {
        priority: (await paused.submit(request(value=priority, priority=priority)))[0]
        for priority in (0, -5, 5)
    }
    await paused.resume()
    ended = {key: await paused.wait(job.id, PATIENCE_S) for key, job in made.items()}
    starts = {key: job.started_at or 0 for key, job in ended.items()}

    assert starts[5] < starts[0] < starts[-5]


async def test_a_job_knows_the_model_files_that_it_uses(paused: Jobs) -> None:
    job, _ = await paused.submit(request(("use", {}), ("use", {"model": "large.safetensors"})))

    assert job.affinity == ("large.safetensors", "small.safetensors")


async def test_a_full_queue_takes_no_more(paused: Jobs) -> None:
    made, _ = await paused.submit_batch(request(), {"value": list(range(MOST_QUEUED))}, "zip")

    assert len(made) == MOST_QUEUED
    with pytest.raises(QueueFullError):
        await paused.submit(request())
    with pytest.raises(QueueFullError):
        await paused.submit(request(idempotency_key="another"))


async def test_a_batch_zips_its_values(jobs: Jobs) -> None:
    document = chain(("double", {}))
    document["inputs"] = {"a": {"to": ["first.a"]}, "b": {"to": ["first.b"]}}
    asked = Request(document=document)

    made, is_new = await jobs.submit_batch(asked, {"a": [1, 2], "b": [10, 20]}, "zip")
    ended = [await jobs.wait(job.id, PATIENCE_S) for job in made]

    assert is_new
    assert [(job.inputs, result_of(job)) for job in ended] == [
        ({"a": 1, "b": 10}, 22),
        ({"a": 2, "b": 20}, 44),
    ]
    assert (await jobs.batch(made[0].batch)).counts["succeeded"] == 2


async def test_a_batch_combines_each_with_each(jobs: Jobs) -> None:
    document = chain()
    document["inputs"] = {"a": {"to": ["first.a"]}, "b": {"to": ["first.b"]}}

    made, _ = await jobs.submit_batch(Request(document=document), {"a": [1, 2], "b": [10, 20]}, "product")
    ended = [await jobs.wait(job.id, PATIENCE_S) for job in made]

    assert [result_of(job) for job in ended] == [11, 21, 12, 22]


async def test_a_batch_with_one_bad_value_is_refused_whole(jobs: Jobs) -> None:
    before = jobs.counts()

    with pytest.raises(ProblemsError) as caught:
        await jobs.submit_batch(request(), {"value": [1, "two", 3, "four", "two"]}, "zip")

    assert len(caught.value.problems) == 2
    assert jobs.counts() == before


async def test_a_batch_of_uneven_lists_is_refused_with_one_clear_error(jobs: Jobs) -> None:
    with pytest.raises(BatchInvalidError, match="equally many"):
        await jobs.submit_batch(request(), {"value": [1, 2], "other": [1]}, "zip")


async def test_a_repeated_batch_with_a_key_gives_the_same_jobs(jobs: Jobs) -> None:
    asked = request(idempotency_key="batch-key")

    first, is_new = await jobs.submit_batch(asked, {"value": [1, 2, 3]}, "zip")
    again, is_new_again = await jobs.submit_batch(asked, {"value": [1, 2, 3]}, "zip")

    assert (is_new, is_new_again) == (True, False)
    assert [job.id for job in again] == [job.id for job in first]
    with pytest.raises(IdempotencyConflictError):
        await jobs.submit_batch(asked, {"value": [1, 2, 4]}, "zip")


async def test_a_batch_is_cancelled_as_a_whole(paused: Jobs) -> None:
    made, _ = await paused.submit_batch(request(), {"value": [1, 2, 3]}, "zip")

    view = await paused.cancel_batch(made[0].batch)

    assert (view.counts["cancelled"], view.is_final) == (3, True)


async def test_a_job_that_is_put_first_runs_before_older_ones(paused: Jobs) -> None:
    older, _ = await paused.submit(request(value=1, priority=2))
    job, _ = await paused.submit(request(value=2))

    first = await paused.put_first(job.id)

    assert (first.id, first.number) == (job.id, job.number)
    assert await paused.positions([older, first]) == {job.id: 0, older.id: 1}


async def test_a_final_job_is_repeated_as_a_new_one(jobs: Jobs) -> None:
    first = await _run(jobs, request(("double", {}), value=9, priority=3))

    again, is_new = await jobs.retry(first.id)
    ended = await jobs.wait(again.id, PATIENCE_S)

    assert is_new
    assert (again.id != first.id, again.retry_of, again.priority) == (True, first.id, 3)
    assert (result_of(ended), ended.inputs, ended.counts) == (18, {"value": 9}, {"hit": 2})


async def test_a_job_that_is_not_final_is_neither_repeated_nor_deleted(paused: Jobs) -> None:
    job, _ = await paused.submit(request())

    with pytest.raises(JobUnfinishedError):
        await paused.retry(job.id)
    with pytest.raises(JobUnfinishedError):
        await paused.delete(job.id)


async def test_a_deleted_job_is_gone(jobs: Jobs) -> None:
    job = await _run(jobs, request(value=99))

    await jobs.delete(job.id)

    with pytest.raises(JobUnknownError):
        await jobs.job(job.id)


async def test_what_belongs_to_others_is_as_unknown_as_what_does_not_exist(jobs: Jobs) -> None:
    made, _ = await jobs.submit_batch(request(owner="anna"), {"value": [1]}, "zip")
    job = await jobs.wait(made[0].id, PATIENCE_S, owner="anna")

    assert (await jobs.batch(job.batch, owner="anna")).owner == "anna"
    with pytest.raises(BatchUnknownError):
        await jobs.batch(job.batch, owner="bert")
    for forbidden in (jobs.job, jobs.document, jobs.cancel, jobs.delete, jobs.retry):
        with pytest.raises(JobUnknownError):
            await forbidden(job.id, owner="bert")
    with pytest.raises(JobUnknownError):
        await jobs.wait(job.id, 1, owner="bert")


async def test_a_check_tells_the_signature_and_runs_nothing(jobs: Jobs) -> None:
    before = jobs.counts()

    found = await jobs.check(Request(name="sum"))

    assert found.can_run
    assert found.signature is not None
    assert [item.to_json()["name"] for item in found.signature.inputs.values()] == ["value"]
    assert jobs.counts() == before


async def test_a_plan_says_what_would_run(jobs: Jobs) -> None:
    asked = request(("double", {}), value=123)
    before = await jobs.plan(asked)
    await _run(jobs, asked)
    after = await jobs.plan(asked)

    def actions(plan: JSON) -> list[JSON]:
        assert isinstance(plan, dict)
        steps = plan["steps"]
        assert isinstance(steps, list)
        return [step["action"] for step in steps if isinstance(step, dict)]

    assert (actions(before), actions(after)) == (["run", "run"], ["hit", "hit"])


async def test_a_plan_of_what_cannot_run_says_why(jobs: Jobs) -> None:
    with pytest.raises(ProblemsError, match="no node type"):
        await jobs.plan(request(("missing", {})))


async def test_waiting_does_not_ask_again_and_again(jobs: Jobs, tmp_path: Path) -> None:
    job, _ = await jobs.submit(request(("wait", {"file": str(tmp_path / "go")})))
    waiting = [asyncio.create_task(jobs.wait(job.id, PATIENCE_S)) for _ in range(20)]
    await until(lambda: jobs.running == 1)
    (tmp_path / "go").touch()

    assert {ended.state for ended in await asyncio.gather(*waiting)} == {"succeeded"}
