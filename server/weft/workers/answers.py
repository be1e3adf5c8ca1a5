"""The answers of a worker: plans, migrations, thumbnails, reloads and the catalogue."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weft.engine.engine import Engine
from weft.errors import JSON, Problem, ProblemsError, WeftError
from weft.graph.check import check
from weft.graph.document import Document, parse_document
from weft.graph.node_versions import migrate_nodes
from weft.graph.structure import Graph
from weft.graph.workflows import NoWorkflows
from weft.plugins import Loaded, reload_changed
from weft.registry import Catalog
from weft.workers.channel import FrameSender
from weft.workers.faults import WorkerFaultError
from weft.workers.protocol import (
    Answer,
    AskCatalog,
    AskMigration,
    AskPlan,
    AskReload,
    AskThumbnail,
    CatalogPublished,
    Question,
)
from weft.workers.publishing import catalog_of
from weft.workers.thumbnails import draw_thumbnail


@dataclass(frozen=True, slots=True)
class Checked:
    """A workflow that can run.

    Attributes:
        document: The workflow.
        graph: What the engine takes.
        warnings: What does not prevent the run.
    """

    document: Document
    graph: Graph
    warnings: tuple[Problem, ...]


def read_workflow(document: Mapping[str, JSON], catalog: Catalog) -> Checked:
    """Read and check a workflow that carries all the workflows it uses.

    Args:
        document: Its JSON.
        catalog: The node types.

    Raises:
        ProblemsError: It cannot run; holds every problem.
    """
    parsed = parse_document(document)
    report = check(parsed, catalog, NoWorkflows())
    if report.graph is None:
        raise ProblemsError(report.problems)
    return Checked(parsed, report.graph, report.warnings)


def problems_of(error: Exception) -> tuple[Problem, ...]:
    """Give the problems that an exception stands for.

    Args:
        error: One of weft's errors; anything else is a fault of the worker, with its traceback.
    """
    match error:
        case ProblemsError():
            return error.problems
        case WeftError():
            return (error.problem(),)
        case _:
            trace = "".join(traceback.format_exception(error))
            return (WorkerFaultError(cause=error, traceback=trace).problem(),)


class Answers:
    """Answers questions; several at once.

    Args:
        engine: Plans, and takes over the node types of reloaded packs.
        loaded: The packs.
        sender: Says things to the server.
    """

    def __init__(self, engine: Engine, loaded: Loaded, sender: FrameSender) -> None:
        self._engine = engine
        self._loaded = loaded
        self._sender = sender
        self._packs = asyncio.Lock()

    def publish(self) -> None:
        """Tell the server what the packs offer; reads the headers of all model files."""
        self._sender.send(CatalogPublished(catalog_of(self._loaded)))

    async def answer(self, question: Question) -> None:
        """Answer a question; whatever goes wrong is the answer, too.

        Args:
            question: The question.
        """
        try:
            answer = Answer(question.request, await self._find(question))
        except Exception as error:  # noqa: BLE001
            # The boundary of the process: who asks must hear of anything that went wrong.
            problems = tuple(problem.to_json() for problem in problems_of(error))
            answer = Answer(question.request, None, problems)
        self._sender.send(answer)

    async def _find(self, question: Question) -> JSON:
        match question:
            case AskPlan(document=document):
                checked = await asyncio.to_thread(read_workflow, document, self._engine.registry)
                plan = await self._engine.plan(
                    checked.graph, wanted=question.targets, lineage=question.lineage
                )
                return plan.to_json()
            case AskMigration(document=document):
                return await asyncio.to_thread(self._migrate, document)
            case AskThumbnail():
                source, target = Path(question.source), Path(question.target)
                width, height = await asyncio.to_thread(draw_thumbnail, source, target, question.size)
                return {"width": width, "height": height}
            case AskReload():
                return await self._reload()
            case AskCatalog():
                async with self._packs:
                    await asyncio.to_thread(self.publish)
                return None

    def _migrate(self, document: Mapping[str, JSON]) -> JSON:
        migrated = migrate_nodes(parse_document(document), self._engine.registry)
        if migrated.problems:
            raise ProblemsError(migrated.problems)
        return migrated.document.to_json()

    async def _reload(self) -> JSON:
        async with self._packs:
            self._loaded = await asyncio.to_thread(reload_changed, self._loaded)
            self._engine.registry = self._loaded.registry
            await asyncio.to_thread(self.publish)
        return [report.to_json() for report in self._loaded.reports]
