"""What a node is given as its `Run`: progress, previews, services, provenance, and the wish to stop."""

import asyncio
import platform
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar

from weft.context import Service
from weft.engine.cancel import CancelToken
from weft.engine.events import Event, NodeItem, NodePreview, NodeProgress, NodeStarted
from weft.engine.services import Services
from weft.errors import CancelledRunError
from weft.graph.structure import Graph
from weft.paths import Paths
from weft.values import JSON
from weft.widgets import SeedWidget

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

S = TypeVar("S", bound=Service)


@dataclass(slots=True, eq=False)
class Stage:
    """What all nodes of one run share.

    Attributes:
        graph: The graph that runs.
        services: The services of the worker.
        paths: The folders of the worker.
        device: The device of the worker.
        cancel: The wish that the run should stop.
        observer: Hears of every event, on the event loop.
        document: The workflow as it was submitted; None where nobody gave one.
        loop: The event loop of the run.
        thread: The thread of the event loop.
    """

    graph: Graph
    services: Services
    paths: Paths
    device: str
    cancel: CancelToken
    observer: Callable[[Event], None]
    document: Mapping[str, JSON] | None
    loop: asyncio.AbstractEventLoop
    thread: int = field(default_factory=threading.get_ident)

    def emit(self, event: Event) -> None:
        """Tell the observer of an event; from another thread, as soon as the event loop is free.

        Args:
            event: What happened.
        """
        if threading.get_ident() == self.thread:
            self.observer(event)
        else:
            self.loop.call_soon_threadsafe(self.observer, event)

    def seeds(self) -> dict[str, JSON]:
        """Return the seeds that were entered, by `node.input`."""
        return {
            f"{node.id}.{entry.name}": node.values[entry.name]
            for node in self.graph.nodes.values()
            for entry in node.schema.inputs
            if isinstance(entry.widget, SeedWidget) and entry.name in node.values
        }


class NodeRun:
    """The run as one node sees it; also while it is mapped, once per item.

    Args:
        node: The node's id.
        stage: What all nodes of the run share.
        files: The digests of the files that went into its inputs.
        begun: Called once, when the node's own work begins.
    """

    def __init__(
        self, node: str, stage: Stage, files: Mapping[str, str], begun: Callable[[], bool] = lambda: True
    ) -> None:
        self._node = node
        self._stage = stage
        self._begun = begun
        self._stopped = False
        self._pace: tuple[int, float] | None = None
        self.files: dict[str, str] = dict(files)
        self.followers: list[Callable[[NodeProgress], None]] = []

    @property
    def node(self) -> str:
        """Id of the node in the workflow."""
        return self._node

    @property
    def device(self) -> str:
        """Device to compute on."""
        return self._stage.device

    @property
    def seed_noise_device(self) -> str:
        """Device on which noise is drawn."""
        return "cpu"

    @property
    def paths(self) -> Paths:
        """Folders that may be used."""
        return self._stage.paths

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled, or the node is no longer needed."""
        return self._stopped or self._stage.cancel.cancelled

    def check_cancelled(self) -> None:
        """Stop the node where the run was cancelled.

        Raises:
            CancelledRunError: The run was cancelled.
        """
        if self.cancelled:
            raise CancelledRunError

    def progress(self, step: int, total: int, *, message: str = "") -> None:
        """Report how far the node is.

        Args:
            step: Steps done, 0..total.
            total: Steps in all, at least 1.
            message: What is being done.

        Raises:
            CancelledRunError: The run was cancelled.
        """
        self.check_cancelled()
        event = NodeProgress(self._node, step, total, self._seconds_left(step, total), message)
        self._stage.emit(event)
        for follower in tuple(self.followers):
            follower(event)

    def preview(self, image_HWC_uint8: "NDArray[np.uint8]") -> None:
        """Show a picture of what is taking shape.

        Args:
            image_HWC_uint8: The picture.
        """
        self._stage.emit(NodePreview(self._node, image_HWC_uint8))

    def service(self, kind: type[S]) -> S:
        """Return the worker's one instance of a service, made on first use.

        Args:
            kind: The class of the service.
        """
        return self._stage.services.get(kind)

    def provenance(self) -> dict[str, JSON]:
        """Return what a saved file should carry: workflow, versions, seeds and hashes of the files used."""
        import torch

        found: dict[str, JSON] = {
            "versions": {
                "weft": metadata.version("weft"),
                "torch": str(torch.__version__),
                "python": platform.python_version(),
            },
            "files": dict(sorted(self.files.items())),
            "seeds": self._stage.seeds(),
        }
        if self._stage.document is not None:
            found["weft"] = dict(self._stage.document)
        return found

    def note_file(self, name: str, digest: str) -> None:
        """Record the content hash of a file that was used.

        Args:
            name: The file as the user knows it.
            digest: Its hash.
        """
        self.files[name] = digest

    def begin(self) -> None:
        """Tell the observer that the node's own work begins."""
        if self._begun():
            self._stage.emit(NodeStarted(self._node))

    def item(self, index: int, total: int | None = None, *, reused: bool = False) -> None:
        """Tell the observer that an item is there.

        Args:
            index: Which, from 0.
            total: How many there will be, where that is known.
            reused: Whether it came from the cache.
        """
        self._stage.emit(NodeItem(self._node, index, total, reused))

    def follow(self, event: NodeProgress) -> None:
        """Pass on the progress of another node that does the same work for this one.

        Args:
            event: What that one reported.
        """
        left = event.seconds_left
        self._stage.emit(NodeProgress(self._node, event.step, event.total, left, event.message))

    def stop(self) -> None:
        """Ask the node to stop at its next report, though the run goes on."""
        self._stopped = True

    def _seconds_left(self, step: int, total: int) -> float | None:
        """Estimate from the pace since the first report; what came before, such as loading, is no measure."""
        now = time.perf_counter()
        if self._pace is None:
            self._pace = (step, now)
            return None
        first_step, since = self._pace
        if step <= first_step:
            return None
        return (now - since) / (step - first_step) * max(0, total - step)
