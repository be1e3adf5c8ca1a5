"""One run of one graph.

The run works backwards from its targets: a node is asked for, and where its result is not in the cache it
asks for what feeds it. A node starts the moment the last of its inputs is there. Trivial nodes run at once on
the event loop, all others in tasks of their own, so that lanes overlap. Nothing here recurses, and nothing
outlives the run.
"""

import asyncio
import time
import traceback
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace

from weft.engine.cache import Hit
from weft.engine.codec import SCALAR_TYPES, Storage, held_bytes, storages_of
from weft.engine.disk import Link
from weft.engine.events import NodeFailed, NodeFinished, NodeStarted
from weft.engine.execution import check_finite, exit_refused
from weft.engine.explain import Lineage
from weft.engine.footprint import Footprint, footprint_of
from weft.engine.inputs import fresh, gather
from weft.engine.jobs import ItemFailedError, Job, Phase, UpstreamLostError
from weft.engine.performing import Performed, Performer, Workshop, fold_outputs
from weft.engine.reasons import CANCELLED, EVICTED, NOT_KEPT, NOT_NEEDED, Reason, hit_reason
from weft.engine.results import NodeOutcome
from weft.engine.running import NodeRun, Stage
from weft.engine.seals import NO_SEAL, InputMutatedError, Seal
from weft.engine.submission import Submission
from weft.engine.tiers import TierName, slowest
from weft.errors import CancelledRunError, NodeFailedError, Problem, WeftError

# How long trivial nodes may keep the event loop to themselves.
SLICE_S = 0.002


