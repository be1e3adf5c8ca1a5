"""Does the work of one node: once, or once per item of the lists it maps over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from weft.context import Lazy
from weft.engine.cache import ResultCache
from weft.engine.disk import Link
from weft.engine.execution import Executor, Order, Outcome
from weft.engine.footprint import Footprint, together
from weft.engine.inputs import NOWHERE, Inputs, Position, fresh, lazy_inputs, linked_value, nest
from weft.engine.jobs import ItemFailedError, Job, UpstreamLostError
from weft.engine.lanes import Lanes
from weft.engine.reasons import Reason
from weft.engine.running import NodeRun, Stage
from weft.engine.submission import Submission, Submitter
from weft.errors import CancelledRunError

# How many items of one mapped node may be under way; enough to fill any batch.
MOST_ITEMS = 64


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all runs of an engine share.

    Attributes:
        cache: Where results are found and kept.
        executor: Runs node functions.
        lanes: Where blocking work is done.
        submitter: Knows the state outside.
    """

    cache: ResultCache
    executor: Executor
    lanes: Lanes
    submitter: Submitter


class Ensure(Protocol):
    """Runs what feeds a lazy input."""

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Return when all of them have values.

        Raises:
            UpstreamLostError: One of them failed.
        """


@dataclass(frozen=True, slots=True)
class Performed:
    """What the work of one node gave.

    Attributes:
        outputs: The values by output name, nested lists where the node was mapped.
        files: Digests of the files that went into them.
        seconds: How long the work took: of items, which overlap, from the first start to the last end.
        reused: Why nothing had to be done; None where something had.
        footprint: The memory of the values and of the work; of items, what they hold together and the highest
            peak.
        items: How many items there are; None where the node was not mapped.
        reused_items: How many of them were reused.
    """

    outputs: Mapping[str, object]
    files: Mapping[str, str]
    seconds: float
    reused: Reason | None
    footprint: Footprint
    items: int | None = None
    reused_items: int = 0


class Performer:
    """Does the work of the nodes of one run.

    Args:
        shop: What all runs share.
        submission: The graph and its fingerprints.
        stage: What all nodes of the run share.
        jobs: All jobs of the run by id.
        ensure: Runs what feeds a lazy input.
    """

    def __init__(
        self,
        shop: Workshop,
        submission: Submission,
        stage: Stage,
        jobs: Mapping[str, Job],
        *,
        ensure: Ensure,
    ) -> None:
        self._shop = shop
        self._submission = submission
        self._stage = stage
        self._jobs = jobs
        self._ensure = ensure

    async def perform(self, job: Job) -> Performed:
        """Do the work of a node whose inputs are there.

        Args:
            job: The node.

        Returns:
            Its values; they are in the cache by then, unless it always runs.

        Raises:
            ListLengthError: Lists that advance together have different lengths.
            ItemFailedError: One item of a mapped node failed.
            Exception: Whatever the node raised.
        """
        inputs = Inputs(job.node, job.recipe, self._jobs)
        call = _Calls(self, job, inputs)
        if not job.node.out_axes:
            outcome, key = await call.one(NOWHERE)
            self._remember(job, [key], None)
            return Performed(
                outcome.outputs, outcome.files, outcome.seconds, outcome.reused, outcome.footprint
            )
        lengths = inputs.lengths()
        pairs = await call.all(list(inputs.positions(lengths)))
        self._remember(job, [key for _, key in pairs], lengths)
        return _folded(job, [outcome for outcome, _ in pairs], lengths, call.seconds)

    def _remember(self, job: Job, keys: Sequence[str | None], lengths: tuple[int, ...] | None) -> None:
        """Let the node's fingerprint stand for its results, so that next time no input is looked at."""
        if job.node.id not in self._submission.unstable:
            known = tuple(key for key in keys if key is not None)
            self._shop.cache.link(job.print, Link(known, lengths), persist=is_worth_disk(job))

    def new_run(self, job: Job, begun: Callable[[], bool]) -> NodeRun:
        """Return what one call of a node is given as its `Run`.

        Args:
            job: The node.
            begun: Whether the call is the first one to begin.
        """
        return NodeRun(job.node.id, self._stage, job.input_files(), begun)

    async def key(self, job: Job, inputs: Inputs, position: Position) -> str | None:
        """Return what the result of one call is known by; None where it must not be reused.

        Args:
            job: The node.
            inputs: Its inputs.
            position: Which item.
        """
        if not job.recipe.definition.schema.pure:
            return None
        outside = self._submission.snapshot.outside.get(job.node.id, "")
        if job.node.id in self._submission.deferred:
            values = inputs.at(position)
            submitter = self._shop.submitter
            outside = await self._shop.lanes.call("io", lambda: submitter.outside_of(job.node, values))
        if inputs.is_cheap_to_compare():
            return inputs.key(position, outside)
        return await self._shop.lanes.call("io", lambda: inputs.key(position, outside))

    def arguments(self, job: Job, found: dict[str, object], run: NodeRun) -> dict[str, object]:
        """Complete the arguments of one call by the lazy ones.

        Args:
            job: The node.
            found: The arguments that are there.
            run: What the call is given as its `Run`; it learns which files went into what is evaluated.
        """
        if not job.recipe.lazy:
            return found
        delayed = lazy_inputs(job.node, job.recipe)
        for name in job.recipe.lazy:
            if name in delayed:
                found[name] = Lazy(self._evaluation(job, name, run))
            elif found.get(name) is not None:
                found[name] = Lazy.of(found[name])
        return found

    async def execute(self, order: Order) -> Outcome:
        """Have one call done.

        Args:
            order: The call.
        """
        return await self._shop.executor.execute(order)

    def _evaluation(self, job: Job, name: str, run: NodeRun) -> Callable[[], Awaitable[object]]:
        async def evaluate() -> object:
            feeds = job.lazy_feeds(name, self._jobs)
            await self._ensure(feeds)
            for feed in feeds:
                run.files.update(feed.files)
            return fresh(linked_value(job.node, name, self._jobs))

        return evaluate


