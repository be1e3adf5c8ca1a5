"""What the log says of a job's life: where it began, how it ended, and which death interrupted it.

Ids and codes alone, never prompts: whoever may read the log need not see what people make. The traceback of a
node that raised what nobody foresaw stands here and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from weft.jobs.records import Job, Outcome
from weft.workers.pool import WorkerDied

_LOG = logging.getLogger("weft.jobs")


def log_start(job: Job, worker: str) -> None:
    """Say that a worker was given a job."""
    _LOG.info("job started", extra={"job": job.id, "attempt": job.attempt, "worker": worker})


def log_end(job: Job, outcome: Outcome) -> None:
    """Say how a job ended, and for each error what it is and where it comes from."""
    told = {"job": job.id, "attempt": job.attempt, "seconds": round(outcome.seconds, 3)}
    _LOG.info("job %s", outcome.state, extra=told)
    for problem in outcome.problems:
        details = problem.get("details")
        trace = details.get("traceback") if isinstance(details, dict) else None
        where = {"job": job.id, "node": problem.get("node"), "code": problem.get("code")}
        _LOG.warning("job problem", extra=where | ({"traceback": trace} if trace else {}))


def log_loss(death: WorkerDied, jobs: Iterable[Job]) -> None:
    """Say which jobs a worker took along when it died."""
    lost = [job.id for job in jobs]
    told = {"worker": death.name, "exit_code": death.exit_code, "jobs": lost}
    _LOG.warning("worker died", extra=told)
