"""Plain steps with a ledger that several test modules take."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weft.errors import JSON
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import Job, NewJob, Outcome, Output

MANY = 10_000
DONE = Outcome("succeeded")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@contextmanager
def opened(folder: Path, clock: Clock | None = None) -> Iterator[Ledger]:
    """Open a ledger and close it again."""
    ledger = Ledger.open(folder, clock=clock or Clock())
    try:
        yield ledger
    finally:
        ledger.close()


def document(text: str = "a red circle") -> dict[str, JSON]:
    """A workflow document, as far as a ledger is concerned."""
    return {"weft": 1, "nodes": {"text": {"type": "text.write", "version": 1, "inputs": {"text": text}}}}


def new_job(job_id: str, **fields: object) -> NewJob:
    """A job that is about to be submitted."""
    return NewJob(**{"id": job_id, "document": document(), **fields})  # type: ignore[arg-type]


def submit(ledger: Ledger, job_id: str, **fields: object) -> Job:
    """Submit one job."""
    jobs, _ = ledger.submit([new_job(job_id, **fields)], most_queued=MANY)
    return jobs[0]


def start(ledger: Ledger, job_id: str, worker: str = "worker-1") -> Job:
    """Give a job that waits to a worker."""
    job = ledger.claim(job_id, worker)
    assert job is not None
    return job


def run(ledger: Ledger, job_id: str, outcome: Outcome = DONE, **fields: object) -> Job:
    """Submit a job and have it run to its end."""
    submit(ledger, job_id, **fields)
    job = ledger.finish(job_id, start(ledger, job_id).attempt, outcome)
    assert job is not None
    return job


def picture(digest: str, output: str = "image") -> Output:
    """A picture that a job made."""
    return Output(output, 0, "image", digest, size=3, media_type="image/png", width=8, height=8)


def digest(number: int) -> str:
    """A digest like another."""
    return f"{number:064x}"