class _Calls:
    """The calls of one node."""

    def __init__(self, performer: Performer, job: Job, inputs: Inputs) -> None:
        self._performer = performer
        self._job = job
        self._inputs = inputs
        self._began_s: float | None = None
        self._ended_s: float | None = None
        self._slots = asyncio.Semaphore(MOST_ITEMS)
        self._total: int | None = None

    @property
    def seconds(self) -> float:
        """How long the calls took that were done here, from the first start to the last end."""
        if self._began_s is None or self._ended_s is None:
            return 0.0
        return self._ended_s - self._began_s

    async def one(self, position: Position) -> tuple[Outcome, str | None]:
        """Do one call."""
        performer, job = self._performer, self._job
        key = await performer.key(job, self._inputs, position)
        run = performer.new_run(job, self._begin)
        arguments = performer.arguments(job, self._inputs.at(position), run)
        return await performer.execute(Order(job.recipe, arguments, run, key, is_worth_disk(job))), key

    async def all(self, positions: Sequence[Position]) -> list[tuple[Outcome, str | None]]:
        """Do the calls of all items; the first failure ends the others."""
        self._total = len(positions)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._item(index, place)) for index, place in enumerate(positions)]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _item(self, index: int, position: Position) -> tuple[Outcome, str | None]:
        async with self._slots:
            try:
                outcome, key = await self.one(position)
            except (UpstreamLostError, CancelledRunError):
                raise
            # Foreign code: whatever a node raises is told together with the item it was raised for.
            except Exception as error:
                raise ItemFailedError(index, error) from error
        if outcome.reused is None:
            self._ended_s = time.perf_counter()
        run = self._performer.new_run(self._job, self._begin)
        run.item(index, self._total, reused=outcome.reused is not None)
        return outcome, key

    def _begin(self) -> bool:
        """Whether this is the first call that begins."""
        if self._began_s is not None:
            return False
        self._began_s = time.perf_counter()
        return True


def is_worth_disk(job: Job) -> bool:
    """Whether a node's results are kept on disk: those of trivial nodes only where the run is for their sake.

    Args:
        job: The node.
    """
    return job.is_target or job.recipe.is_async or job.recipe.lane != "inline"


def fold_outputs(
    job: Job, outputs: Sequence[Mapping[str, object]], lengths: Sequence[int] | None
) -> Mapping[str, object]:
    """Turn the outputs of all calls into the outputs of the node.

    Args:
        job: The node.
        outputs: The outputs of its calls, row-major.
        lengths: How many items each axis has; None where the node was not mapped.
    """
    if lengths is None:
        return outputs[0]
    return {name: nest([part[name] for part in outputs], lengths) for name in job.recipe.outputs}


def _folded(job: Job, outcomes: Sequence[Outcome], lengths: tuple[int, ...], seconds: float) -> Performed:
    reused = [outcome for outcome in outcomes if outcome.reused is not None]
    files = {name: digest for outcome in outcomes for name, digest in outcome.files.items()}
    return Performed(
        outputs=fold_outputs(job, [outcome.outputs for outcome in outcomes], lengths),
        files=files,
        seconds=seconds,
        reused=reused[0].reused if reused and len(reused) == len(outcomes) else None,
        footprint=together(outcome.footprint for outcome in outcomes),
        items=len(outcomes),
        reused_items=len(reused),
    )