class GraphRun:
    """One run of one graph.

    Args:
        workshop: What all runs share.
        submission: The graph and its fingerprints.
        stage: What all nodes of this run share.
        lineage: What is known of earlier runs of the workflow.
        jobs: A job per needed node, connected.
    """

    def __init__(
        self,
        workshop: Workshop,
        submission: Submission,
        stage: Stage,
        lineage: Lineage,
        jobs: Mapping[str, Job],
    ) -> None:
        self._lanes = workshop.lanes
        self._seals = workshop.executor.seals
        self._cache = workshop.cache
        self._submission = submission
        self._stage = stage
        self._observe = stage.observer
        self._lineage = lineage
        self.jobs = jobs
        self.problems: list[Problem] = []
        self._wanted: deque[Job] = deque()
        self._ready: deque[Job] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._slice_end = 0.0
        self._performer = Performer(workshop, submission, stage, jobs, ensure=self._ensure)

    async def drive(self) -> None:
        """Run until every target is there or cannot be; returns normally where the run was cancelled."""
        leave = self._stage.cancel.subscribe(self._hear_cancel)
        try:
            async with asyncio.TaskGroup() as group:
                await self._work_off(group)
        except asyncio.CancelledError:
            self._stage.cancel.cancel()
            raise
        finally:
            leave()
        await self._settle_the_rest()

    async def _work_off(self, group: asyncio.TaskGroup) -> None:
        """Start whatever can start until nothing is left and nothing is under way."""
        self._want(*(job for job in self.jobs.values() if job.is_target))
        while True:
            self._slice_end = time.perf_counter() + SLICE_S
            while (self._wanted or self._ready) and not self._stage.cancel.cancelled:
                if self._wanted:
                    self._meet(self._wanted.pop(), group)
                else:
                    self._start(self._ready.popleft(), group)
                await self._breathe()
            if not self._tasks:
                return
            self._wake.clear()
            await self._wake.wait()

    async def _breathe(self) -> None:
        """Let others have the event loop when the time is up."""
        if time.perf_counter() >= self._slice_end:
            await asyncio.sleep(0)
            self._slice_end = time.perf_counter() + SLICE_S

    def _want(self, *jobs: Job) -> None:
        self._wanted.extend(job for job in jobs if job.phase is Phase.IDLE)

    def _meet(self, job: Job, group: asyncio.TaskGroup) -> None:
        """Find a job's result, or ask for what feeds it."""
        if job.phase is not Phase.IDLE:
            return
        job.phase = Phase.WANTED
        if job.node.id in self._submission.unstable:
            self._require(job)
        elif job.is_quick:
            hit = self._cache.get_held(job.print)
            if hit is not None:
                self._finish(job, hit.outputs, hit.files, _reused(hit.tier, hit.held_bytes))
            elif job.is_target and self._cache.peek(job.print) is not None:
                self._spawn(self._fetch(job, Link((job.print,))), group)
            else:
                self._require(job)
        else:
            link = self._cache.find_link(job.print)
            tier = None if link is None else self._cache.tier_of(link)
            if link is None or tier is None:
                self._require(job)
            elif tier == "disk" or not self._take(job, link):
                self._spawn(self._fetch(job, link), group)

    def _require(self, job: Job) -> None:
        """Wait for all that feeds a job, or let it be ready."""
        for source in job.sources:
            if source.phase is Phase.LOST:
                self._skip(job, source.lost_to)
                return
        for source in job.sources:
            if source.phase is not Phase.DONE:
                job.wait_for(source)
                if source.phase is Phase.IDLE:
                    self._wanted.append(source)
        if not job.pending:
            self._ready.append(job)

    def _spawn(self, work: Coroutine[object, object, None], group: asyncio.TaskGroup) -> None:
        task = group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _fetch(self, job: Job, link: Link) -> None:
        """Take a result from the cache; where it turns out to be damaged, the job has to run after all."""
        hits = await self._lanes.call("io", lambda: [self._cache.get(key) for key in link.keys])
        if not self._accept(job, link, hits):
            self._require(job)

    def _take(self, job: Job, link: Link) -> bool:
        """Take a result that is in memory; False where some of it has left it just now."""
        return self._accept(job, link, [self._cache.get_held(key) for key in link.keys])

    def _accept(self, job: Job, link: Link, hits: Sequence[Hit | None]) -> bool:
        """Finish a job with what was found; False where something is missing."""
        found = [hit for hit in hits if hit is not None]
        if len(found) < len(hits):
            return False
        files = {name: digest for hit in found for name, digest in hit.files.items()}
        tier = slowest([hit.tier for hit in found])
        outputs = fold_outputs(job, [hit.outputs for hit in found], link.lengths)
        self._finish(job, outputs, files, _reused(tier, sum(hit.held_bytes for hit in found)))
        return True

    def _start(self, job: Job, group: asyncio.TaskGroup) -> None:
        if job.phase is not Phase.WANTED:
            return
        if job.is_quick:
            self._run_quickly(job)
        else:
            self._spawn(self._run(job), group)

    def _run_quickly(self, job: Job) -> None:
        """Run a trivial node here and now."""
        if self._is_spoilt(job):
            return
        node, recipe = job.node, job.recipe
        reason = self._reason(job)
        self._observe(NodeStarted(node.id))
        try:
            inputs = gather(node, recipe, self.jobs)
            seal = self._seal(node.type, inputs)
            files = job.input_files()
            started = time.perf_counter()
            parameter = recipe.definition.run_parameter
            if parameter is not None:
                run = NodeRun(node.id, self._stage, files)
                inputs[parameter], files = run, run.files
            outputs = recipe.unpack(recipe.function(**inputs))
            seconds = time.perf_counter() - started
            if seal:
                self._seals.check(node.type, seal)
            check_finite(outputs, inputs, node.id)
            self._seals.note(outputs)
        except SystemExit as error:
            self._end_badly(job, exit_refused(error))
            return
        # Foreign code: a node may raise anything, and it stops only what depends on it.
        except Exception as error:  # noqa: BLE001
            self._end_badly(job, error)
            return
        if node.id in self._submission.unstable:
            held = held_bytes(outputs)
        else:
            held = self._cache.put(job.print, outputs, seconds, files=files, persist=job.is_target)
        self._finish(job, outputs, files, _ran(reason, seconds, footprint_of(held)))

    def _seal(self, type: str, inputs: dict[str, object]) -> Seal:
        """Protect what a trivial node is given; numbers and texts need no protection."""
        for value in inputs.values():
            if value.__class__ not in SCALAR_TYPES:
                break
        else:
            return NO_SEAL
        inputs |= {name: fresh(value) for name, value in inputs.items()}
        return self._seals.take(type, inputs)

    async def _run(self, job: Job) -> None:
        """Run any other node, as a task."""
        if self._is_spoilt(job):
            return
        try:
            performed = await self._performer.perform(job)
        except asyncio.CancelledError:
            self._end_badly(job, CancelledRunError())
        # Foreign code: a node may raise anything, and it stops only what depends on it.
        except Exception as error:  # noqa: BLE001
            self._end_badly(job, error)
        else:
            self._conclude(job, performed)

    def _conclude(self, job: Job, performed: Performed) -> None:
        if performed.reused is not None:
            outcome = NodeOutcome("hit", performed.reused, footprint=performed.footprint)
        else:
            reason = self._reason(job)
            if performed.reused_items:
                text = f"{reason.text} {performed.reused_items} of {performed.items} items were reused."
                reason = replace(reason, text=text)
            outcome = _ran(reason, performed.seconds, performed.footprint)
        self._finish(job, performed.outputs, performed.files, outcome)

    def _reason(self, job: Job) -> Reason:
        """Say why a job has to run."""
        reason = self._submission.why(job.node.id, self._lineage)
        return NOT_KEPT if reason is EVICTED and job.is_quick else reason

    def _finish(
        self, job: Job, outputs: Mapping[str, object], files: Mapping[str, str], outcome: NodeOutcome
    ) -> None:
        """Note that a job's values are there, and let those who wait for them go on."""
        job.outputs, job.files = outputs, files
        job.phase = Phase.DONE
        job.outcome = outcome
        told = NodeFinished(job.node.id, outcome.state, outcome.reason, outcome.seconds, outcome.footprint)
        self._observe(told)
        for reader in job.take_readers():
            reader.pending -= 1
            if not reader.pending and reader.phase is Phase.WANTED:
                self._ready.append(reader)
        if job.waiters is not None:
            job.wake()
        job.let_go()

    def _end_badly(self, job: Job, error: Exception) -> None:
        """Note that a job has no values, and skip what cannot do without them."""
        if isinstance(error, CancelledRunError) and self._stage.cancel.cancelled:
            # What it leaves undone is told, with all the rest, when the run has come to a stop.
            return
        if isinstance(error, UpstreamLostError):
            self._skip(job, error.node)
            return
        cause = error.cause if isinstance(error, ItemFailedError) else error
        if isinstance(cause, InputMutatedError):
            self._give_up(job, cause.storages)
        problem = _problem_of(job, error)
        self.problems.append(problem)
        self._observe(NodeFailed(job.node.id, problem))
        self._lose(job, job.node.id, NodeOutcome("failed", self._reason(job), 0.0, problem))

    def _give_up(self, guilty: Job, storages: frozenset[Storage]) -> None:
        """Let nobody have the values that a node has changed: neither this run, nor a later one."""
        self._cache.forget(storages)
        for job in self.jobs.values():
            if job.phase is Phase.DONE and not storages.isdisjoint(storages_of(job.outputs)):
                job.phase, job.lost_to, job.outputs = Phase.LOST, guilty.node.id, None

    def _is_spoilt(self, job: Job) -> bool:
        """Skip a job whose inputs were there, but have been changed since by a node that failed for it."""
        for source in job.sources:
            if source.phase is Phase.LOST:
                self._skip(job, source.lost_to)
                return True
        return False

    def _skip(self, job: Job, root: str) -> None:
        """Leave out a job, and all that waits for it, since a node that it needs failed."""
        outcome = _skipped(root)
        self._observe(NodeFinished(job.node.id, outcome.state, outcome.reason))
        self._lose(job, root, outcome)

    def _lose(self, job: Job, root: str, outcome: NodeOutcome) -> None:
        """Give up a job and, one after the other, all that waits for it."""
        job.phase, job.lost_to, job.outcome = Phase.LOST, root, outcome
        skipped = _skipped(root)
        lost = [job]
        while lost:
            gone = lost.pop()
            gone.wake(UpstreamLostError(root))
            gone.let_go()
            for reader in gone.take_readers():
                if reader.phase is Phase.WANTED:
                    reader.phase, reader.lost_to, reader.outcome = Phase.LOST, root, skipped
                    self._observe(NodeFinished(reader.node.id, "skipped", skipped.reason))
                    lost.append(reader)

    async def _ensure(self, jobs: Sequence[Job]) -> None:
        """Run what feeds a lazy input."""
        for job in jobs:
            if job.phase is Phase.DONE:
                continue
            if job.phase is Phase.LOST:
                raise UpstreamLostError(job.lost_to)
            waiter = self._stage.loop.create_future()
            job.waiters = [*(job.waiters or ()), waiter]
            self._want(job)
            self._wake.set()
            await waiter

    def _hear_cancel(self) -> None:
        self._stage.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._wake.set()

    async def _settle_the_rest(self) -> None:
        """Say how those ended that nobody asked for, or that the wish to stop has overtaken."""
        self._slice_end = time.perf_counter() + SLICE_S
        for job in self.jobs.values():
            if job.outcome is None:
                job.outcome = self._left_over(job)
                self._observe(NodeFinished(job.node.id, job.outcome.state, job.outcome.reason))
            await self._breathe()

    def _left_over(self, job: Job) -> NodeOutcome:
        if self._stage.cancel.cancelled:
            return NodeOutcome("cancelled", CANCELLED)
        if job.is_quick:
            tier: TierName | None = "ram" if self._cache.holds(job.print) else None
        else:
            link = self._cache.find_link(job.print)
            tier = None if link is None else self._cache.tier_of(link)
        return NodeOutcome("hit", NOT_NEEDED if tier is None else hit_reason(tier))


def _problem_of(job: Job, error: Exception) -> Problem:
    """Say what went wrong in a node, and with which item where it was mapped."""
    if isinstance(error, ItemFailedError):
        problem = _problem_of(job, error.cause)
        return replace(problem, details={**problem.details, "item": error.index})
    if not isinstance(error, WeftError):
        trace = "".join(traceback.format_exception(error))
        error = NodeFailedError(type=job.node.type, cause=error, traceback=trace)
    return error.problem(node=job.node.id)


def _ran(reason: Reason, seconds: float, footprint: Footprint) -> NodeOutcome:
    return NodeOutcome("ran", reason, seconds, footprint=footprint)


def _reused(tier: TierName, held: int) -> NodeOutcome:
    return NodeOutcome("hit", hit_reason(tier), footprint=footprint_of(held))


def _skipped(root: str) -> NodeOutcome:
    return NodeOutcome("skipped", Reason("upstream-failed", f"{root} failed, and this needs its result."))
