"""What a run gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from weft.engine.events import NodeState, RunState
from weft.engine.footprint import NO_FOOTPRINT, Footprint
from weft.engine.reasons import Reason
from weft.errors import JSON, Problem


@dataclass(frozen=True, slots=True)
class NodeOutcome:
    """How one node ended.

    Attributes:
        state: `hit` when its result was reused or, as the reason says then, not needed; `ran`; `failed`;
            `skipped` when something it needs failed; `cancelled`.
        reason: Why it ran or not.
        seconds: How long its own work took, from the first of its items to the last where it was mapped.
        problem: What went wrong, where it failed.
        footprint: The memory of its results, also where they were reused, and of its own work.
    """

    state: NodeState
    reason: Reason
    seconds: float = 0.0
    problem: Problem | None = None
    footprint: Footprint = NO_FOOTPRINT

    def to_json(self) -> dict[str, JSON]:
        """Return the outcome as it is printed."""
        return {
            "state": self.state,
            "reason": self.reason.to_json(),
            "seconds": self.seconds,
            **self.footprint.to_json(),
            "problem": None if self.problem is None else self.problem.to_json(),
        }


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        state: `succeeded`, `failed` when a node failed, `cancelled`.
        outputs: The outputs of the workflow by name, those that are there; `node.output` for wanted nodes. A
            mapped output is a list, nested once per list it was mapped over.
        nodes: How each node ended.
        problems: What went wrong; warnings too, such as a full disk.
        files: Digests of the files that went into the outputs, also where results were reused.
        seconds: How long it took.
    """

    state: RunState
    # asyncio writes out the result of a task, more than once: not tensors and thousands of nodes.
    outputs: Mapping[str, object] = field(repr=False)
    nodes: Mapping[str, NodeOutcome] = field(repr=False)
    problems: tuple[Problem, ...]
    files: Mapping[str, str]
    seconds: float
