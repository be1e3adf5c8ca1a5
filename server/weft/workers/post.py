"""One place for a worker: whoever dies in it is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

from weft.errors import JSON
from weft.workers.faults import ChannelBrokenError, WorkerUnavailableError
from weft.workers.local import LocalWorker
from weft.workers.protocol import (
    Answer,
    CancelJob,
    CatalogPublished,
    FromWorker,
    JobFinished,
    Question,
    RunJob,
    Shutdown,
    WorkerReady,
    WorkerStarting,
)
from weft.workers.startup import Startup
from weft.workers.views import Message, WorkerChanged, WorkerDied, WorkerEvent, WorkerView

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
HEALTHY_S = 60.0
"""A worker that was ready for so long is started again without the delay of those before it."""

FAREWELL_S = 3.0
"""A worker that is asked to end and does not within this time is killed."""

LAST_WORDS_S = 2.0
"""So long is listened to what a worker said before it ended."""

REMEMBERED_JOBS = 8
"""The models of so many latest jobs count as warm."""

_LOGGER = logging.getLogger("weft.workers")


class Hears(Protocol):
    """Who is told what happens at a post."""

    def event(self, event: WorkerEvent) -> None:
        """Hear of something that concerns everybody."""

    def published(self, catalog: dict[str, JSON]) -> None:
        """Hear of a catalogue that the worker published."""


@dataclass(slots=True)
class BackOff:
    """How long to wait before a worker is started again: longer each time, unless it was healthy."""

    failures: int = 0

    def delay_s(self, ready_s: float) -> float:
        """Give the seconds to wait.

        Args:
            ready_s: For how long the worker that has just died was ready.
        """
        self.failures = 0 if ready_s >= HEALTHY_S else self.failures
        delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * float(2**self.failures))
        self.failures = min(self.failures + 1, 10)
        return delay


class Post:
    """Keeps one worker alive.

    Args:
        startup: Who the worker is.
        hears: Who is told what happens.
    """

    def __init__(self, startup: Startup, hears: Hears) -> None:
        self._startup = startup
        self._hears = hears
        self._worker: LocalWorker | None = None
        self._view = WorkerView(startup.name, "down")
        self._running: set[tuple[str, int]] = set()
        self._models: deque[tuple[str, ...]] = deque(maxlen=REMEMBERED_JOBS)
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._back_off = BackOff()
        self._ready_since: float | None = None
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def view(self) -> WorkerView:
        """The worker as it is now."""
        warm = dict.fromkeys(name for models in reversed(self._models) for name in models)
        return replace(self._view, running=frozenset(self._running), warm=tuple(warm))

    @property
    def is_ready(self) -> bool:
        """Whether it takes jobs and questions."""
        return self._view.state == "ready"

    def open(self) -> None:
        """Begin to keep a worker alive."""
        self._task = asyncio.create_task(self._keep(), name=f"weft-{self._startup.name}")

    async def close(self) -> None:
        """Ask the worker to end, kill it where it does not, and keep none any more."""
        self._closing.set()
        worker = self._worker
        if worker is not None:
            if self.is_ready:
                worker.send(Shutdown())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FAREWELL_S):
                        await worker.wait()
            worker.kill()
        if self._task is not None:
            await self._task

    def run(self, message: RunJob, models: tuple[str, ...]) -> None:
        """Give the worker a job.

        Args:
            message: The job.
            models: Names of the model files that it uses.

        Raises:
            WorkerUnavailableError: The worker is not ready.
            MessageTooLongError: The workflow is too large to be sent.
        """
        self._ready_worker().send(message)
        self._running.add((message.job, message.attempt))
        if models:
            self._models.append(models)

    def cancel(self, job: str) -> None:
        """Ask the worker to stop a job that it has; else do nothing.

        Args:
            job: Id of the job.
        """
        if self._worker is not None and any(job == running for running, _ in self._running):
            self._worker.send(CancelJob(job))

    def kill(self) -> None:
        """End the worker now; another one is started."""
        if self._worker is not None:
            self._worker.kill()

    async def ask(self, question: Question) -> Answer:
        """Ask the worker and wait for the answer.

        Args:
            question: The question; it gets a number here.

        Raises:
            WorkerUnavailableError: The worker is not ready, or ends before it answers.
        """
        worker = self._ready_worker()
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            worker.send(replace(question, request=number))
            return await answer
        finally:
            del self._asked[number]

    def _ready_worker(self) -> LocalWorker:
        if self._worker is None or not self.is_ready:
            raise WorkerUnavailableError(reason=f"{self._view.name} is {self._view.state}")
        return self._worker

    async def _keep(self) -> None:
        for restarts in itertools.count():
            self._view = replace(self._view, restarts=restarts)
            exit_code, log_tail = await self._live()
            if self._closing.is_set():
                break
            now = asyncio.get_running_loop().time()
            delay_s = self._back_off.delay_s(0.0 if self._ready_since is None else now - self._ready_since)
            self._mourn(exit_code, log_tail, delay_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._closing.wait()
                    break
        self._leave()
        self._change(state="down", pid=None, phase="Closed")

    async def _live(self) -> tuple[int | None, tuple[str, ...]]:
        """Start a worker and listen to it until it dies; give its exit code and its last lines."""
        self._ready_since = None
        try:
            worker = await LocalWorker.start(self._startup)
        except OSError as error:
            return None, (str(error),)
        self._worker = worker
        self._change(state="starting", pid=worker.pid, phase="Starting Python")
        if self._closing.is_set():
            worker.kill()
        listening = asyncio.create_task(self._listen(worker))
        exit_code = await worker.wait()
        # What has escaped from its group may hold its pipe open for ever.
        await asyncio.wait({listening}, timeout=LAST_WORDS_S)
        listening.cancel()
        worker.close()
        self._worker = None
        return exit_code, worker.log_tail

    async def _listen(self, worker: LocalWorker) -> None:
        try:
            while (received := await worker.receive()) is not None:
                self._hear(*received)
        except ChannelBrokenError as error:
            if not self._closing.is_set():
                _LOGGER.warning("%s is killed: %s", self._view.name, error.message)
            worker.kill()
        except Exception:
            # Whatever it said, a worker that nobody listens to must be replaced.
            _LOGGER.exception("%s is killed, since what it says cannot be heard.", self._view.name)
            worker.kill()

    def _hear(self, message: FromWorker, tail: bytes) -> None:
        match message:
            case WorkerStarting(phase=phase):
                self._change(phase=phase)
            case WorkerReady():
                self._ready_since = asyncio.get_running_loop().time()
                self._change(state="ready", device=message.device, device_name=message.device_name, phase="")
            case CatalogPublished(catalog=catalog):
                self._hears.published(catalog)
            case Answer(request=number):
                answer = self._asked.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(message)
            case _:
                if isinstance(message, JobFinished):
                    self._running.discard((message.job, message.attempt))
                self._hears.event(Message(self._view.name, message, tail))

    def _mourn(self, exit_code: int | None, log_tail: tuple[str, ...], delay_s: float) -> None:
        """Tell that the worker has died, and what dies with it."""
        running = self._leave()
        phase = f"{ending_in_words(exit_code, log_tail)}; starting again in {delay_s:g} s"
        _LOGGER.warning("%s: %s", self._view.name, phase)
        self._change(state="down", pid=None, phase=phase)
        self._hears.event(WorkerDied(self._view.name, running, exit_code, log_tail))

    def _leave(self) -> frozenset[tuple[str, int]]:
        """Forget what only the worker knew; give the jobs that it had."""
        running = frozenset(self._running)
        self._running.clear()
        self._models.clear()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(WorkerUnavailableError(reason=f"{self._view.name} has ended"))
        return running

    def _change(self, **changes: object) -> None:
        self._view = replace(self._view, **changes)  # type: ignore[arg-type]
        self._hears.event(WorkerChanged(self.view))


def ending_in_words(exit_code: int | None, log_tail: tuple[str, ...]) -> str:
    """Say how a process ended, with its own last words where it ended by itself.

    Args:
        exit_code: Negative for the signal that killed it; None where it could not be started.
        log_tail: The lines that it wrote last.
    """
    if exit_code is not None and exit_code < 0:
        named = {-number: number.name for number in signal.Signals}
        return f"Ended by {named.get(exit_code, f'signal {-exit_code}')}"
    what = "Could not be started" if exit_code is None else f"Ended with exit code {exit_code}"
    return f"{what}: {log_tail[-1]}" if log_tail else what
