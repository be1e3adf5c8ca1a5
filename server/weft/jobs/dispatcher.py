"""Gives queued jobs to workers, and carries what the workers say into the ledger and to the observers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError, StatementError

from weft.errors import JSON, FileError, WeftError
from weft.jobs.dispatch import WINDOW, Choice, choose
from weft.jobs.drafts import lineage_of
from weft.jobs.events import EventHub
from weft.jobs.faults import JobUnknownError
from weft.jobs.files.blobs import Blobs
from weft.jobs.files.products import Spool
from weft.jobs.job_log import log_end, log_loss, log_start
from weft.jobs.journal import Journal
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.records import Job, NewEvent, Outcome
from weft.jobs.running import Run, Runs
from weft.jobs.tellings import death_problem, nodes_data, preview_data, progress_data, worker_data
from weft.settings import Settings
from weft.workers.faults import WorkerFaultError, WorkerUnavailableError
from weft.workers.pool import CatalogChanged, Message, WorkerChanged, WorkerDied, WorkerEvent, WorkerPool
from weft.workers.protocol import (
    FromWorker,
    JobFinished,
    JobStarted,
    NodeProgressed,
    NodesChanged,
    Preview,
    RunJob,
)

T = TypeVar("T")

CANCEL_S = 8.0
"""A job that was told to stop and has not after so long is stopped by killing its worker."""

RETRY_S = 1.0
"""After so long a write that the disk refused is tried again."""

MOST_CANDIDATES = 2 * WINDOW
"""So many jobs at the head of the queue are looked at."""

CLOSING_S = 1.0
"""When the server ends, what is being written has so long to be written."""

logger = logging.getLogger(__name__)


class Dispatcher:
    """Keeps the workers busy.

    Everything here is called on one event loop.

    Args:
        settings: The settings.
        ledger: Where jobs are claimed, finished and released.
        blobs: Where the files go that jobs make.
        hub: Is shown progress and previews.
        installed: Whether workers load installed packs.
        cancel_s: How long a job has to stop before its worker is killed.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: LedgerThreads,
        blobs: Blobs,
        hub: EventHub,
        installed: bool = True,
        cancel_s: float = CANCEL_S,
    ) -> None:
        self.workers = WorkerPool(settings, listener=self.hear, installed=installed)
        self._most_at_once = settings.jobs_per_worker
        self._cancel_s = cancel_s
        self._ledger = ledger
        self._blobs = blobs
        self._hub = hub
        self._journal = Journal(ledger)
        self._spool = Spool(settings.data_dir.absolute() / "spool")
        self._runs = Runs()
        # Workers that are killed for one job only: what else they run is not to blame.
        self._blameless: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._is_paused = False
        self._is_stopping = False

    @property
    def running(self) -> int:
        """How many jobs the workers have."""
        return len(self._runs)

    async def start(self) -> None:
        """Begin to give out jobs; the ledger was recovered before."""
        await asyncio.to_thread(self._spool.sweep)
        self._is_paused = await self._ledger.read(lambda ledger: ledger.is_paused)
        await self.workers.start()
        self._loop = asyncio.create_task(self._dispatch(), name="weft-dispatch")
        self._loop.add_done_callback(self._ended)
        self.wake()

    async def stop(self, grace_s: float) -> None:
        """Give out nothing more, and put what still runs after a while back into the queue.

        Args:
            grace_s: So long running jobs may still end.
        """
        self._is_stopping = True
        self.wake()
        deadline = asyncio.get_running_loop().time() + grace_s
        if self._loop is not None:
            await asyncio.wait([self._loop], timeout=CLOSING_S)
            self._loop.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while self._runs:
                    self._news.clear()
                    await self._news.wait()
        await self._release(list(self._runs), died=False)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING_S)

    async def close(self) -> None:
        """Write the last events; afterwards nothing that the workers say is taken up."""
        await self._journal.close()

    def wake(self) -> None:
        """Look again whether a job can start."""
        self._news.set()

    def pause(self, is_paused: bool) -> None:
        """Start no jobs, or start them again; what runs goes on."""
        self._is_paused = is_paused
        self.wake()

    def cancel(self, job: str) -> None:
        """Stop a job if a worker has it; the ledger says already that it is to stop.

        Args:
            job: Its id.
        """
        run = self._runs.get(job)
        if run is None or run.is_cancelling:
            return
        run.is_cancelling = True
        self.workers.cancel(job)
        run.alarm = asyncio.get_running_loop().call_later(self._cancel_s, self._give_up, run)

    def hear(self, event: WorkerEvent) -> None:
        """Hear what happens to the workers and what they say."""
        match event:
            case Message(worker=worker, message=message, tail=tail):
                self._hear_message(worker, message, tail)
            case WorkerDied():
                self._spawn(self._bury(event))
            case WorkerChanged(view=view):
                self._journal.add(NewEvent("worker", worker_data(view)))
                self.wake()
            case CatalogChanged(catalog=catalog):
                self._journal.add(NewEvent("catalog", {"nodes": len(catalog.types())}))

    async def _dispatch(self) -> None:
        while not self._is_stopping:
            await self._news.wait()
            self._news.clear()
            try:
                while await self._start_next():
                    continue
            except (FileError, SQLAlchemyError) as error:
                logger.warning("no job can be started now: %s", error)
                await asyncio.sleep(RETRY_S)
                self.wake()

    async def _start_next(self) -> bool:
        """Start one job; tell whether another look is worth while."""
        if self._is_paused or self._is_stopping or not self._has_room():
            return False
        candidates = await self._ledger.read(lambda ledger: ledger.candidates(MOST_CANDIDATES))
        choice = choose(candidates, self._runs.places(self.workers.workers), most=self._most_at_once)
        if choice is None:
            return False
        claimed = await self._ledger.write(lambda ledger: _claim(ledger, choice))
        if claimed is not None:
            job, document = claimed
            await self._send(Run(job, choice.worker), document)
        return True

    def _has_room(self) -> bool:
        return any(place.load < self._most_at_once for place in self._runs.places(self.workers.workers))

    async def _send(self, run: Run, document: dict[str, JSON]) -> None:
        """Give a claimed job to its worker, or put it back where that is gone meanwhile."""
        job = run.job
        self._runs.add(run)
        message = RunJob(
            job.id,
            job.attempt,
            document,
            spool=str(self._spool.folder_of(job)),
            targets=job.targets,
            lineage=lineage_of(job.owner, job.name),
            name=job.name,
        )
        try:
            self.workers.run(run.worker, message, job.affinity)
            log_start(job, run.worker)
        except WorkerUnavailableError:
            await self._release([run], died=False)
        except WeftError as error:
            self._runs.remove(run)
            await self._conclude(job, Outcome("failed", problems=(error.problem().to_json(),)))

    def _hear_message(self, worker: str, message: FromWorker, tail: bytes) -> None:
        """Take up what a worker says of a job that is its; what a stale attempt says is left."""
        match message:
            case JobStarted() | NodesChanged() | NodeProgressed() | Preview() | JobFinished():
                run = self._runs.current(message.job, message.attempt, worker)
            case _:
                return
        if run is None:
            return
        job = run.job
        match message:
            case JobStarted(nodes=count):
                run.news = {"attempt": job.attempt, "total": count}
            case NodesChanged():
                data = {**run.news, **nodes_data(message)}
                run.news = {}
                self._journal.add(NewEvent("nodes", data, owner=job.owner, job=job.id))
            case NodeProgressed(node=node):
                self._hub.passing("progress", job.id, node, owner=job.owner, data=progress_data(message))
            case Preview(node=node):
                data = preview_data(message)
                self._hub.passing("preview", job.id, node, owner=job.owner, data=data, binary=tail)
            case JobFinished():
                self._runs.remove(run)
                self.wake()
                self._spawn(self._finish(job, message))

    async def _finish(self, job: Job, message: JobFinished) -> None:
        """Take over what a job made, and write down how it ended."""
        outcome = await asyncio.to_thread(self._spool.take_over, job, message, self._blobs)
        await self._conclude(job, outcome)

    async def _conclude(self, job: Job, outcome: Outcome) -> None:
        # What its nodes did goes into the same transaction, which spares the disk one.
        before = self._journal.take()
        try:
            written = await self._insist(
                lambda ledger: ledger.finish(job.id, job.attempt, outcome, before=before)
            )
        except (StatementError, ValueError) as error:
            # What no database can hold, such as a name with half a character, must not leave the job running.
            failed = outcome = Outcome(
                "failed", problems=(WorkerFaultError(cause=error).problem().to_json(),)
            )
            written = await self._insist(
                lambda ledger: ledger.finish(job.id, job.attempt, failed, before=before)
            )
        if written is not None:
            log_end(job, outcome)
        await asyncio.to_thread(self._spool.remove, job)

    async def _bury(self, death: WorkerDied) -> None:
        """Put the jobs of a worker that died back into the queue, or fail those that it died of too often."""
        is_blameless = death.name in self._blameless
        self._blameless.discard(death.name)
        runs = self._runs.on(death.name)
        log_loss(death, [run.job for run in runs])
        # A job that is to stop did not kill its worker, or it did and stops now.
        await self._release(runs, died=not is_blameless, reason=death_problem(death))

    async def _release(self, runs: list[Run], *, died: bool, reason: dict[str, JSON] | None = None) -> None:
        for run in runs:
            self._runs.remove(run)
        jobs = [run.job for run in runs]
        if jobs:
            await self._journal.settle()
            await self._insist(lambda ledger: _release_all(ledger, jobs, died=died, reason=reason))
            await asyncio.to_thread(self._spool.remove, *jobs)
        self.wake()

    def _give_up(self, run: Run) -> None:
        """Kill the worker of a job that does not stop."""
        if self._runs.get(run.job.id) is run:
            logger.warning("%s is killed, since the job %s does not stop", run.worker, run.job.id)
            self._blameless.add(run.worker)
            self.workers.kill(run.worker)

    async def _insist(self, work: Callable[[Ledger], T]) -> T | None:
        """Have something written, however often the disk refuses it; None where the server ends before."""
        while True:
            try:
                return await self._ledger.write(work)
            except FileError as error:
                logger.warning("the ledger cannot be written now: %s", error)
                if self._is_stopping:
                    return None
                await asyncio.sleep(RETRY_S)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("what happened to a job could not be taken up", exc_info=error)


def _claim(ledger: Ledger, choice: Choice) -> tuple[Job, dict[str, JSON]] | None:
    """Claim a job and give what it runs; None where it does not wait any more."""
    try:
        # First, since nothing may go wrong between the claim and the worker.
        document = ledger.document(choice.job.id)
    except JobUnknownError:
        return None
    job = ledger.claim(choice.job.id, choice.worker)
    return None if job is None else (job, document)


def _release_all(ledger: Ledger, jobs: list[Job], *, died: bool, reason: dict[str, JSON] | None) -> None:
    for job in jobs:
        ledger.release(job.id, job.attempt, died=died, reason=reason)
