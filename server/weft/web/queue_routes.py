"""The queue as a whole: how much waits, and whether anything is begun."""

from __future__ import annotations

from weft.web.routing import Call, Policy, Reply, route
from weft.web.wire import QueueView, state_counts


@route("GET", "/api/queue", policy=Policy.READ, tag="Queue", answers={200: QueueView})
async def show_queue(call: Call[None]) -> Reply:
    """Show how many jobs are in each state, and whether the queue is paused."""
    return Reply(_view(call))


@route("POST", "/api/queue/pause", policy=Policy.MANAGE, tag="Queue", answers={200: QueueView}, faults=(507,))
async def pause_queue(call: Call[None]) -> Reply:
    """Begin no more jobs until the queue is resumed.

    Those that run go on, and jobs can be submitted. The queue stays paused when the server is started again.
    """
    await call.services.jobs.pause()
    return Reply(_view(call))


@route(
    "POST", "/api/queue/resume", policy=Policy.MANAGE, tag="Queue", answers={200: QueueView}, faults=(507,)
)
async def resume_queue(call: Call[None]) -> Reply:
    """Begin jobs again."""
    await call.services.jobs.resume()
    return Reply(_view(call))


def _view(call: Call[None]) -> QueueView:
    jobs = call.services.jobs
    counts = jobs.counts(call.caller.sees)
    return QueueView(paused=jobs.is_paused, counts=state_counts(counts))
