"""What a run would do, and why, without doing any of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from weft.engine.cache import ResultCache
from weft.engine.disk import Link
from weft.engine.explain import Lineage
from weft.engine.reasons import NOT_NEEDED, Reason, hit_reason
from weft.engine.submission import Submission
from weft.engine.tiers import TierName
from weft.graph.structure import GraphNode, Source, source_of
from weft.values import JSON

Action = Literal["hit", "run", "unknown"]


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """What a run would do with one node.

    Attributes:
        id: The node's id.
        action: `hit` when its result would be reused, `run`, `unknown` where that depends on values that only
            a run can tell.
        reason: Why.
        seconds_last: How long it took when it last ran; None where that is not known.
        held_bytes_last: Bytes of the tensors that its results held then; None where that is not known.
    """

    id: str
    action: Action
    reason: Reason
    seconds_last: float | None
    held_bytes_last: int | None

    def to_json(self) -> dict[str, JSON]:
        """Return the step as it is printed."""
        return {
            "node": self.id,
            "action": self.action,
            "reason": self.reason.to_json(),
            "seconds_last": self.seconds_last,
            "held_bytes_last": self.held_bytes_last,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Attributes:
        steps: The needed nodes in an order in which they can run.
    """

    steps: tuple[PlannedNode, ...]

    @property
    def seconds(self) -> float:
        """How long the nodes that would run took when they last ran, as far as that is known."""
        return sum(step.seconds_last or 0.0 for step in self.steps if step.action == "run")

    @property
    def held_bytes(self) -> int:
        """What the results of those nodes held then, as far as that is known."""
        return sum(step.held_bytes_last or 0 for step in self.steps if step.action == "run")

    def to_json(self) -> dict[str, JSON]:
        """Return the plan as it is printed."""
        steps: list[JSON] = [step.to_json() for step in self.steps]
        return {"steps": steps, "seconds": self.seconds, "held_bytes": self.held_bytes}


def plan(submission: Submission, cache: ResultCache, lineage: Lineage) -> Plan:
    """Say what a run would do.

    Args:
        submission: The graph and its fingerprints.
        cache: Where results may be.
        lineage: What is known of earlier runs of the workflow.

    Returns:
        A step per needed node.
    """
    graph = submission.snapshot.graph
    # Walking backwards, each node has been asked for by all who need it before it is looked at.
    demand: dict[str, Literal["sure", "maybe"]] = dict.fromkeys(submission.targets, "sure")
    actions: dict[str, tuple[Action, TierName | None]] = {}
    for name in reversed(submission.needed):
        tier = _tier(submission, cache, name)
        asked = demand.get(name)
        if asked is None or tier is not None:
            actions[name] = ("hit", tier)
            continue
        # Behind a node that always runs, inputs may come out equal, which is then a hit.
        is_certain = name not in submission.unstable or submission.always_runs(name)
        is_sure = asked == "sure" and is_certain
        actions[name] = ("run" if is_sure else "unknown", None)
        _ask(graph.nodes[name], asked, demand)
    return Plan(tuple(_step(submission, lineage, name, actions[name]) for name in submission.needed))


def _step(
    submission: Submission, lineage: Lineage, name: str, found: tuple[Action, TierName | None]
) -> PlannedNode:
    action, tier = found
    if action != "hit":
        reason = submission.why(name, lineage)
    else:
        reason = NOT_NEEDED if tier is None else hit_reason(tier)
    cost = lineage.cost(name)
    return PlannedNode(name, action, reason, cost.seconds, cost.held_bytes)


def _ask(
    node: GraphNode, asked: Literal["sure", "maybe"], demand: dict[str, Literal["sure", "maybe"]]
) -> None:
    """Ask for what feeds a node; for what a lazy input may never ask for, only maybe."""
    for name, sources in _feeds(node).items():
        entry = node.schema.input(name)
        is_lazy = entry is not None and entry.lazy and name not in node.axes
        for source in sources:
            if demand.get(source) != "sure":
                demand[source] = "maybe" if is_lazy else asked


def _feeds(node: GraphNode) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, link in node.links.items():
        sources = (source_of(part) for part in ((link,) if isinstance(link, Source) else link))
        found[name] = tuple(source.node for source in sources if source is not None)
    return found


def _tier(submission: Submission, cache: ResultCache, name: str) -> TierName | None:
    node = submission.snapshot.graph.nodes[name]
    fingerprint = submission.snapshot.prints[name]
    if name in submission.unstable:
        return None
    schema = node.schema
    if schema.lane == "inline" and not schema.is_async and not schema.streams and not node.out_axes:
        if name in submission.targets:
            return cache.peek(fingerprint)
        return "ram" if cache.holds(fingerprint) else None
    link: Link | None = cache.find_link(fingerprint)
    return None if link is None else cache.tier_of(link)
