"""From requests to jobs that can be written down, against a catalogue as a worker publishes it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from server.jobs.toys import chain, lay_out, request, settings_in
from weft.errors import JSON, Problem, ProblemsError
from weft.graph.workflows import FolderWorkflows
from weft.jobs import drafts as drafts_module
from weft.jobs.drafts import Drafts, lineage_of
from weft.jobs.requests import Request
from weft.jobs.variations import BatchInvalidError
from weft.plugins import load
from weft.workers.faults import WorkerUnavailableError
from weft.workers.pool import WorkerPool
from weft.workers.publishing import catalog_of


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> dict[str, JSON]:
    """What a worker with the toys publishes."""
    folder = tmp_path_factory.mktemp("catalog")
    lay_out(folder)
    return catalog_of(load(settings_in(folder), installed=False))


def _drafts(folder: Path, catalog: Mapping[str, JSON] | None) -> Drafts:
    settings = settings_in(folder)
    pool = WorkerPool(settings, listener=lambda _: None)
    if catalog is not None:
        pool.published(dict(catalog))
    return Drafts(settings, FolderWorkflows(settings.workflows_dirs), pool, owners_of=lambda _: ())


async def test_a_job_holds_all_that_is_asked_for(tmp_path: Path, catalog: dict[str, JSON]) -> None:
    asked = Request(
        document={**chain(("use", {})), "title": "A title"},
        inputs={"value": 3},
        targets=("result",),
        priority=7,
        id="mine",
        idempotency_key="key",
        owner="anna",
        retry_of="before",
    )

    (new,) = await _drafts(tmp_path, catalog).jobs(asked, [{}])

    assert (new.id, new.owner, new.name, new.priority) == ("mine", "anna", "A title", 7)
    assert (new.inputs, new.targets, new.affinity) == ({"value": 3}, ("result",), ("small.safetensors",))
    assert (new.idempotency_key, new.retry_of, new.batch) == ("key", "before", "")
    assert new.request_digest == asked.digest([{}])


async def test_each_job_of_a_batch_has_its_own_values(tmp_path: Path, catalog: dict[str, JSON]) -> None:
    made = await _drafts(tmp_path, catalog).jobs(request(), [{"value": 1}, {"value": 2}], batch="b")

    assert [(job.inputs, job.batch) for job in made] == [({"value": 1}, "b"), ({"value": 2}, "b")]
    assert len({job.id for job in made}) == 2
    assert len({job.request_digest for job in made}) == 1


async def test_the_problems_of_a_batch_are_told_once_each(tmp_path: Path, catalog: dict[str, JSON]) -> None:
    rows: list[dict[str, JSON]] = [{"value": value} for value in ("x", 1, "y", "x")]

    with pytest.raises(ProblemsError) as caught:
        await _drafts(tmp_path, catalog).jobs(request(), rows)

    assert len(caught.value.problems) == 2


async def test_endlessly_many_problems_are_cut(tmp_path: Path, catalog: dict[str, JSON]) -> None:
    rows: list[dict[str, JSON]] = [{"value": f"no number {index}"} for index in range(150)]

    with pytest.raises(ProblemsError) as caught:
        await _drafts(tmp_path, catalog).jobs(request(), rows)

    assert len(caught.value.problems) == drafts_module.MOST_PROBLEMS


async def test_a_batch_of_large_workflows_is_refused_before_it_is_checked(
    tmp_path: Path, catalog: dict[str, JSON]
) -> None:
    large = request(*[("rest", {})] * 600)
    rows: list[dict[str, JSON]] = [{"value": index} for index in range(1000)]

    with pytest.raises(BatchInvalidError, match="601,000 nodes"):
        await _drafts(tmp_path, catalog).jobs(large, rows)


async def test_without_any_catalogue_nothing_can_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts_module, "CATALOG_S", 0.01)

    with pytest.raises(WorkerUnavailableError):
        await _drafts(tmp_path, None).jobs(request(), [{}])


async def test_a_check_of_a_bad_workflow_gives_the_problems_and_does_not_raise(
    tmp_path: Path, catalog: dict[str, JSON]
) -> None:
    found = await _drafts(tmp_path, catalog).check(request(("missing", {})))

    assert [problem.code for problem in found.problems] == ["node-type-unknown"]
    assert found.graph is None


async def test_the_document_wins_over_a_saved_workflow_of_the_name(
    tmp_path: Path, catalog: dict[str, JSON]
) -> None:
    (new,) = await _drafts(tmp_path, catalog).jobs(replace(request(), name="anything"), [{}])

    assert new.name == "anything"


def test_runs_are_compared_with_those_of_the_same_owner_and_workflow() -> None:
    assert len({lineage_of("anna", "a"), lineage_of("bert", "a"), lineage_of("anna", "b")}) == 3


def test_a_problem_comes_back_from_a_worker_as_it_was() -> None:
    problem = Problem("code", "message", "hint", "node", "input", "warning", {"more": 1})

    assert Problem.from_json(problem.to_json()) == problem
