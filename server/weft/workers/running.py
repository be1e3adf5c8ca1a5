"""Running jobs in a worker: from the document to what it made, telling the server of all that happens."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from weft.engine.cancel import CancelToken
from weft.engine.engine import Engine
from weft.engine.events import Event, NodeFailed, NodeFinished, NodePreview, RunStarted
from weft.engine.provenance import provenance_of
from weft.engine.results import RunResult
from weft.errors import Problem
from weft.workers.answers import Checked, problems_of, read_workflow
from weft.workers.channel import FrameSender
from weft.workers.coalescing import Coalescer
from weft.workers.delivering import deliver
from weft.workers.faults import MessageTooLongError
from weft.workers.previews import Jpeg, Previews
from weft.workers.protocol import JobFinished, JobStarted, Preview, RunJob

MOST_BACKLOG_BYTES = 4 * 2**20
"""Previews are dropped while more than this waits to be read by the server."""


class JobRunner:
    """Runs jobs on one engine, many at once.

    Args:
        engine: Runs them.
        sender: Says things to the server.
    """

    def __init__(self, engine: Engine, sender: FrameSender) -> None:
        self._engine = engine
        self._sender = sender
        self._tokens: dict[str, CancelToken] = {}
        self._painters = ThreadPoolExecutor(1, thread_name_prefix="weft-previews")

    def cancel(self, job: str) -> None:
        """Ask a job to stop; from any thread. One that is not running is ignored.

        Args:
            job: Its id.
        """
        token = self._tokens.get(job)
        if token is not None:
            token.cancel()

    def accept(self, message: RunJob) -> None:
        """Take a job, so that it can be cancelled from now on; `run` must follow.

        Args:
            message: The job.
        """
        self._tokens[message.job] = CancelToken()

    async def run(self, message: RunJob) -> None:
        """Run a job that was accepted to its end, and tell how it ended.

        Args:
            message: The job.
        """
        token = self._tokens[message.job]
        started = time.perf_counter()
        try:
            finished = await self._carry_out(message, token)
        except Exception as error:  # noqa: BLE001
            # The boundary of the process: the server must hear of anything that ended the job.
            finished = _failed(message, problems_of(error), time.perf_counter() - started)
        finally:
            del self._tokens[message.job]
        try:
            self._sender.send(finished)
        except MessageTooLongError as error:
            self._sender.send(_failed(message, (error.problem(),), finished.seconds))

    async def _carry_out(self, message: RunJob, token: CancelToken) -> JobFinished:
        checked = await asyncio.to_thread(read_workflow, message.document, self._engine.registry)
        coalescer = Coalescer(message.job, message.attempt, self._sender.send)
        previews = Previews(lambda node, jpeg: self._show(message, node, jpeg), self._painters)
        try:
            result = await self._engine.run(
                checked.graph,
                wanted=message.targets,
                observer=self._observer(message, coalescer, previews),
                cancel=token,
                lineage=message.lineage,
                document=checked.document.to_json(),
            )
        finally:
            previews.close()
            coalescer.flush()
        return await asyncio.to_thread(_finish, message, checked, result)

    def _observer(self, message: RunJob, coalescer: Coalescer, previews: Previews) -> Callable[[Event], None]:
        def observe(event: Event) -> None:
            match event:
                case RunStarted(nodes=nodes):
                    self._sender.send(JobStarted(message.job, message.attempt, len(nodes)))
                case NodePreview():
                    previews.offer(event.node, event.pixels_HWC)
                case _:
                    if isinstance(event, NodeFinished | NodeFailed):
                        previews.forget(event.node)
                    coalescer.note(event)

        return observe

    def _show(self, message: RunJob, node: str, jpeg: Jpeg) -> None:
        if self._sender.backlog_bytes < MOST_BACKLOG_BYTES:
            told = Preview(message.job, message.attempt, node, jpeg.width, jpeg.height)
            self._sender.send(told, jpeg.data)


def _finish(message: RunJob, checked: Checked, result: RunResult) -> JobFinished:
    """Write what a run made, also one that failed elsewhere or was cancelled, and sum it up."""
    name = message.name or checked.document.title or message.lineage or "workflow"
    provenance = provenance_of(checked.document, checked.graph, workflow=name, files=result.files)
    products, unwritten = deliver(result.outputs, Path(message.spool), provenance)
    problems = (*checked.warnings, *result.problems, *unwritten)
    return JobFinished(
        message.job,
        message.attempt,
        "failed" if unwritten and result.state == "succeeded" else result.state,
        products,
        tuple(problem.to_json() for problem in problems),
        result.seconds,
        dict(Counter(outcome.state for outcome in result.nodes.values())),
        dict(result.files),
    )


def _failed(message: RunJob, problems: tuple[Problem, ...], seconds: float) -> JobFinished:
    told = tuple(problem.to_json() for problem in problems)
    return JobFinished(message.job, message.attempt, "failed", problems=told, seconds=seconds)
