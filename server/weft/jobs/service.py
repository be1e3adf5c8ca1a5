"""Jobs, for the event loop of a server: submitted, watched, stopped and kept, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace

from weft.errors import JSON
from weft.graph.workflows import WorkflowSource
from weft.jobs.dispatcher import CANCEL_S, Dispatcher
from weft.jobs.drafts import Drafts, probe_of
from weft.jobs.events import EventHub, Filter
from weft.jobs.faults import BatchUnknownError, JobUnfinishedError, JobUnknownError, QueueFullError
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.ledger.ledgering import LedgerThreads
from weft.jobs.preparation import Findings
from weft.jobs.records import BatchView, Event, Job, JobFilter, JobState, Page
from weft.jobs.requests import Request, new_id
from weft.jobs.upkeep import Upkeep
from weft.jobs.variations import Combine, combine_inputs
from weft.jobs.waits import Waits
from weft.settings import Settings

LONGEST_GRACE_S = 2.0
"""Running jobs have no longer to end when the server does."""

STOP_S = 4.0
"""So long the putting back of jobs may take, grace included; what is left to do, the next start does."""

FAREWELL_S = 5.0
"""So long the workers may take to end."""


class Jobs:
    """All that can be done with jobs.

    Make it on the event loop that it is used on; `start` before anything else, `close` at the end. Wherever
    an `owner` can be given, what belongs to others is as unknown as what does not exist.

    Args:
        settings: The settings.
        ledger: The ledger of the data folder; `close` closes it.
        blobs: Where the files go that jobs make.
        workflows: The saved workflows.
        installed: Whether workers load installed packs, weft's own nodes among them.
        cancel_s: How long a cancelled job has to stop before its worker is killed.

    Attributes:
        events: Tells observers what happens.
        workers: The worker processes.
        ledger: The threads on which all work with the ledger is done.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger,
        blobs: Blobs,
        workflows: WorkflowSource,
        installed: bool = True,
        cancel_s: float = CANCEL_S,
    ) -> None:
        self.ledger = LedgerThreads(ledger)
        self.events = EventHub(self._read_events)
        self._dispatcher = Dispatcher(
            settings,
            ledger=self.ledger,
            blobs=blobs,
            hub=self.events,
            installed=installed,
            cancel_s=cancel_s,
        )
        self.workers = self._dispatcher.workers
        self._drafts = Drafts(settings, workflows, self.workers, owners_of=ledger.asset_owners)
        self._upkeep = Upkeep(settings, self.ledger, blobs)
        self._waits = Waits()
        self._most_queued = settings.max_queued_jobs
        self._is_paused = False
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what an earlier server left, and begin to run jobs."""
        self.events.begin(await self.ledger.read(lambda ledger: ledger.last_number()))
        self.ledger.announce_to(self._hear)
        await self.ledger.write(lambda ledger: ledger.recover())
        self._is_paused = await self.ledger.read(lambda ledger: ledger.is_paused)
        await self._dispatcher.start()
        self._keeping = asyncio.create_task(self._upkeep.run(), name="weft-upkeep")

    async def close(self, grace_s: float = 0.0) -> None:
        """End in order: nothing new starts, what runs goes back into the queue, the workers end.

        Args:
            grace_s: So long running jobs may still end, at most `LONGEST_GRACE_S`.
        """
        if self._keeping is not None:
            self._keeping.cancel()
        await _at_most(STOP_S, self._dispatcher.stop(min(grace_s, LONGEST_GRACE_S)))
        await _at_most(FAREWELL_S, self.workers.close())
        await self._dispatcher.close()
        self._waits.release()
        self.events.close()
        await self.ledger.close()

    async def submit(self, request: Request) -> tuple[Job, bool]:
        """Submit a job.

        Args:
            request: What is asked for.

        Returns:
            The job, which is on the disk, and whether it is new: the same id or idempotency key with the same
            request gives the job of the first time.

        Raises:
            ProblemsError: The workflow cannot run; holds every problem.
            WorkflowUnknownError: There is no saved workflow of that name.
            IdempotencyConflictError: The key was used for another request.
            JobExistsError: The id belongs to another job.
            QueueFullError: Too many jobs wait.
            WorkerUnavailableError: No worker has ever said which nodes there are, or a migration needs one.
        """
        jobs, is_new = await self._submit(request, [{}])
        return jobs[0], is_new

    async def submit_batch(
        self, request: Request, vary: Mapping[str, Sequence[JSON]], combine: Combine
    ) -> tuple[list[Job], bool]:
        """Submit many jobs of one workflow, all or none.

        Args:
            request: What they have in common; each job gets an id of its own.
            vary: Values by name of the input in which they differ.
            combine: How the values become sets of inputs.

        Returns:
            The jobs, and whether they are new.

        Raises:
            BatchInvalidError: The values do not make sets of inputs.
            ProblemsError: One of the jobs cannot run; holds every problem.
            WeftError: As for `submit`.
        """
        rows = combine_inputs(vary, combine, most=self._most_queued)
        return await self._submit(replace(request, id=""), rows, batch=new_id())

    async def retry(
        self, job_id: str, *, owner: str | None = None, idempotency_key: str = ""
    ) -> tuple[Job, bool]:
        """Submit a final job again, as a new one.

        Args:
            job_id: Id of the job.
            owner: Whose job it must be; None for anyone's.
            idempotency_key: As for `submit`.

        Returns:
            The new job, and whether it is new.

        Raises:
            JobUnknownError: There is no such job.
            JobUnfinishedError: It waits or runs.
            WeftError: As for `submit`.
        """
        job = await self.job(job_id, owner=owner)
        if not job.is_final:
            raise JobUnfinishedError(job=job_id, state=job.state)
        document = await self.ledger.read(lambda ledger: ledger.document(job_id))
        request = Request(
            document=document,
            name=job.name,
            targets=job.targets,
            priority=job.priority,
            idempotency_key=idempotency_key,
            owner=job.owner,
            retry_of=job.id,
            uses_all=owner is None,
        )
        # The values stand in the document already; they are kept for people to see.
        jobs, is_new = await self._submit(request, [{}], shown=job.inputs)
        return jobs[0], is_new

    async def check(self, request: Request) -> Findings:
        """Find everything that is wrong with a workflow and the values given to it.

        Args:
            request: The workflow and the values.

        Raises:
            ProblemsError: The document is malformed or too large.
            WorkflowUnknownError: There is no saved workflow of that name.
            WorkerUnavailableError: No worker has ever said which nodes there are, or a migration needs one.
        """
        return await self._drafts.check(request)

    async def plan(self, request: Request) -> JSON:
        """Say what a run would do and what it would not have to do again.

        Args:
            request: The workflow and the values.

        Raises:
            ProblemsError: The workflow cannot run; holds every problem.
            WorkflowUnknownError: There is no saved workflow of that name.
            WorkerUnavailableError: There is no worker to ask.
        """
        return await self._drafts.plan(request)

    async def job(self, job_id: str, *, owner: str | None = None) -> Job:
        """Give a job.

        Args:
            job_id: Its id.
            owner: Whose job it must be; None for anyone's.

        Raises:
            JobUnknownError: There is no such job.
        """
        return _owned(await self.ledger.read(lambda ledger: ledger.job(job_id)), owner)

    async def jobs(self, wanted: JobFilter, *, after: str | None = None, limit: int = 50) -> Page:
        """Give a page of jobs.

        Args:
            wanted: Which, and in which order.
            after: The cursor that the page before gave; None for the first page.
            limit: So many jobs at most.

        Raises:
            CursorInvalidError: No page gave that cursor.
        """
        return await self.ledger.read(lambda ledger: ledger.jobs(wanted, after=after, limit=limit))

    async def positions(self, jobs: Iterable[Job]) -> dict[str, int]:
        """Say how many jobs would run before each of these that wait, by their ids."""
        waiting = [job for job in jobs if job.state == "queued"]
        return await self.ledger.read(lambda ledger: ledger.positions(waiting)) if waiting else {}

    async def document(self, job_id: str, *, owner: str | None = None) -> dict[str, JSON]:
        """Give what a job runs: the workflow with the values in it and the workflows it uses.

        Args:
            job_id: Its id.
            owner: Whose job it must be; None for anyone's.

        Raises:
            JobUnknownError: There is no such job.
        """
        await self.job(job_id, owner=owner)
        return await self.ledger.read(lambda ledger: ledger.document(job_id))

    async def cancel(self, job_id: str, *, owner: str | None = None) -> Job:
        """Stop a job, wherever it is; a final one is left as it is.

        Args:
            job_id: Its id.
            owner: Whose job it must be; None for anyone's.

        Returns:
            The job as it is now; one that runs ends within seconds.

        Raises:
            JobUnknownError: There is no such job.
        """
        await self.job(job_id, owner=owner)
        job = await self.ledger.write(lambda ledger: ledger.cancel(job_id))
        if job.is_cancelling:
            self._dispatcher.cancel(job_id)
        return job

    async def put_first(self, job_id: str, *, owner: str | None = None) -> Job:
        """Have a job that waits run before all others; one that runs or is final is left as it is.

        Args:
            job_id: Its id.
            owner: Whose job it must be; None for anyone's.

        Raises:
            JobUnknownError: There is no such job.
        """
        await self.job(job_id, owner=owner)
        return await self.ledger.write(lambda ledger: ledger.put_first(job_id))

    async def delete(self, job_id: str, *, owner: str | None = None) -> None:
        """Take a final job out of the history, with all that only it refers to.

        Args:
            job_id: Its id.
            owner: Whose job it must be; None for anyone's.

        Raises:
            JobUnknownError: There is no such job.
            JobUnfinishedError: It waits or runs.
        """
        await self.job(job_id, owner=owner)
        await self.ledger.write(lambda ledger: ledger.delete(job_id))

    async def wait(self, job_id: str, timeout_s: float, *, owner: str | None = None) -> Job:
        """Wait until a job ends, but not for ever.

        Args:
            job_id: Its id.
            timeout_s: So long at most.
            owner: Whose job it must be; None for anyone's.

        Returns:
            The job as it is then.

        Raises:
            JobUnknownError: There is no such job.
        """
        # Whoever looks before watching may miss the end in between.
        with self._waits.end_of(job_id) as ended:
            job = await self.job(job_id, owner=owner)
            if job.is_final:
                return job
            try:
                async with asyncio.timeout(timeout_s):
                    await ended.wait()
            except TimeoutError:
                return await self.job(job_id, owner=owner)
        return await self.job(job_id, owner=owner)

    async def batch(self, batch_id: str, *, owner: str | None = None) -> BatchView:
        """Give a batch.

        Args:
            batch_id: Its id.
            owner: Whose batch it must be; None for anyone's.

        Raises:
            BatchUnknownError: There is no such batch.
        """
        found = await self.ledger.read(lambda ledger: ledger.batch(batch_id))
        if owner not in {None, found.owner}:
            raise BatchUnknownError(batch=batch_id)
        return found

    async def cancel_batch(self, batch_id: str, *, owner: str | None = None) -> BatchView:
        """Stop all jobs of a batch that are not final.

        Args:
            batch_id: Its id.
            owner: Whose batch it must be; None for anyone's.

        Returns:
            The batch as it is then; jobs that run end within seconds.

        Raises:
            BatchUnknownError: There is no such batch.
        """
        await self.batch(batch_id, owner=owner)
        for job in await self.ledger.write(lambda ledger: _cancel_batch(ledger, batch_id)):
            if job.is_cancelling:
                self._dispatcher.cancel(job.id)
        return await self.batch(batch_id, owner=owner)

    @property
    def is_paused(self) -> bool:
        """Whether no job is started."""
        return self._is_paused

    @property
    def running(self) -> int:
        """How many jobs the workers have."""
        return self._dispatcher.running

    def counts(self, owner: str | None = None) -> dict[JobState, int]:
        """Say how many jobs are in each state; None for those of all owners."""
        return self.ledger.counts(owner)

    async def pause(self) -> None:
        """Start no more jobs, also after a restart; what runs goes on, and new jobs are taken."""
        await self._set_paused(True)

    async def resume(self) -> None:
        """Start jobs again."""
        await self._set_paused(False)

    async def _set_paused(self, is_paused: bool) -> None:
        await self.ledger.write(lambda ledger: ledger.set_paused(is_paused))
        self._is_paused = is_paused
        self._dispatcher.pause(is_paused)

    async def _submit(
        self,
        request: Request,
        rows: Sequence[Mapping[str, JSON]],
        *,
        batch: str = "",
        shown: Mapping[str, JSON] | None = None,
    ) -> tuple[list[Job], bool]:
        """Submit jobs; what was submitted before, or is too much, is found out before any work is done."""
        if request.id or request.idempotency_key:
            probe = probe_of(request, rows)
            known = await self.ledger.read(lambda ledger: ledger.known(probe))
            if known:
                return known, False
        queued, most = self.counts()["queued"], self._most_queued
        if queued + len(rows) > most:
            raise QueueFullError(queued=queued, new=len(rows), most=most)
        new = await self._drafts.jobs(request, rows, batch=batch)
        if shown is not None:
            new = [replace(job, inputs=shown) for job in new]
        return await self.ledger.write(lambda ledger: ledger.submit(new, most_queued=most))

    async def _read_events(self, seen: Filter, after: int, limit: int) -> Sequence[Event]:
        def read(ledger: Ledger) -> Sequence[Event]:
            return ledger.events_after(after, owner=seen.owner, job=seen.job, limit=limit)

        return await self.ledger.read(read)

    def _hear(self, events: Sequence[Event]) -> None:
        """Hear what was written into the ledger, in order."""
        self.events.announce(events)
        self._waits.hear(events)
        if any(event.type == "job" and event.data.get("state") == "queued" for event in events):
            self._dispatcher.wake()


async def _at_most(seconds: float, work: Awaitable[None]) -> None:
    """Wait for something, but not for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work


def _owned(job: Job, owner: str | None) -> Job:
    """Give a job, unless it belongs to somebody else.

    Raises:
        JobUnknownError: It does; whether it exists is nobody else's business.
    """
    if owner not in {None, job.owner}:
        raise JobUnknownError(job=job.id)
    return job


def _cancel_batch(ledger: Ledger, batch: str) -> list[Job]:
    """Cancel the jobs of a batch, the last first, so that none starts because an older one is gone."""
    wanted = JobFilter(states=frozenset({"queued", "running"}), batch=batch)
    cancelled: list[Job] = []
    cursor: str | None = None
    while True:
        page = ledger.jobs(wanted, after=cursor, limit=500)
        cancelled.extend(ledger.cancel(job.id) for job in page.jobs)
        cursor = page.next
        if cursor is None:
            return cancelled
