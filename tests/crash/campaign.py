"""Kill a process at chosen lines of the ledger's code, and see what is left.

Run as a program, it is a small single-threaded process that has imported everything, so that each life costs
a fork. First it watches one whole life and keeps what was on the disk after each step. Then, for each chosen
line, a process takes up such a life one step before, acknowledges that step through a pipe, counts the lines
that it executes in `weft.jobs`, and kills itself, really, at the chosen one. The ledger is opened anew and
held against what was acknowledged.
"""

import argparse
import bisect
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from crash import broken
from crash.scenario import Life, Step, steps
from ledger_steps import DONE, Clock
from weft import jobs as jobs_package
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.database import FILE_NAME
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import FINAL_STATES, JobFilter

TRACED = (str(Path(jobs_package.__path__[0])), broken.__file__)
TABLES = ("facts", "jobs", "documents", "outputs", "events", "assets", "workflows")

Rows = dict[str, list[list[object]]]


@dataclass(frozen=True)
class State:
    """What is on the disk.

    Attributes:
        rows: Every row of every table.
        blobs: The names of all blobs.
    """

    rows: Rows
    blobs: list[str]


@dataclass
class Report:
    """What a campaign found.

    Attributes:
        lines: How many lines the whole life executes.
        kills: How often it was killed.
        faults: What was wrong afterwards.
    """

    lines: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Variant:
    """What is tested: the real thing, or one with a guard taken out."""

    ledgers: type[Ledger] = Ledger
    blobs: type[Blobs] = Blobs
    is_blob_first: bool = True

    @property
    def steps(self) -> list[Step]:
        """The steps of its life."""
        return steps(is_blob_first=self.is_blob_first)


def variants() -> dict[str, Variant]:
    """Everything that can be tested, by name."""
    return {
        "real": Variant(),
        "unfenced": Variant(ledgers=broken.UnfencedLedger),
        "piecemeal": Variant(ledgers=broken.PiecemealLedger),
        "hasty": Variant(blobs=broken.HastyBlobs),
        "early": Variant(is_blob_first=False),
    }


@dataclass(frozen=True)
class Watched:
    """A whole life that was watched.

    Attributes:
        folder: Holds a copy of the data folder after each step, by the step's number.
        lines: How many lines were executed until the end of each step.
        states: What was on the disk after each step.
    """

    folder: Path
    lines: list[int]
    states: list[State]


class Countdown:
    """Counts the lines of traced files, and kills the process at one of them.

    Args:
        count: How many were executed before.
        line: Which is the last; None for none.
    """

    def __init__(self, count: int = 0, line: int | None = None) -> None:
        self.count = count
        self._line = line

    def __call__(self, frame: FrameType, kind: str, _: object) -> Any:
        """Follow into functions of traced files only."""
        return self._count if kind == "call" and frame.f_code.co_filename.startswith(TRACED) else None

    def _count(self, _frame: FrameType, kind: str, _: object) -> Any:
        if kind == "line":
            self.count += 1
            if self.count == self._line:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._count


def live(variant: Variant, folder: Path, begin: int, countdown: Countdown) -> Iterator[int]:
    """Live from a step on, giving the number of each step as it is acknowledged."""
    life = Life(folder, variant.ledgers, variant.blobs)
    if begin:
        life.open()
    for number, step in enumerate(variant.steps[begin:], begin):
        life.clock.now = 1000.0 + number
        sys.settrace(countdown)
        step(life)
        sys.settrace(None)
        yield number


def watch(variant: Variant, folder: Path) -> Watched:
    """Live a whole life in a process of its own."""
    data = folder / "data"

    def observed(pipe: int) -> None:
        countdown = Countdown()
        for number in live(variant, data, 0, countdown):
            shutil.copytree(data, folder / str(number))
            seen = {"lines": countdown.count, "state": asdict(observe(data))}
            os.write(pipe, json.dumps(seen).encode() + b"\n")

    seen, status = forked(observed)
    if status != 0:
        raise AssertionError(f"the life ended with status {status}")
    found = [json.loads(text) for text in seen]
    return Watched(folder, [step["lines"] for step in found], [State(**step["state"]) for step in found])


def kill(variant: Variant, watched: Watched, folder: Path, line: int) -> int:
    """Live until a line is reached, from one step before; return how many steps were acknowledged in all."""
    interrupted = bisect.bisect_left(watched.lines, line)
    begin = max(interrupted - 1, 0)
    count = 0
    if begin:
        count = watched.lines[begin - 1]
        shutil.copytree(watched.folder / str(begin - 1), folder, dirs_exist_ok=True)

    def acknowledged(pipe: int) -> None:
        for number in live(variant, folder, begin, Countdown(count, line)):
            os.write(pipe, b"%d\n" % number)

    told, status = forked(acknowledged)
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
        raise AssertionError(f"the life ended with status {status} instead of being killed at line {line}")
    return begin + len(told)


