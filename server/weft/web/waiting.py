"""Waiting for a job within a request, and no longer than the server itself lives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.web.app_keys import CLOSING
from weft.web.routing import Call

if TYPE_CHECKING:
    from weft.jobs.records import Job


async def wait_for_end(call: Call[object], job: Job, seconds: float) -> Job:
    """Wait until a job ended.

    Args:
        call: The call that waits.
        job: The job.
        seconds: How long to wait, at most.

    Returns:
        The job as it is then; not ended where the time was too short, or the server is being stopped.
    """
    if job.is_final or seconds <= 0:
        return job
    waiting = asyncio.ensure_future(call.services.jobs.wait(job.id, seconds))
    closing = asyncio.ensure_future(call.request.app[CLOSING].wait())
    try:
        await asyncio.wait({waiting, closing}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else job
    finally:
        for task in (waiting, closing):
            task.cancel()
        await asyncio.gather(waiting, closing, return_exceptions=True)
