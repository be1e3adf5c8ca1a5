"""The engine of one worker: runs graphs, several at once, and tells before a run what it would do."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from weft.context import FingerprintScope, ServiceScope
from weft.engine.cache import CacheStatistics, ResultCache
from weft.engine.cancel import CancelToken
from weft.engine.events import Event, RunFinished, RunStarted, RunState
from weft.engine.execution import Executor
from weft.engine.explain import Lineage, Lineages
from weft.engine.footprint import PeakMeter
from weft.engine.jobs import Job, Phase
from weft.engine.lanes import Lanes
from weft.engine.memory import MemoryRelief, peak_of
from weft.engine.performing import Workshop
from weft.engine.plan import Plan, plan
from weft.engine.recipes import Recipe
from weft.engine.results import NodeOutcome, RunResult
from weft.engine.running import Stage
from weft.engine.scheduler import GraphRun
from weft.engine.services import Services
from weft.engine.submission import FEW_NODES, Submission, Submitter
from weft.engine.traces import Cost
from weft.engine.writing import BackgroundWriter
from weft.errors import Problem
from weft.graph.structure import Graph
from weft.node import NodeDefinition
from weft.paths import Paths
from weft.registry import Registry
from weft.settings import Settings
from weft.values import JSON

DEFAULT_RAM_BUDGET = 2**30


def resolve_device(name: str) -> str:
    """Return the device that a setting means.

    Args:
        name: `auto` takes the best there is; anything else is taken as it is.
    """
    if name != "auto":
        return "cuda:0" if name == "cuda" else name
    import torch

    if torch.cuda.is_available():
        return "cuda:0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class Engine:
    """Runs graphs on one device.

    All runs share the cache, the services and the lanes; what two of them want at once is done once. Runs
    belong to one event loop at a time. Close the engine when done, or use it as a context manager.

    Args:
        registry: The node types.
        paths: The folders that nodes may use.
        cache: Where results are kept; None keeps a gibibyte in memory.
        device: The device to compute on.
        folder: Where it is remembered why nodes ran; None remembers only while the engine lives.
        is_guarding: Whether to check, at the cost of hashing, that no node changes what it is given.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        paths: Paths,
        cache: ResultCache | None = None,
        device: str = "cpu",
        folder: Path | None = None,
        is_guarding: bool = False,
    ) -> None:
        self.registry = registry
        self.device = device
        self.cache = cache or ResultCache(device_budget=0, ram_budget=DEFAULT_RAM_BUDGET)
        self.services = Services(ServiceScope(device=device, paths=paths))
        self._paths = paths
        self._lanes = Lanes()
        self._recipes: dict[str, Recipe] = {}
        self._lineages = Lineages(folder)
        self._writer = BackgroundWriter(self._note_failure)
        self._relief = MemoryRelief(device, (self.cache.release, self.services.release))
        submitter = Submitter(self._definition, FingerprintScope(paths), self._lanes)
        peaks = PeakMeter(peak_of(device))
        executor = Executor(self._lanes, self.cache, self._relief, is_guarding=is_guarding, peaks=peaks)
        self._shop = Workshop(self.cache, executor, self._lanes, submitter)

    @classmethod
    def open(cls, registry: Registry, settings: Settings, *, is_guarding: bool = False) -> Self:
        """Make an engine as the settings say, with its cache below the data folder.

        Args:
            registry: The node types.
            settings: Device, folders and budgets.
            is_guarding: Whether to check that no node changes what it is given.
        """
        device = resolve_device(settings.device)
        folder = settings.data_dir / "cache"
        cache = ResultCache(
            device_budget=int(settings.cache_device_bytes),
            ram_budget=int(settings.cache_ram_bytes),
            disk_budget=int(settings.cache_disk_bytes),
            folder=folder,
            device=device,
        )
        return cls(
            registry,
            paths=settings.paths,
            cache=cache,
            device=device,
            folder=folder / "lineages",
            is_guarding=is_guarding,
        )

    async def run(
        self,
        graph: Graph,
        *,
        wanted: Iterable[str] | None = None,
        observer: Callable[[Event], None] | None = None,
        cancel: CancelToken | None = None,
        lineage: str = "",
        document: Mapping[str, JSON] | None = None,
    ) -> RunResult:
        """Run a graph as far as it is not known already.

        Args:
            graph: A graph without problems.
            wanted: Names of outputs or ids of nodes; None for every output and every node with an effect.
            observer: Hears of every event, on the event loop; must return at once and raise nothing.
            cancel: The wish to stop.
            lineage: What tells one workflow from another, so that reasons compare with the right earlier run.
            document: The workflow, for the provenance of what is saved.

        Returns:
            How it ended; a failing node is told there and not raised.

        Raises:
            NodeUnknownError: A wanted name is neither an output nor a node.
            NodeTypeUnknownError: A node type is not loaded any more.
        """
        started = time.perf_counter()
        names = None if wanted is None else tuple(wanted)
        submission = await self._shop.submitter.submit(graph, names)
        before = self.cache.count_problems()
        known = self._lineages.get(lineage)
        stage = self._stage(graph, observer or _ignore, cancel or CancelToken(), document)
        run = GraphRun(self._shop, submission, stage, known, await self._jobs(submission))
        stage.emit(RunStarted(submission.needed))
        try:
            await run.drive()
        finally:
            # What has finished is remembered also where whoever asked for the run is cancelled.
            if self._remember(submission, run.jobs, known):
                self._writer.submit(lambda: self._lineages.store(lineage))
        if self.cache.has_disk:
            await self._lanes.call("io", self._flush)
        problems = (*run.problems, *self.cache.problems_since(before))
        result = _result(submission, names, run.jobs, problems, time.perf_counter() - started)
        stage.emit(RunFinished(result.state, result.seconds))
        return result

    async def plan(self, graph: Graph, *, wanted: Iterable[str] | None = None, lineage: str = "") -> Plan:
        """Say what a run would do and why, without running anything.

        Args:
            graph: A graph without problems.
            wanted: As for `run`.
            lineage: As for `run`.

        Raises:
            NodeUnknownError: A wanted name is neither an output nor a node.
        """
        names = None if wanted is None else tuple(wanted)
        submission = await self._shop.submitter.submit(graph, names)
        return plan(submission, self.cache, self._lineages.get(lineage))

    def statistics(self) -> CacheStatistics:
        """Return what the cache holds and did so far."""
        return self.cache.statistics()

    def close(self) -> None:
        """End all threads and services; what is to be on disk is there afterwards."""
        self._lanes.close()
        self.services.close()
        self.cache.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stage(
        self,
        graph: Graph,
        observer: Callable[[Event], None],
        cancel: CancelToken,
        document: Mapping[str, JSON] | None,
    ) -> Stage:
        loop = asyncio.get_running_loop()
        return Stage(graph, self.services, self._paths, self.device, cancel, observer, document, loop)

    async def _jobs(self, submission: Submission) -> dict[str, Job]:
        """Make a job per needed node; for large graphs in a thread, so that the event loop stays free."""
        if len(submission.needed) < FEW_NODES:
            return self._make_jobs(submission)
        return await self._lanes.call("cpu", lambda: self._make_jobs(submission))

    def _make_jobs(self, submission: Submission) -> dict[str, Job]:
        nodes, prints = submission.snapshot.graph.nodes, submission.snapshot.prints
        kinds = {nodes[name].type for name in submission.needed}
        recipes = {kind: self._recipe(kind) for kind in kinds}
        jobs = {name: Job(nodes[name], recipes[nodes[name].type], prints[name]) for name in submission.needed}
        for job in jobs.values():
            job.connect(jobs)
        for name in submission.targets:
            jobs[name].is_target = True
        return jobs

    def _definition(self, kind: str) -> NodeDefinition:
        """Find a node type in the registry as it is at this moment: packs may be reloaded between runs."""
        return self.registry.definition(kind)

    def _recipe(self, kind: str) -> Recipe:
        definition = self._definition(kind)
        recipe = self._recipes.get(kind)
        # A reloaded pack has new definitions under the old names.
        if recipe is None or recipe.definition is not definition:
            recipe = self._recipes[kind] = Recipe.of(definition)
        return recipe

    def _remember(self, submission: Submission, jobs: Mapping[str, Job], lineage: Lineage) -> bool:
        """Note what every node that has a result was like, and say whether that is news."""
        finished: dict[str, Cost | None] = {}
        is_news = False
        for name, job in jobs.items():
            outcome = job.outcome
            if outcome is None or outcome.state not in {"hit", "ran"}:
                continue
            ran = outcome.state == "ran"
            finished[name] = Cost(outcome.seconds, outcome.footprint.held_bytes) if ran else None
            is_news = is_news or ran or not lineage.knows(name)
        lineage.remember(submission.snapshot, finished)
        return is_news

    def _flush(self) -> None:
        self.cache.flush()
        self._writer.flush()

    def _note_failure(self, error: Exception) -> None:
        """What was remembered is only a convenience: without it, nodes count as new."""
        self.cache.note_failure(error)


