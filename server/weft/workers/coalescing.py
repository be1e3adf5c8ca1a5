"""What a run tells, gathered into few messages: nobody sees more than sixty changes a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from weft.engine.events import Event, NodeFailed, NodeFinished, NodeItem, NodeProgress, NodeStarted
from weft.workers.protocol import NodeFinish, NodeProgressed, NodesChanged

INTERVAL_S = 1 / 60
LONGEST_DETAIL = 200
"""Characters of a failure that are told at once; the whole problem comes with the end of the job."""


class Coalescer:
    """Gathers the events of one job. All methods belong to the event loop.

    Of a node that begins and ends within one message only the end is told, and of the progress of a node only
    the newest.

    Args:
        job: Id of the job.
        attempt: Its attempt.
        send: Sends a message.
    """

    def __init__(self, job: str, attempt: int, send: Callable[[NodesChanged | NodeProgressed], None]) -> None:
        self._job = job
        self._attempt = attempt
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._last = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._started: dict[str, None] = {}
        self._finished: list[NodeFinish] = []
        self._progress: dict[str, NodeProgressed] = {}

    def note(self, event: Event) -> None:
        """Take an event; it is told at once where nothing was told just before.

        Args:
            event: What happened.
        """
        match event:
            case NodeStarted(node=node):
                self._started[node] = None
            case NodeProgress():
                self._note_progress(event.node, event.step, event.total, event.seconds_left, event.message)
            case NodeItem(total=int(total)):
                self._note_progress(event.node, event.index + 1, total)
            case NodeFinished():
                detail = ", ".join(event.reason.inputs)
                code, took = event.reason.code, event.footprint
                self._finish(
                    NodeFinish(
                        event.node, event.state, code, event.seconds, detail, took.held_bytes, took.peak_bytes
                    )
                )
            case NodeFailed(problem=problem):
                detail = problem.message[:LONGEST_DETAIL]
                self._finish(NodeFinish(event.node, "failed", problem.code, 0.0, detail))
            case _:
                return
        if self._timer is None:
            delay_s = max(0.0, self._last + INTERVAL_S - self._loop.time())
            self._timer = self._loop.call_later(delay_s, self.flush)

    def flush(self) -> None:
        """Tell now what was gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._last = self._loop.time()
        started, finished = tuple(self._started), tuple(self._finished)
        progress = tuple(self._progress.values())
        self._started.clear()
        self._finished.clear()
        self._progress.clear()
        if started or finished:
            self._send(NodesChanged(self._job, self._attempt, started, finished))
        for message in progress:
            self._send(message)

    def _finish(self, finish: NodeFinish) -> None:
        self._started.pop(finish.node, None)
        self._progress.pop(finish.node, None)
        self._finished.append(finish)

    def _note_progress(
        self, node: str, step: int, total: int, left_s: float | None = None, message: str = ""
    ) -> None:
        # Moved to the end, so that nodes are told in the order of their newest progress.
        self._progress.pop(node, None)
        self._progress[node] = NodeProgressed(self._job, self._attempt, node, step, total, left_s, message)
