"""All workers of a server: kept alive, given jobs, asked questions, and told about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from weft.errors import JSON, WeftError
from weft.settings import Settings
from weft.workers.catalog import StoredCatalog
from weft.workers.faults import WorkerUnavailableError
from weft.workers.post import Post
from weft.workers.protocol import Answer, AskReload, Question, RunJob
from weft.workers.startup import Startup
from weft.workers.views import (
    CatalogChanged,
    Message,
    WorkerChanged,
    WorkerDied,
    WorkerEvent,
    WorkerState,
    WorkerView,
)

__all__ = [
    "CatalogChanged",
    "Message",
    "WorkerChanged",
    "WorkerDied",
    "WorkerEvent",
    "WorkerPool",
    "WorkerState",
    "WorkerView",
]

CATALOG_FILE = "catalog.json"
"""Where the catalogue is kept in the data folder, so that the server knows the nodes before a worker does."""

_LOGGER = logging.getLogger("weft.workers")


class WorkerPool:
    """The workers of one server. All methods belong to one event loop.

    Args:
        settings: Number and device of the workers, and all that they need.
        listener: Hears of every event, on the event loop; must return at once.
        installed: Whether workers load installed packs, weft's own nodes among them.
    """

    def __init__(
        self, settings: Settings, *, listener: Callable[[WorkerEvent], None], installed: bool = True
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._catalog: StoredCatalog | None = None
        self._has_catalog = asyncio.Event()
        self._is_ready = asyncio.Event()
        self._saving: asyncio.Task[None] | None = None
        startups = (
            Startup(settings, f"worker-{index + 1}", index=index, installed=installed)
            for index in range(settings.workers)
        )
        self._posts = {startup.name: Post(startup, self) for startup in startups}

    @property
    def workers(self) -> tuple[WorkerView, ...]:
        """All workers as they are now."""
        return tuple(post.view for post in self._posts.values())

    @property
    def catalog(self) -> StoredCatalog | None:
        """What the packs offer, as a worker published it last, be it long ago; None before the first."""
        return self._catalog

    async def start(self) -> None:
        """Read the saved catalogue and start all workers; does not wait until they are ready."""
        path = self._settings.data_dir / CATALOG_FILE
        try:
            saved = await asyncio.to_thread(StoredCatalog.load, path, self._settings.paths)
        except WeftError as error:
            _LOGGER.warning("%s", error.message)
        else:
            if saved is not None:
                self._take(saved)
        for post in self._posts.values():
            post.open()

    async def close(self) -> None:
        """End all workers; takes a few seconds at most."""
        await asyncio.gather(*(post.close() for post in self._posts.values()))
        if self._saving is not None:
            await self._saving

    async def wait_for_catalog(self, timeout_s: float) -> StoredCatalog:
        """Give the catalogue, waiting for the first one.

        Args:
            timeout_s: Seconds to wait, at most.

        Raises:
            WorkerUnavailableError: No worker has published one in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._has_catalog.wait()
        except TimeoutError as error:
            raise self._unavailable("none has said yet what the packs offer") from error
        if self._catalog is None:
            raise RuntimeError("There is no catalogue, though one was announced.")
        return self._catalog

    def run(self, worker: str, message: RunJob, affinity: tuple[str, ...] = ()) -> None:
        """Give a job to a worker.

        Args:
            worker: Name of the worker.
            message: The job.
            affinity: Names of the model files that it uses; they count as warm afterwards.

        Raises:
            WorkerUnavailableError: There is no such worker, or it is not ready.
            MessageTooLongError: The workflow is too large to be sent.
        """
        self._post(worker).run(message, affinity)

    def cancel(self, job: str) -> None:
        """Ask whichever worker has a job to stop it; its end is told by a message.

        Args:
            job: Id of the job.
        """
        for post in self._posts.values():
            post.cancel(job)

    def kill(self, worker: str) -> None:
        """End a worker now, with all its jobs; another one takes its place.

        Args:
            worker: Name of the worker.

        Raises:
            WorkerUnavailableError: There is no such worker.
        """
        self._post(worker).kill()

    async def ask(self, question: Question, *, timeout_s: float = 60.0) -> Answer:
        """Ask a worker, the one with the fewest jobs; to reload packs, all of them.

        Args:
            question: The question; its number is given here.
            timeout_s: Seconds to wait for a worker and its answer, at most.

        Returns:
            The answer, which may hold problems instead of a result.

        Raises:
            WorkerUnavailableError: No worker is ready in time, or it ends before it answers.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._is_ready.wait()
                ready = [post for post in self._posts.values() if post.is_ready]
                if isinstance(question, AskReload):
                    answers = await asyncio.gather(*(post.ask(question) for post in ready))
                    return answers[0]
                return await min(ready, key=lambda post: len(post.view.running)).ask(question)
        except TimeoutError as error:
            raise self._unavailable(f"none did within {timeout_s:g} s") from error

    def event(self, event: WorkerEvent) -> None:
        """Hear of something that happened at a post, and pass it on."""
        if isinstance(event, WorkerChanged):
            if any(post.is_ready for post in self._posts.values()):
                self._is_ready.set()
            else:
                self._is_ready.clear()
        try:
            self._listener(event)
        except Exception:
            # Whatever is wrong with the listener, the workers must be kept alive.
            _LOGGER.exception("The listener failed at %s.", type(event).__name__)

    def published(self, catalog: dict[str, JSON]) -> None:
        """Hear of a catalogue that a worker published."""
        if self._catalog is None or self._catalog.data != catalog:
            self._take(StoredCatalog(catalog, self._settings.paths))
            self._saving = asyncio.create_task(self._save(self._saving))

    def _take(self, catalog: StoredCatalog) -> None:
        self._catalog = catalog
        self._has_catalog.set()
        self.event(CatalogChanged(catalog))

    async def _save(self, earlier: asyncio.Task[None] | None) -> None:
        """Save the catalogue, after an earlier one is."""
        if earlier is not None:
            await earlier
        catalog = self._catalog
        if catalog is None:
            return
        try:
            await asyncio.to_thread(catalog.save, self._settings.data_dir / CATALOG_FILE)
        except WeftError as error:
            # It is only a convenience for the next start.
            _LOGGER.warning("%s", error.message)

    def _post(self, worker: str) -> Post:
        if worker not in self._posts:
            raise WorkerUnavailableError(reason=f"there is no {worker}")
        return self._posts[worker]

    def _unavailable(self, reason: str) -> WorkerUnavailableError:
        """Say why nobody answers, with what the first worker does instead."""
        phase = next((view.phase for view in self.workers if view.phase), "")
        return WorkerUnavailableError(reason=f"{reason} ({phase})" if phase else reason)