def forked(act: Callable[[int], None]) -> tuple[list[str], int]:
    """Act in a process of its own; return the lines that it wrote into its pipe, and how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            act(writing)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = [text for text in pipe if text.endswith("\n")]
    return told, os.waitpid(child, 0)[1]


def observe(folder: Path) -> State:
    """Read what is on the disk, past all code of weft."""
    path = folder / FILE_NAME
    rows: Rows = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        for table in TABLES:
            rows[table] = [list(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
    connection.close()
    return State(rows, [path.name for path in _blob_files(folder)])


def faults_of(variant: Variant, folder: Path, before: State, after: State) -> Iterator[str]:
    """Say what is wrong with what a killed process left.

    Args:
        variant: What lived.
        folder: Its data folder.
        before: What was there before the step that was interrupted.
        after: What would have been there after it.
    """
    yield from _blob_faults(folder, before, after)
    ledger = variant.ledgers.open(folder, clock=Clock(5000.0))
    try:
        found = observe(folder)
        if found.rows not in (before.rows, after.rows):
            torn = [table for table in TABLES if found.rows[table] != before.rows[table]]
            yield f"the interrupted step is half done, in {torn}"
        blobs = Blobs(folder / "blobs")
        missing = [digest for digest in ledger.blob_references() if not blobs.exists(digest)]
        # The last asset of the life refers to a blob that never was; it is there to be deleted.
        if [digest for digest in missing if not digest.startswith("0" * 60)]:
            yield f"blobs are missing: {missing}"
        yield from recovery_faults(ledger)
        blobs.sweep(ledger.blob_references(), 0)
        if any((folder / "blobs" / "incoming").iterdir()):
            yield "something half-written stays for ever"
    finally:
        ledger.close()


def recovery_faults(ledger: Ledger) -> Iterator[str]:
    """Go on as a restarted server does, and say which job does not end exactly once."""
    running = ledger.jobs(JobFilter(states=frozenset({"running"}))).jobs
    recovered = {job.id: job.state for job in ledger.recover()}
    for job in running:
        if recovered.get(job.id) != ("cancelled" if job.is_cancelling else "queued"):
            yield f"{job.id} was running and is {recovered.get(job.id)} after recovery"
        if ledger.finish(job.id, job.attempt, DONE) is not None:
            yield f"{job.id} was ended by a worker that had been given up"
    for job in ledger.candidates(100):
        claimed = ledger.claim(job.id, "worker-9")
        if claimed is None or ledger.finish(job.id, claimed.attempt, DONE) is None:
            yield f"{job.id} cannot be run"
    for job in ledger.jobs(JobFilter()).jobs:
        states = [event.data["state"] for event in ledger.events_after(0, job=job.id) if event.type == "job"]
        ends = [state for state in states if state in FINAL_STATES]
        if not job.is_final or ends != [job.state]:
            yield f"{job.id} is {job.state} and ended as {ends}"


def _blob_faults(folder: Path, before: State, after: State) -> Iterator[str]:
    files = _blob_files(folder)
    for path in files:
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            yield f"the blob {path.name} is half written"
    found = {path.name for path in files}
    if not set(before.blobs) & set(after.blobs) <= found <= set(before.blobs) | set(after.blobs):
        yield f"the blobs are {sorted(found)}"


def _blob_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("blobs/??/*") if path.is_file())


def integrity_faults(folder: Path) -> list[str]:
    """Say what SQLite finds wrong with the database."""
    connection = sqlite3.connect(folder / FILE_NAME)
    found = connection.execute("PRAGMA integrity_check").fetchall()
    found += connection.execute("PRAGMA foreign_key_check").fetchall()
    connection.close()
    return [] if found == [("ok",)] else [f"the database is damaged: {found}"]


def campaign(name: str, every: int, *, is_ended_by_fault: bool) -> Report:
    """Kill a life at every n-th line.

    Args:
        name: Which variant.
        every: The n.
        is_ended_by_fault: Whether the first fault ends the campaign.
    """
    variant = variants()[name]
    report = Report()
    with scratch() as memory:
        watched = watch(variant, memory)
        report.lines = watched.lines[-1]
        for line in range(1 + every // 2, report.lines + 1, every):
            folder = memory / "killed"
            folder.mkdir()
            done = kill(variant, watched, folder, line)
            report.kills += 1
            # What opening makes is there when it was opened again, so nothing comes before the first state.
            before, after = watched.states[max(done - 1, 0)], watched.states[done]
            found = [*faults_of(variant, folder, before, after), *integrity_faults(folder)]
            report.faults += [f"line {line}, step {done}: {fault}" for fault in found]
            shutil.rmtree(folder)
            if found and is_ended_by_fault:
                break
    return report


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder in memory where there is one: a killed process loses nothing that the system has."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="weft-crash-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run campaigns and print their reports as JSON, by the names of the variants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="+", metavar="NAME/EVERY", help=", ".join(sorted(variants())))
    parser.add_argument("--until-fault", action="store_true")
    given = parser.parse_args(arguments)
    wanted = dict(text.split("/") for text in given.variants)
    reports = {
        name: asdict(campaign(name, int(every), is_ended_by_fault=given.until_fault))
        for name, every in wanted.items()
    }
    print(json.dumps(reports))


if __name__ == "__main__":
    main()
