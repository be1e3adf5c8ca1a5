"""Where a worker works: its packs and its engine, and who does what is asked of it."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable
from pathlib import Path

from weft.engine.engine import Engine, resolve_device
from weft.engine.memory import limit_memory
from weft.plugins import Loaded, load
from weft.workers.answers import Answers
from weft.workers.channel import FrameSender
from weft.workers.faults import WorkerDeviceError
from weft.workers.protocol import CancelJob, RunJob, Shutdown, ToWorker, WorkerReady
from weft.workers.running import JobRunner
from weft.workers.startup import Startup

FLUSH_S = 1.5
"""So long results are still written to disk, at most, when the worker is to end."""


class Desk:
    """What a worker has, and does with it.

    Args:
        engine: Runs graphs.
        loaded: The packs.
        sender: Says things to the server.
    """

    def __init__(self, engine: Engine, loaded: Loaded, sender: FrameSender) -> None:
        self._engine = engine
        self._jobs = JobRunner(engine, sender)
        self._answers = Answers(engine, loaded, sender)
        self._tasks: set[asyncio.Task[None]] = set()

    def publish(self) -> None:
        """Tell the server what the packs offer."""
        self._answers.publish()

    def hear_early(self, message: ToWorker) -> None:
        """Do at once, on the thread that hears, what must not wait for the event loop.

        Args:
            message: What the server says.
        """
        if isinstance(message, CancelJob):
            self._jobs.cancel(message.job)

    async def serve(self, inbox: asyncio.Queue[ToWorker]) -> None:
        """Do what is asked until it is enough.

        Args:
            inbox: What the server says, in order.
        """
        while not isinstance(message := await inbox.get(), Shutdown):
            match message:
                case RunJob():
                    self._jobs.accept(message)
                    work = self._jobs.run(message)
                case CancelJob():
                    # Again: it may have been heard before the job it means.
                    self._jobs.cancel(message.job)
                    continue
                case _:
                    work = self._answers.answer(message)
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.wait(
            {asyncio.create_task(asyncio.to_thread(self._engine.cache.flush))}, timeout=FLUSH_S
        )


def open_desk(startup: Startup, sender: FrameSender, say: Callable[[str], None]) -> Desk:
    """Load the packs, open the engine, and tell the server.

    Args:
        startup: Who the worker is.
        sender: Says things to the server.
        say: Told what is being done.

    Returns:
        The desk, ready for work.

    Raises:
        WorkerDeviceError: The device is not there.
    """
    device = choose_device(startup.settings.device, startup.index)
    settings = startup.settings.model_copy(update={"device": device})
    say("Loading the nodes")
    loaded = load(settings, installed=startup.installed)
    say("Opening the cache")
    engine = Engine.open(loaded.registry, settings)
    desk = Desk(engine, loaded, sender)
    say("Listing files")
    desk.publish()
    limit_memory(device, int(settings.memory_bytes))
    sender.send(WorkerReady(os.getpid(), device, device_name(device)))
    return desk


def choose_device(wanted: str, index: int) -> str:
    """Choose the device of a worker.

    Args:
        wanted: The setting.
        index: Place of the worker among all workers; they share out the GPUs where none is named.

    Raises:
        WorkerDeviceError: The device is not there.
    """
    device = resolve_device(wanted)
    if device.startswith("cuda"):
        import torch

        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if wanted in {"auto", "cuda"} and count:
            device = f"cuda:{index % count}"
        if int(device.partition(":")[2] or 0) >= count:
            raise WorkerDeviceError(device=device)
    if device == "mps":
        import torch

        if not torch.backends.mps.is_available():
            raise WorkerDeviceError(device=device)
    return device


def device_name(device: str) -> str:
    """Name a device for people, such as `NVIDIA H200` or the model of the processor.

    Args:
        device: The device.
    """
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    page = Path("/proc/cpuinfo")
    lines = page.read_text(encoding="utf-8", errors="replace").splitlines() if page.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
