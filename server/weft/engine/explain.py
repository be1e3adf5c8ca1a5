"""Says why a node has to run, by comparing it with what it was when it last ran."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path

from weft.engine.disk import write_whole
from weft.engine.reasons import EVICTED, FIRST_RUN, Reason
from weft.engine.traces import UNKNOWN_COST, Cost, Snapshot, Trace
from weft.values import JSON

MOST_LINEAGES = 256
# Larger graphs are made by programs; only what may take time is remembered of them on disk.
MOST_NODES = 2_000


def explain_miss(before: Trace | None, now: Trace) -> Reason:
    """Say why a node has no result to reuse.

    Args:
        before: The node when it last ran; None where it never did.
        now: The node as it is.

    Returns:
        The most telling reason; one sentence names everything that changed.
    """
    if before is None:
        return FIRST_RUN
    if before.fingerprint == now.fingerprint:
        return EVICTED
    if before.type != now.type:
        return Reason("version-changed", f"It is a {now.type} now; it was a {before.type}.")
    if before.version != now.version:
        text = f"{now.type} has version {now.version} now; it was {before.version}."
        return Reason("version-changed", text)
    if before.code != now.code:
        return Reason("code-changed", f"The code of {now.type} changed.")
    return _explain_inputs(before, now)


def _explain_inputs(before: Trace, now: Trace) -> Reason:
    own = _own_changes(before, now)
    above = {
        name: f"{name} comes from {now.links[name]}, which changed"
        for name in now.links
        if now.links[name] == before.links.get(name) and now.feeds[name] != before.feeds.get(name)
    }
    if before.outside != now.outside:
        own[""] = "what it reads from outside changed"
    if before.lists != now.lists and not own:
        own[""] = "the way it runs over lists changed"
    names = tuple(name for name in (*own, *above) if name)
    text = _sentence([*own.values(), *above.values()])
    if own:
        return Reason("input-changed", text, names)
    return Reason("upstream-changed", text, names) if above else EVICTED


def _own_changes(before: Trace, now: Trace) -> dict[str, str]:
    """Say of each input that was edited itself what it was and is."""
    changes: dict[str, str] = {}
    for name in (*now.values, *now.links):
        old, new = _as_entered(before, name), _as_entered(now, name)
        if old == new:
            continue
        if old is None:
            changes[name] = f"{name} is new"
        elif old.startswith("#") or (new or "").startswith("#"):
            changes[name] = f"{name} changed"
        else:
            changes[name] = f"{name} changed from {old} to {new}"
    for name in (*before.values, *before.links):
        if _as_entered(now, name) is None:
            changes[name] = f"{name} is gone"
    return changes


def _as_entered(trace: Trace, name: str) -> str | None:
    return trace.values.get(name, trace.links.get(name))


def _sentence(parts: list[str]) -> str:
    text = ", ".join(parts) + "."
    # The name of an input stays as it is written; only sentences that begin with a word get a capital.
    return text[0].upper() + text[1:] if text.startswith(("what", "the ")) else text


class Lineage:
    """The nodes of one workflow as they were when they last ran."""

    def __init__(self, stored: Mapping[str, Trace] | None = None) -> None:
        self._traces: dict[str, Trace] = dict(stored or {})
        # Traces are made when somebody asks; until then the snapshot they are made from is kept.
        self._snapshots: dict[str, Snapshot] = {}
        self._costs: dict[str, Cost] = {}

    def last(self, node: str) -> Trace | None:
        """Return a node as it was when it last finished; None where it never did.

        Args:
            node: Its id.
        """
        snapshot = self._snapshots.get(node)
        if snapshot is not None:
            self._traces[node] = snapshot.trace(node, self._costs.get(node, UNKNOWN_COST))
            # A run that ended meanwhile may have left a newer snapshot, which must stay.
            if self._snapshots.get(node) is snapshot:
                del self._snapshots[node]
        return self._traces.get(node)

    def knows(self, node: str) -> bool:
        """Whether a node has ever finished.

        Args:
            node: Its id.
        """
        return node in self._snapshots or node in self._traces

    def cost(self, node: str) -> Cost:
        """Return what a node took when it last ran.

        Args:
            node: Its id.
        """
        known = self._costs.get(node, UNKNOWN_COST)
        if known is not UNKNOWN_COST:
            return known
        trace = self._traces.get(node)
        return UNKNOWN_COST if trace is None else trace.cost

    def remember(self, snapshot: Snapshot, finished: Mapping[str, Cost | None]) -> None:
        """Note how a run ended.

        Args:
            snapshot: The graph as it was submitted.
            finished: For each node that has a result, what it took; None where it was reused.
        """
        for node, cost in finished.items():
            self._snapshots[node] = snapshot
            self._costs[node] = self.cost(node) if cost is None else cost

    def to_json(self) -> dict[str, JSON]:
        """Return what is stored of it."""
        nodes: Iterable[str] = list(self._snapshots)
        if len(self._snapshots) > MOST_NODES:
            held = tuple(self._snapshots.items())
            nodes = [node for node, snapshot in held if _is_costly(snapshot, node)]
        for node in nodes:
            self.last(node)
        return {node: trace.to_json() for node, trace in tuple(self._traces.items())}


class Lineages:
    """What is remembered of all workflows, in memory and beside the cache.

    Args:
        folder: Where it is stored; None stores nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._lineages: OrderedDict[str, Lineage] = OrderedDict()

    def get(self, name: str) -> Lineage:
        """Return what is remembered of a workflow; nothing at first.

        Args:
            name: What tells one workflow from another, such as its path.
        """
        with self._lock:
            lineage = self._lineages.get(name)
            if lineage is None:
                lineage = self._lineages[name] = Lineage(self._read(name))
            self._lineages.move_to_end(name)
            while len(self._lineages) > MOST_LINEAGES:
                self._lineages.popitem(last=False)
            return lineage

    def store(self, name: str) -> None:
        """Write down what is remembered of a workflow.

        Args:
            name: Its name.

        Raises:
            OSError: It cannot be written.
        """
        if self._folder is not None:
            data = json.dumps(self.get(name).to_json(), separators=(",", ":")).encode()
            write_whole(self._path(self._folder, name), data, is_durable=False)

    def _read(self, name: str) -> dict[str, Trace]:
        if self._folder is None:
            return {}
        try:
            stored = json.loads(self._path(self._folder, name).read_bytes())
        except (OSError, ValueError):
            # Nothing was stored, or it is damaged: every node counts as new, and nothing else is lost.
            return {}
        if not isinstance(stored, dict):
            return {}
        traces = {node: Trace.from_json(data) for node, data in stored.items() if isinstance(data, dict)}
        return {node: trace for node, trace in traces.items() if trace is not None}

    @staticmethod
    def _path(folder: Path, name: str) -> Path:
        return folder / f"{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}.json"


def _is_costly(snapshot: Snapshot, node: str) -> bool:
    return snapshot.graph.nodes[node].schema.lane != "inline"
