"""One node of one run: what it waits for, who waits for it, and what it gave."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import Enum, auto

from weft.engine.cache import NO_FILES
from weft.engine.inputs import lazy_inputs
from weft.engine.recipes import Recipe
from weft.engine.results import NodeOutcome
from weft.graph.structure import GraphNode, Source, source_of


class Phase(Enum):
    """How far a job is."""

    IDLE = auto()
    """Nobody has asked for it."""
    WANTED = auto()
    """Asked for; its inputs are not all there, or it waits its turn, or it works."""
    DONE = auto()
    """Its values are there."""
    LOST = auto()
    """It failed, was skipped or cancelled; there will be no values."""


class UpstreamLostError(Exception):
    """A lazy input was awaited, but what feeds it failed.

    Args:
        node: The id of the node that failed.
    """

    def __init__(self, node: str) -> None:
        super().__init__(node)
        self.node = node


class ItemFailedError(Exception):
    """The work on one item of a mapped node failed.

    Args:
        index: Which item, row-major from 0.
        cause: What its call raised.
    """

    def __init__(self, index: int, cause: Exception) -> None:
        super().__init__(index)
        self.index = index
        self.cause = cause


class Job:
    """One node of one run.

    Args:
        node: The node.
        recipe: Its type.
        print: Its fingerprint.

    Attributes:
        phase: How far it is.
        is_target: Whether the run is for its sake, so that its values stay to the end.
        sources: The jobs whose values it needs before it can run.
        lazy_sources: The jobs whose values it may ask for while it runs.
        pending: How many of its sources are not there yet.
        readers: The jobs that wait for it.
        readers_left: How many jobs may still want its values.
        waiters: The futures of lazy inputs that wait for it.
        outputs: Its values by output name; None before they are there and after nobody wants them any more.
        files: Digests of the files that went into its values.
        outcome: How it ended.
        is_quick: Whether it is run at once on the event loop, without a task.
        lost_to: The id of the node whose failure left it without values.
    """

    __slots__ = (
        "_digests",
        "files",
        "is_quick",
        "is_target",
        "lazy_sources",
        "lost_to",
        "node",
        "outcome",
        "outputs",
        "pending",
        "phase",
        "print",
        "readers",
        "readers_left",
        "recipe",
        "sources",
        "waiters",
    )

    def __init__(self, node: GraphNode, recipe: Recipe, print: str) -> None:
        self.node = node
        self.recipe = recipe
        self.print = print
        self.phase = Phase.IDLE
        self.is_target = False
        self.sources: tuple[Job, ...] = ()
        self.lazy_sources: tuple[Job, ...] = ()
        self.pending = 0
        # Most jobs have one reader, no waiters and no digests: containers are made when needed, which
        # keeps large graphs light for the garbage collector.
        self.readers: list[Job] | None = None
        self.readers_left = 0
        self.waiters: list[asyncio.Future[None]] | None = None
        self.outputs: Mapping[str, object] | None = None
        self._digests: dict[int, str] | None = None
        self.files: Mapping[str, str] = NO_FILES
        self.outcome: NodeOutcome | None = None
        self.is_quick = recipe.is_quick and not node.out_axes
        self.lost_to = ""

    @property
    def digests(self) -> dict[int, str]:
        """Digests of its values that are known, by the address of the value."""
        if self._digests is None:
            self._digests = {}
        return self._digests

    def wait_for(self, source: "Job") -> None:
        """Have it wait for a job that feeds it.

        Args:
            source: One of its sources, whose values are not there yet.
        """
        self.pending += 1
        if source.readers is None:
            source.readers = []
        source.readers.append(self)

    def take_readers(self) -> "Sequence[Job]":
        """Return the jobs that wait for it, which from now on do not."""
        readers, self.readers = self.readers, None
        return readers or ()

    def wake(self, error: Exception | None = None) -> None:
        """Let the lazy inputs go on that wait for it.

        Args:
            error: What they raise; None where its values are there.
        """
        waiters, self.waiters = self.waiters, None
        for waiter in waiters or ():
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)

    def connect(self, jobs: Mapping[str, "Job"]) -> None:
        """Find the jobs that feed it.

        Args:
            jobs: All jobs of the run by id; its sources are among them.
        """
        eager: dict[str, Job] = {}
        lazy: dict[str, Job] = {}
        delayed = lazy_inputs(self.node, self.recipe) if self.recipe.lazy else self.recipe.lazy
        links = self.node.links
        if len(links) == 1 and not delayed:
            # By far the most common case in large graphs.
            (only,) = links.values()
            if type(only) is Source:
                source_job = jobs[only.node]
                self.sources = (source_job,)
                source_job.readers_left += 1
                return
        for name, link in links.items():
            found = lazy if name in delayed else eager
            if type(link) is Source:
                found[link.node] = jobs[link.node]
                continue
            for part in link:  # type: ignore[union-attr]
                source = source_of(part)
                if source is not None:
                    found[source.node] = jobs[source.node]
        self.sources = tuple(eager.values())
        if lazy:
            self.lazy_sources = tuple(job for name, job in lazy.items() if name not in eager)
        for job in (*self.sources, *self.lazy_sources):
            job.readers_left += 1

    def lazy_feeds(self, name: str, jobs: Mapping[str, "Job"]) -> tuple["Job", ...]:
        """Return the jobs that feed one lazy input.

        Args:
            name: The input.
            jobs: All jobs of the run by name.
        """
        link = self.node.links[name]
        parts = (link,) if isinstance(link, Source) else link
        sources = (source_of(part) for part in parts)
        return tuple(jobs[source.node] for source in sources if source is not None)

    def let_go(self) -> None:
        """Say to its sources that it wants nothing more; values that nobody wants are dropped."""
        for job in self.sources:
            job.drop_reader()
        for job in self.lazy_sources:
            job.drop_reader()

    def drop_reader(self) -> None:
        """Note that one of those who may want its values does not; the last one lets them go."""
        self.readers_left -= 1
        if not self.readers_left and not self.is_target:
            self.outputs = None
            self._digests = None

    def input_files(self) -> Mapping[str, str]:
        """Return the digests of the files that went into its inputs."""
        noted = [job.files for job in self.sources if job.files]
        if len(noted) < 2:
            return noted[0] if noted else NO_FILES
        return {name: digest for files in noted for name, digest in files.items()}
