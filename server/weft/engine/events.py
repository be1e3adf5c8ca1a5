"""What a run tells its observer: small frozen values, sent in the order in which things happened.

The observer is called on the event loop of the run, never on another thread, and must return at once.
Every node that counts ends with exactly one `NodeFinished` or `NodeFailed`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from weft.engine.footprint import NO_FOOTPRINT, Footprint
from weft.engine.reasons import Reason
from weft.errors import Problem
from weft.values import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NodeState: TypeAlias = Literal["hit", "ran", "failed", "skipped", "cancelled"]
RunState: TypeAlias = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins.

    Attributes:
        nodes: The ids of all nodes that count: the targets and what feeds them.
    """

    nodes: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {"event": "run-started", "nodes": list(self.nodes)}


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node begins to run; a node whose result is reused never starts.

    Attributes:
        node: Its id.
    """

    node: str

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {"event": "node-started", "node": self.node}


@dataclass(frozen=True, slots=True)
class NodeProgress:
    """A node reports how far it is.

    Attributes:
        node: Its id.
        step: Steps done, 0..total.
        total: Steps in all.
        seconds_left: What remains at the pace so far; None before the first step is done.
        message: What the node says it is doing.
    """

    node: str
    step: int
    total: int
    seconds_left: float | None = None
    message: str = ""

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {
            "event": "node-progress",
            "node": self.node,
            "step": self.step,
            "total": self.total,
            "seconds_left": self.seconds_left,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, eq=False)
class NodePreview:
    """A node shows an unfinished picture.

    Attributes:
        node: Its id.
        pixels_HWC: The picture, uint8.
    """

    node: str
    pixels_HWC: "NDArray[np.uint8]"

    def to_json(self) -> dict[str, JSON]:
        """Return the event without its pixels, which do not travel as JSON."""
        height, width = self.pixels_HWC.shape[:2]
        return {"event": "node-preview", "node": self.node, "height": int(height), "width": int(width)}


@dataclass(frozen=True, slots=True)
class NodeItem:
    """One item of a stream or of a mapped node is there.

    Attributes:
        node: The node's id.
        index: Which item, from 0.
        total: How many there will be; None where nobody knows.
        reused: Whether the item came from the cache.
    """

    node: str
    index: int
    total: int | None = None
    reused: bool = False

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {
            "event": "node-item",
            "node": self.node,
            "index": self.index,
            "total": self.total,
            "reused": self.reused,
        }


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node ended without failing.

    Attributes:
        node: Its id.
        state: `hit` when its result was reused or, as the reason says then, not needed; `ran`; `skipped` when
            something it needs failed; `cancelled`.
        reason: Why it ran or not.
        seconds: How long its own work took, from the first of its items to the last where it was mapped; 0
            where it did none.
        footprint: The memory of its results, also where they were reused, and of its own work.
    """

    node: str
    state: NodeState
    reason: Reason
    seconds: float = 0.0
    footprint: Footprint = NO_FOOTPRINT

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {
            "event": "node-finished",
            "node": self.node,
            "state": self.state,
            "reason": self.reason.to_json(),
            "seconds": self.seconds,
            **self.footprint.to_json(),
        }


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node failed; what depends on it is skipped.

    Attributes:
        node: Its id.
        problem: What went wrong.
    """

    node: str
    problem: Problem

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {"event": "node-failed", "node": self.node, "problem": self.problem.to_json()}


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run is over.

    Attributes:
        state: `succeeded`, `failed` when a node failed, `cancelled`.
        seconds: How long it took.
    """

    state: RunState
    seconds: float

    def to_json(self) -> dict[str, JSON]:
        """Return the event as it is sent."""
        return {"event": "run-finished", "state": self.state, "seconds": self.seconds}


Event: TypeAlias = (
    RunStarted | NodeStarted | NodeProgress | NodePreview | NodeItem | NodeFinished | NodeFailed | RunFinished
)
