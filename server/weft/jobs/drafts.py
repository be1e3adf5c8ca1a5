"""From requests to checked jobs, off the event loop where that takes time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from weft.errors import JSON, Problem, ProblemsError
from weft.graph.document import Document, parse_document
from weft.graph.workflows import WorkflowSource
from weft.jobs.files.library import usable_by
from weft.jobs.preparation import (
    Examiner,
    Findings,
    Prepared,
    carry_if_possible,
    count_nodes,
    is_outdated,
    read_document,
)
from weft.jobs.records import NewJob
from weft.jobs.requests import Request, new_id
from weft.jobs.variations import BatchInvalidError
from weft.registry import Catalog
from weft.settings import Settings
from weft.workers.pool import WorkerPool
from weft.workers.protocol import Answer, AskMigration, AskPlan

T = TypeVar("T")

SMALL_NODES = 500
"""A workflow of more nodes is checked in a thread, so that the event loop does not wait for it."""

CATALOG_S = 60.0
"""So long is waited for the first catalogue, which takes a worker some seconds."""

MOST_BATCH_NODES = 500_000
"""The jobs of a batch have so many nodes at most, all together; checking them takes seconds."""

MOST_PROBLEMS = 100
"""A batch reports so many problems at most."""


class Drafts:
    """Makes jobs of requests.

    Args:
        settings: The limits.
        workflows: The saved workflows.
        workers: Know which nodes there are, and bring old ones up to date.
        owners_of: Tells by its digest to whom a picture belongs.
    """

    def __init__(
        self,
        settings: Settings,
        workflows: WorkflowSource,
        workers: WorkerPool,
        *,
        owners_of: Callable[[str], Collection[str]],
    ) -> None:
        self._settings = settings
        self._workflows = workflows
        self._workers = workers
        self._owners_of = owners_of

    async def jobs(
        self, request: Request, rows: Sequence[Mapping[str, JSON]], *, batch: str = ""
    ) -> list[NewJob]:
        """Make checked jobs.

        Args:
            request: What is asked for.
            rows: For each job the inputs in which it differs from the request.
            batch: Id of the batch that they are.

        Raises:
            BatchInvalidError: They are too many for workflows of that size.
            ProblemsError: One of them cannot run; holds every problem, each once.
            WorkflowUnknownError: There is no saved workflow of that name.
            WorkerUnavailableError: No worker has said which nodes there are, or a migration needs one.
        """
        document, examiner = await self._open(request)
        inputs = [{**request.inputs, **row} for row in rows]
        size = len(document.nodes) * len(inputs)
        if len(inputs) > 1 and size > MOST_BATCH_NODES:
            raise BatchInvalidError(
                fault=f"The batch has {size:,} nodes in all, but at most {MOST_BATCH_NODES:,} are checked",
                hint="Submit it in parts.",
            )
        prepared = await _offload(size, lambda: _prepare_all(examiner, document, inputs, request.targets))
        probe = probe_of(request, rows)
        return [
            replace(
                probe,
                id=request.id or new_id(),
                document=ready.document,
                name=request.name or document.title,
                inputs=given,
                affinity=ready.affinity,
                batch=batch,
            )
            for ready, given in zip(prepared, inputs, strict=True)
        ]

    async def check(self, request: Request) -> Findings:
        """Find everything that is wrong with a workflow and the values given to it.

        Args:
            request: The workflow and the values.

        Raises:
            ProblemsError: The document is malformed or too large.
            WorkflowUnknownError: There is no saved workflow of that name.
            WorkerUnavailableError: No worker has said which nodes there are, or a migration needs one.
        """
        document, examiner = await self._open(request)
        return await _offload(
            len(document.nodes), lambda: examiner.examine(document, request.inputs, request.targets)
        )

    async def plan(self, request: Request) -> JSON:
        """Say what a run would do: `Plan.to_json` of a worker.

        Args:
            request: The workflow and the values.

        Raises:
            ProblemsError: The workflow cannot run; holds every problem.
            WorkflowUnknownError: There is no saved workflow of that name.
            WorkerUnavailableError: There is no worker to ask.
        """
        new = (await self.jobs(request, [{}]))[0]
        lineage = lineage_of(new.owner, new.name)
        question = AskPlan(document=dict(new.document), targets=request.targets, lineage=lineage)
        return _result(await self._workers.ask(question))

    async def _open(self, request: Request) -> tuple[Document, Examiner]:
        """Read the workflow of a request, with its nodes in their installed versions."""
        most = self._settings.max_nodes
        workflows = usable_by(request.owner, self._workflows)
        if request.document is None:
            document = await asyncio.to_thread(workflows.load, request.name)
        else:
            tree = request.document
            document = await _offload(count_nodes(tree), lambda: read_document(tree, most_nodes=most))
        everything = await self._workers.wait_for_catalog(CATALOG_S)
        catalog = everything.with_assets(lambda digest: self._may_use(request, digest))
        complete = await _offload(len(document.nodes), lambda: carry_if_possible(document, workflows))
        if is_outdated(complete, catalog):
            document = await self._bring_up_to_date(complete, catalog)
        return document, Examiner(catalog, workflows, most)

    def _may_use(self, request: Request, digest: str) -> bool:
        owners = self._owners_of(digest)
        # Nobody owns an upload that was deleted, though its file stays while a job refers to it.
        return bool(owners) if request.uses_all else request.owner in owners

    async def _bring_up_to_date(self, document: Document, catalog: Catalog) -> Document:
        """Have a worker migrate a document and the workflows that it carries, since migrations are code."""
        parts = {"": document.model_copy(update={"workflows": {}}), **document.workflows}
        for name, part in parts.items():
            if is_outdated(part, catalog):
                answer = await self._workers.ask(AskMigration(document=part.to_json()))
                parts[name] = parse_document(_object(_result(answer)))
        own = parts.pop("")
        return own.model_copy(update={"workflows": parts})


def probe_of(request: Request, rows: Sequence[Mapping[str, JSON]]) -> NewJob:
    """Give what is known of the jobs of a request before anything was looked at: enough to recognise it.

    Args:
        request: What is asked for.
        rows: For each job the inputs in which it differs from the request.
    """
    return NewJob(
        id=request.id,
        document={},
        owner=request.owner,
        targets=request.targets,
        priority=request.priority,
        idempotency_key=request.idempotency_key,
        request_digest=request.digest([dict(row) for row in rows]),
        retry_of=request.retry_of,
    )


def lineage_of(owner: str, name: str) -> str:
    """Name what earlier runs a run is compared with: those of the same workflow of the same owner."""
    return f"{owner}/{name}"


def _prepare_all(
    examiner: Examiner,
    document: Document,
    rows: Sequence[Mapping[str, JSON]],
    targets: Sequence[str] | None,
) -> list[Prepared]:
    """Make a workflow ready with each set of inputs.

    Raises:
        ProblemsError: One of them cannot run; holds the problems of all, each once.
    """
    prepared: list[Prepared] = []
    problems: dict[Problem, None] = {}
    for row in rows:
        try:
            prepared.append(examiner.prepare(document, row, targets))
        except ProblemsError as error:
            problems.update(dict.fromkeys(error.problems))
            if len(problems) >= MOST_PROBLEMS:
                break
    if problems:
        raise ProblemsError(list(problems)[:MOST_PROBLEMS])
    return prepared


async def _offload(nodes: int, work: Callable[[], T]) -> T:
    """Do work at once where it is little, else in a thread."""
    return await asyncio.to_thread(work) if nodes > SMALL_NODES else work()


def _result(answer: Answer) -> JSON:
    """Give what a worker answered.

    Raises:
        ProblemsError: It answered with problems.
    """
    if answer.problems:
        raise ProblemsError([Problem.from_json(problem) for problem in answer.problems])
    return answer.result


def _object(value: JSON) -> Mapping[str, JSON]:
    if not isinstance(value, Mapping):
        raise TypeError(f"A worker answered {type(value).__name__}, where a document was asked for.")
    return value
