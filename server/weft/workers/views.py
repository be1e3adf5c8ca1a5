"""What a pool tells of its workers: how they are, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from weft.workers.protocol import FromWorker

if TYPE_CHECKING:
    from weft.workers.catalog import StoredCatalog

WorkerState: TypeAlias = Literal["starting", "ready", "down"]
"""How a worker is; one that is down is started again after a while."""

Running: TypeAlias = frozenset[tuple[str, int]]
"""Jobs that a worker has, each with its attempt."""


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker at one moment.

    Attributes:
        name: Its name, such as ``worker-1``; stays over restarts.
        state: How it is.
        pid: Its process; None while it is down.
        device: Such as ``cpu`` or ``cuda:0``; empty before it is ready for the first time.
        device_name: What the device is called, for people.
        phase: What it is doing until it is ready, or why it is down, in words; empty while it is ready.
        running: The jobs that it was given and has not finished.
        restarts: How often it was started again.
        warm: Names of the model files that its latest jobs used, the newest first.
    """

    name: str
    state: WorkerState
    pid: int | None = None
    device: str = ""
    device_name: str = ""
    phase: str = ""
    running: Running = frozenset()
    restarts: int = 0
    warm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerChanged:
    """The state, the phase or the process of a worker changed; not sent for jobs alone."""

    view: WorkerView


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """A worker ended without being asked to; it is started again.

    Attributes:
        name: Its name.
        running: The jobs that it had and that nobody does now.
        exit_code: Negative for the signal that killed it; None where it could not even be started.
        log_tail: The lines that it wrote last.
    """

    name: str
    running: Running
    exit_code: int | None
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A worker says something about a job.

    Attributes:
        worker: Its name.
        message: A `JobStarted`, `NodesChanged`, `NodeProgressed`, `Preview` or `JobFinished`.
        tail: The bytes of a preview.
    """

    worker: str
    message: FromWorker
    tail: bytes = b""


@dataclass(frozen=True, slots=True)
class CatalogChanged:
    """There is another catalogue than before."""

    catalog: StoredCatalog


WorkerEvent: TypeAlias = WorkerChanged | WorkerDied | Message | CatalogChanged
"""What a pool tells its listener, in the order in which things happened."""
