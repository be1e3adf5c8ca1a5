"""Fill the disk below a ledger at many places, and see what it acknowledges.

Run as a program with a folder: on a small disk of its own a ballast file leaves little room, more each round;
where there is no such disk, the process may not write files beyond an offset, another one each round. A round
goes on until something is refused, then holds the ledger and the blobs against what was acknowledged, makes
room, and does what was refused.
"""

import argparse
import hashlib
import json
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crash.broken import LitteringBlobs
from ledger_steps import document, new_job
from weft.errors import DiskFullError, FileUnwritableError
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.database import FILE_NAME
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import JobFilter, Outcome, Output

PAGE_BYTES = 4096
MOST_STEPS = 400


@dataclass
class Report:
    """What the rounds found.

    Attributes:
        refused: How often something was refused, by code.
        acknowledged: How many jobs were acknowledged.
        faults: What was wrong.
    """

    refused: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)


class Diary:
    """Does one thing after the other with a ledger, and notes what was acknowledged."""

    def __init__(self, folder: Path, blob_stores: type[Blobs]) -> None:
        self.folder = folder
        self.ledger = Ledger.open(folder)
        self.blobs = blob_stores(folder / "blobs")
        self.jobs: dict[str, str] = {}
        self.stored: set[str] = set()
        self._turn = self._turns()

    def next(self) -> Callable[[], None]:
        """Give the next thing to do, which may be refused and done again."""
        return next(self._turn)

    def _turns(self) -> Iterator[Callable[[], None]]:
        for number in range(10**6):
            data = b"%d" % number * (700 + 811 * (number % 7))
            job_id = f"job-{number}"
            yield lambda job_id=job_id, data=data: self._submit(job_id, data)  # type: ignore[misc]
            yield lambda job_id=job_id: self._claim(job_id)  # type: ignore[misc]
            yield lambda data=data: self._store(data)  # type: ignore[misc]
            yield lambda job_id=job_id, data=data: self._finish(job_id, data)  # type: ignore[misc]

    def _submit(self, job_id: str, data: bytes) -> None:
        self.ledger.submit([new_job(job_id, document=document(data.decode()))], most_queued=10**6)
        self.jobs[job_id] = "queued"

    def _claim(self, job_id: str) -> None:
        assert self.ledger.claim(job_id, "worker-1") is not None
        self.jobs[job_id] = "running"

    def _store(self, data: bytes) -> None:
        self.stored.add(self.blobs.put(data))

    def _finish(self, job_id: str, data: bytes) -> None:
        made = Output("image", 0, "image", hashlib.sha256(data).hexdigest(), len(data), "image/png")
        assert self.ledger.finish(job_id, 1, Outcome("succeeded", (made,))) is not None
        self.jobs[job_id] = "succeeded"

    def faults(self) -> Iterator[str]:
        """Say where the disk differs from what was acknowledged."""
        found = {job.id: job.state for job in self.ledger.jobs(JobFilter(), limit=10**6).jobs}
        if found != self.jobs:
            yield f"the jobs are {found}, acknowledged were {self.jobs}"
        if sum(self.ledger.counts().values()) != len(self.jobs):
            yield "the jobs are counted wrongly"
        files = list(self.folder.glob("blobs/??/*"))
        if {path.name for path in files} != self.stored:
            yield "there are other blobs than were acknowledged"
        if [path for path in files if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]:
            yield "a blob is half written"
        if list(self.folder.glob("blobs/incoming/*")):
            yield "something half-written was left"

    def reopen(self) -> Iterator[str]:
        """End and begin again, and say what is different then."""
        self.ledger.close()
        connection = sqlite3.connect(self.folder / FILE_NAME)
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            yield "the database is damaged"
        connection.close()
        self.ledger = Ledger.open(self.folder)
        yield from self.faults()


@contextmanager
def ballast(folder: Path, room_bytes: int) -> Iterator[None]:
    """Leave only so much room on a disk."""
    path = folder / "ballast"
    size = shutil.disk_usage(folder).free - room_bytes
    with path.open("wb") as file:
        file.write(bytes(max(size, 0)))
    yield
    path.unlink()


@contextmanager
def limit(folder: Path, room_bytes: int) -> Iterator[None]:
    """Let no file grow by more than so much beyond the log of the database."""
    log = folder / "data" / f"{FILE_NAME}-wal"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + room_bytes, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(folder: Path, rounds: int, *, is_own_disk: bool, blob_stores: type[Blobs] = Blobs) -> Report:
    """Fill the disk in several rounds.

    Args:
        folder: Where everything lies.
        rounds: So often.
        is_own_disk: Whether the folder is a small disk of its own.
        blob_stores: The blobs to test.
    """
    report = Report()
    diary = Diary(folder / "data", blob_stores)
    for number in range(rounds):
        # An odd number of bytes, so that writing ends within pages, frames and headers alike.
        room = number * PAGE_BYTES if is_own_disk else number * 1237
        with ballast(folder, room) if is_own_disk else limit(folder, room):
            refused = _until_refused(diary, report)
            report.faults += [f"round {number}: {fault}" for fault in diary.faults()]
        refused()
        report.faults += [f"round {number}, with room again: {fault}" for fault in diary.faults()]
        if number % 10 == 9:
            report.faults += [f"round {number}, after a restart: {fault}" for fault in diary.reopen()]
            # Keeps the folder small, as the retention does.
            diary.ledger.retain(0, 0, 0.0)
            diary.blobs.sweep(diary.ledger.blob_references(), 0)
            diary.stored &= diary.ledger.blob_references()
            diary.jobs = {job: state for job, state in diary.jobs.items() if state != "succeeded"}
    report.acknowledged = int(diary.ledger.jobs(JobFilter(), limit=1).jobs[0].number)
    diary.ledger.close()
    return report


def _until_refused(diary: Diary, report: Report) -> Callable[[], None]:
    for _ in range(MOST_STEPS):
        act = diary.next()
        try:
            act()
        except (DiskFullError, FileUnwritableError) as error:
            report.refused[error.code] = report.refused.get(error.code, 0) + 1
            return act
    raise AssertionError("the disk never was full")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rounds and print their report as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--own-disk", action="store_true")
    parser.add_argument("--littering", action="store_true")
    given = parser.parse_args(arguments)
    stores = LitteringBlobs if given.littering else Blobs
    report = fill(given.folder, given.rounds, is_own_disk=given.own_disk, blob_stores=stores)
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    main()
