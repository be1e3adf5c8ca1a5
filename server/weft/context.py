"""What a node receives besides its inputs: the run it is part of, and the services it may use.

`Run` is the only door from a node to the engine; `LocalRun` is a run without one, for tests and scripts.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from weft.errors import JSON, CancelledRunError
from weft.paths import Paths

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
S = TypeVar("S", bound="Service")

READ_BYTES = 1 << 20
"""Files are hashed in pieces of this size."""


class ServiceScope:
    """What a service may know of the worker it lives in.

    Attributes:
        device: Device of the worker, such as ``cpu`` or ``cuda:0``.
        paths: Folders that may be used.
    """

    __slots__ = ("device", "paths")

    def __init__(self, *, device: str, paths: Paths) -> None:
        self.device = device
        self.paths = paths


class Service(Protocol):
    """Something costly that all runs of a worker share, such as loaded models; one instance per worker."""

    @classmethod
    def create(cls, scope: ServiceScope) -> Self:
        """Make the one instance, on first use."""

    def held_bytes(self) -> int:
        """Give how many bytes of device memory are held."""

    def release(self, needed_bytes: int) -> int:
        """Free at least `needed_bytes` of device memory where possible; give how many were freed."""

    def close(self) -> None:
        """Let go of everything; the instance is not used again."""


class Run(Protocol):
    """What a node may ask of the run it is part of; a node takes it as a parameter annotated ``Run``."""

    @property
    def node(self) -> str:
        """Id of the node in the workflow."""

    @property
    def device(self) -> str:
        """Device to compute on, such as ``cpu`` or ``cuda:0``."""

    @property
    def seed_noise_device(self) -> str:
        """Device on which noise is drawn: ``cpu``, so that a seed gives the same picture everywhere."""

    @property
    def paths(self) -> Paths:
        """Folders that may be used."""

    @property
    def cancelled(self) -> bool:
        """Whether the user has cancelled the run."""

    def check_cancelled(self) -> None:
        """Stop the node where the run was cancelled.

        Raises:
            CancelledRunError: The run was cancelled; let it pass.
        """

    def progress(self, step: int, total: int, *, message: str = "") -> None:
        """Report how far the node is.

        Args:
            step: Steps done, 0..total.
            total: Steps in all, at least 1.
            message: What is being done, if that helps.

        Raises:
            CancelledRunError: The run was cancelled; let it pass.
        """

    def preview(self, image_HWC_uint8: NDArray[np.uint8]) -> None:
        """Show a picture of what is taking shape: uint8, height x width x 3."""

    def service(self, kind: type[S]) -> S:
        """Give the worker's one instance of a service, made on first use."""

    def provenance(self) -> dict[str, JSON]:
        """Give what a saved file should carry: the workflow as run, versions, and hashes of model files."""

    def note_file(self, name: str, digest: str) -> None:
        """Add the content hash of a file that was used to the provenance.

        Args:
            name: Name of the file as the user knows it.
            digest: Hash of its contents in hexadecimal.
        """


class Lazy(Generic[T]):
    """An input that is evaluated only when awaited: ``picture = await lazy``.

    Only nodes written as ``async def`` can take one. `Lazy.of` makes one by hand, as tests want it.

    Args:
        evaluate: Gives an awaitable of the value; called once per ``await``.
    """

    __slots__ = ("_evaluate",)

    def __init__(self, evaluate: Callable[[], Awaitable[T]]) -> None:
        self._evaluate = evaluate

    @classmethod
    def of(cls, value: T) -> Lazy[T]:
        """Give a lazy input whose value is already there."""

        async def ready() -> T:
            return value

        return cls(ready)

    def __await__(self) -> Generator[Any, None, T]:
        return self._evaluate().__await__()


class FingerprintScope:
    """What a node's `fingerprint` function may look at to tell whether the outside world has changed.

    Attributes:
        paths: Folders that may be used.
    """

    __slots__ = ("_digests", "_lock", "paths")

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self._digests: dict[tuple[str, int, int], str] = {}
        self._lock = threading.Lock()

    def file_digest(self, path: Path) -> str:
        """Give the content hash of a file; a file of unchanged size and time is not read again.

        Args:
            path: The file.

        Returns:
            A blake2b hash of 32 hexadecimal digits, or ``missing`` where there is no such file, so that
            a workflow can be planned before its files are there.
        """
        try:
            state = path.stat()
            key = (str(path), state.st_size, state.st_mtime_ns)
            with self._lock:
                known = self._digests.get(key)
            if known is None:
                known = _digest(path)
                with self._lock:
                    self._digests[key] = known
        except (FileNotFoundError, NotADirectoryError):
            return "missing"
        return known


def _digest(path: Path) -> str:
    state = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            state.update(piece)
    return state.hexdigest()


class LocalRun:
    """A run without an engine: what it is told can be read back from its attributes.

    Args:
        device: Device to compute on.
        paths: Folders that may be used; by default all below the current folder.
        node: Id that the node sees as its own.

    Attributes:
        steps: What `progress` was told, as (step, total, message).
        previews: What `preview` was shown.
        files: What `note_file` was told.
    """

    def __init__(self, *, device: str = "cpu", paths: Paths | None = None, node: str = "node") -> None:
        self.node = node
        self.device = device
        self.seed_noise_device = "cpu"
        self.paths = paths if paths is not None else Paths.below(Path())
        self.steps: list[tuple[int, int, str]] = []
        self.previews: list[NDArray[np.uint8]] = []
        self.files: dict[str, str] = {}
        self._services: dict[type, Service] = {}
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Make the node stop at its next report."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def check_cancelled(self) -> None:
        """Raise CancelledRunError where `cancel` was called."""
        if self.cancelled:
            raise CancelledRunError

    def progress(self, step: int, total: int, *, message: str = "") -> None:
        """Record the report in `steps`; raise CancelledRunError where `cancel` was called."""
        self.steps.append((step, total, message))
        self.check_cancelled()

    def preview(self, image_HWC_uint8: NDArray[np.uint8]) -> None:
        """Record the picture in `previews`."""
        self.previews.append(image_HWC_uint8)

    def service(self, kind: type[S]) -> S:
        """Give this run's one instance of a service, made on first use."""
        found = self._services.get(kind)
        if not isinstance(found, kind):
            found = kind.create(ServiceScope(device=self.device, paths=self.paths))
            self._services[kind] = found
        return found

    def provenance(self) -> dict[str, JSON]:
        """Give the noted files alone; there is no workflow."""
        return {"files": dict(self.files)}

    def note_file(self, name: str, digest: str) -> None:
        """Record the hash in `files`."""
        self.files[name] = digest

    def close(self) -> None:
        """Close the services that were made."""
        for service in self._services.values():
            service.close()
        self._services.clear()
