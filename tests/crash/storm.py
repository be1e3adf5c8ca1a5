"""Kill a busy process at random moments, and see what is left.

Run as a program with a folder, which lies on a real disk: each round a process submits, claims, stores and
finishes as fast as it can, and counts on a pipe what was acknowledged, until it is killed from outside, maybe
in the middle of SQLite's own work or of a system call.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from crash.campaign import integrity_faults, recovery_faults
from crash.full_disk import Diary
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import JobFilter

# What a diary does with each job, and the state the job is in then.
STATES = ("queued", "running", "running", "succeeded")


def expected(acknowledged: int) -> dict[str, str]:
    """Give the state of each job after so many acts."""
    whole, rest = divmod(acknowledged, len(STATES))
    jobs = {f"job-{number}": STATES[-1] for number in range(whole)}
    if rest:
        jobs[f"job-{whole}"] = STATES[rest - 1]
    return jobs


def killed(folder: Path, chance: random.Random) -> int:
    """Have a process work and be killed; return how many acts it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        diary = Diary(folder, Blobs)
        while True:
            diary.next()()
            os.write(writing, b".")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        # It is at work once the first is acknowledged.
        begun = len(pipe.read(1))
        time.sleep(chance.uniform(0, 0.15))
        os.kill(child, signal.SIGKILL)
        acknowledged = begun + len(pipe.read())
    os.waitpid(child, 0)
    return acknowledged


def faults_of(folder: Path, acknowledged: int) -> Iterator[str]:
    """Say what is wrong with what a killed process left."""
    ledger = Ledger.open(folder)
    blobs = Blobs(folder / "blobs")
    found = {job.id: job.state for job in ledger.jobs(JobFilter(), limit=10**6).jobs}
    if found not in (expected(acknowledged), expected(acknowledged + 1)):
        yield f"after {acknowledged} acts the jobs are {found}"
    for path in folder.glob("blobs/??/*"):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            yield f"the blob {path.name} is half written"
    if [digest for digest in ledger.blob_references() if not blobs.exists(digest)]:
        yield "blobs are missing"
    yield from recovery_faults(ledger)
    ledger.close()
    yield from integrity_faults(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rounds and print their report as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args(arguments)
    chance = random.Random(7)
    faults: list[str] = []
    counts = []
    for number in range(given.rounds):
        folder = given.folder / str(number)
        counts.append(killed(folder, chance))
        faults += [f"round {number}: {fault}" for fault in faults_of(folder, counts[-1])]
        shutil.rmtree(folder)
    print(json.dumps({"acknowledged": counts, "faults": faults}))


if __name__ == "__main__":
    main()