def _ignore(event: Event) -> None:
    """Hear of an event and do nothing."""


def _result(
    submission: Submission,
    wanted: tuple[str, ...] | None,
    jobs: Mapping[str, Job],
    problems: tuple[Problem, ...],
    seconds: float,
) -> RunResult:
    outcomes = {name: job.outcome for name, job in jobs.items() if job.outcome is not None}
    targets = [jobs[name] for name in submission.targets]
    files = {name: digest for job in targets for name, digest in job.files.items()}
    return RunResult(
        state=_state(outcomes),
        outputs=_outputs(submission, wanted, jobs),
        nodes=outcomes,
        problems=problems,
        files=dict(sorted(files.items())),
        seconds=seconds,
    )


def _state(outcomes: Mapping[str, NodeOutcome]) -> RunState:
    states = {outcome.state for outcome in outcomes.values()}
    if "cancelled" in states:
        return "cancelled"
    return "failed" if "failed" in states else "succeeded"


def _outputs(
    submission: Submission, wanted: tuple[str, ...] | None, jobs: Mapping[str, Job]
) -> dict[str, object]:
    """Name what was made: the outputs of the workflow, and `node.output` where a node itself was wanted."""
    graph = submission.snapshot.graph
    named = {name: source for name, source in graph.outputs.items() if wanted is None or name in wanted}
    found: dict[str, object] = {}
    for name, source in named.items():
        job = jobs[source.node]
        if job.phase is Phase.DONE and job.outputs is not None:
            found[name] = job.outputs[source.output]
    if wanted is None and graph.outputs:
        return found
    for name in submission.targets:
        job = jobs[name]
        if job.phase is Phase.DONE and (wanted is None or (name in wanted and name not in named)):
            found |= {f"{name}.{output}": value for output, value in (job.outputs or {}).items()}
    return found
