"""What events say of workers, nodes, progress and previews: their data, as short as it can be."""

from __future__ import annotations

from weft.errors import JSON, Problem
from weft.jobs.faults import WorkerDiedError
from weft.workers.pool import WorkerDied, WorkerView
from weft.workers.protocol import NodeFinish, NodeProgressed, NodesChanged, Preview

DIGITS = 4
"""Seconds are told to so many places behind the point."""


def worker_data(view: WorkerView) -> dict[str, JSON]:
    """Say how a worker is."""
    return {
        "name": view.name,
        "state": view.state,
        "pid": view.pid,
        "device": view.device,
        "device_name": view.device_name,
        "phase": view.phase,
        "restarts": view.restarts,
    }


def nodes_data(message: NodesChanged) -> dict[str, JSON]:
    """Say which nodes began and ended.

    One that ended is a row: id, state, reason, seconds, detail, the bytes that its results hold, the most
    bytes that its device had in use. What is not known or nothing at the end of a row is left out.
    """
    found: dict[str, JSON] = {}
    if message.started:
        found["started"] = list(message.started)
    if message.finished:
        found["finished"] = [_finish(finish) for finish in message.finished]
    return found


def progress_data(message: NodeProgressed) -> dict[str, JSON]:
    """Say how far a node is."""
    found: dict[str, JSON] = {"node": message.node, "step": message.step, "total": message.total}
    if message.seconds_left is not None:
        found["seconds_left"] = round(message.seconds_left, DIGITS)
    if message.message:
        found["message"] = message.message
    return found


def preview_data(message: Preview) -> dict[str, JSON]:
    """Say what a preview shows."""
    return {
        "node": message.node,
        "width": message.width,
        "height": message.height,
        "media_type": message.media_type,
    }


def death_problem(death: WorkerDied) -> dict[str, JSON]:
    """Say how a worker died, with what it wrote last."""
    how = "could not be started" if death.exit_code is None else f"ended with exit code {death.exit_code}"
    if death.exit_code is not None and death.exit_code < 0:
        how = f"was killed by signal {-death.exit_code}"
    return Problem(
        code=WorkerDiedError.code,
        message=f"{death.name} {how}.",
        hint="The last lines of its log are among the details.",
        details={"worker": death.name, "exit_code": death.exit_code, "log": list(death.log_tail)},
    ).to_json()


def _finish(finish: NodeFinish) -> list[JSON]:
    found: list[JSON] = [finish.node, finish.state, finish.reason, round(finish.seconds, DIGITS)]
    rest: list[JSON] = [finish.detail, finish.held_bytes, finish.peak_bytes]
    while rest and not rest[-1]:
        rest.pop()
    return [*found, *rest]
