"""What is left on the disk and in the process table after a campaign, and what is wrong with it.

Everything is read from outside: the database by `sqlite3`, the blobs as plain files, processes from /proc.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

FINAL = frozenset({"succeeded", "failed", "cancelled"})

_NEXT = {
    "queued": {"running", "cancelled"},
    "running": {"queued", "succeeded", "failed", "cancelled", "running"},
    "succeeded": set[str](),
    "failed": set[str](),
    "cancelled": set[str](),
}
"""Which state may follow which; `running` follows itself when a job is asked to stop."""

Told = Mapping[str, Any]
"""An event as an observer sees it: `number`, `type`, `job`, `data`."""


def faults_of(data: Path, promised: Mapping[str, int]) -> list[str]:
    """Say all that is wrong with a data folder whose server has ended.

    Args:
        data: The data folder.
        promised: The value that each acknowledged job was given, by its id; one that succeeded made one more,
            and whatever else its workflow makes.
    """
    with closing(sqlite3.connect(data / "weft.db")) as database:
        faults = [f"the database is damaged: {line}" for line in _damage(database)]
        if faults:
            return faults
        jobs = _rows(database, "SELECT * FROM jobs ORDER BY number")
        outputs = _rows(database, "SELECT * FROM outputs ORDER BY job, place")
        documents = {
            row["job"]: json.loads(row["document"]) for row in _rows(database, "SELECT * FROM documents")
        }
        events = logged(data)
    known = {job["id"]: job for job in jobs}
    faults.extend(f"{name} is lost" for name in promised if name not in known)
    for job in jobs:
        life = [event["data"] for event in events if event["type"] == "job" and event["job"] == job["id"]]
        made = [output for output in outputs if output["job"] == job["number"]]
        wanted = set(documents.get(job["number"], {}).get("outputs", ()))
        told = [*_life_faults(job, life), *_end_faults(job, made, wanted, promised.get(job["id"]))]
        faults.extend(f"{job['id']} {fault}" for fault in told)
    return [*faults, *_blob_faults(data / "blobs", outputs)]


def logged(data: Path) -> list[dict[str, Any]]:
    """Give the log of events as it is written down."""
    with closing(sqlite3.connect(data / "weft.db")) as database:
        rows = _rows(database, "SELECT number, type, job, data FROM events ORDER BY number")
    return [{**row, "data": json.loads(row["data"])} for row in rows]


def stream_faults(seen: Sequence[Told], written: Iterable[Told]) -> list[str]:
    """Say what is wrong with what an observer saw.

    Args:
        seen: The events in the order in which they came.
        written: The events that it should have seen, from the log.
    """
    counted = Counter(event["number"] for event in seen)
    expected = {event["number"]: event for event in written}
    faults = [f"event {number} came {count} times" for number, count in counted.items() if count > 1]
    faults.extend(f"event {number} is missing" for number in expected if number not in counted)
    faults.extend(f"event {number} was never written down" for number in counted if number not in expected)
    for before, after in pairwise(event["number"] for event in seen):
        if after < before:
            faults.append(f"event {after} came behind event {before}")
    for event in seen:
        same = expected.get(event["number"], event)
        if any(event[name] != same[name] for name in ("type", "job", "data")):
            faults.append(f"event {event['number']} is not as it was written down")
    return faults


def served_faults(asset: Mapping[str, Any], status: int, body: bytes) -> list[str]:
    """Say what is wrong with a file as a server gave it.

    Args:
        asset: What the job says about it.
        status: Status of the answer.
        body: The file.
    """
    if status != 200:
        return [f"the file {asset['digest']} was answered with {status}"]
    is_whole = len(body) == asset["size"] and hashlib.sha256(body).hexdigest() == asset["digest"]
    return [] if is_whole else [f"{len(body)} bytes are not the file {asset['digest']}"]


def errors_in(log: Iterable[Mapping[str, Any]]) -> list[str]:
    """List what a server logged as errors, which no fault of a worker, a client or a disk may cause."""
    return [f"{line['message']}: {line.get('exception', '')}" for line in log if line["level"] == "error"]


def processes_of(folder: Path, containing: str = "") -> list[int]:
    """List the processes of the server of a folder, with all that they have started: those that are there.

    Args:
        folder: The folder that the server was started in.
        containing: Only those with this in their command lines.
    """
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                is_there = (process / "cwd").readlink() == folder
                if is_there and containing.encode() in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
            except OSError:
                # It has ended meanwhile.
                continue
    return sorted(found)


def workers_of(folder: Path) -> list[int]:
    """List the worker processes of the server of a folder."""
    return processes_of(folder, "weft.workers")


def _damage(database: sqlite3.Connection) -> Iterator[str]:
    try:
        lines = [line for (line,) in database.execute("PRAGMA integrity_check")]
        strays = database.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        yield str(error)
        return
    yield from (line for line in lines if line != "ok")
    yield from (f"a row of {stray[0]} belongs to nothing" for stray in strays)


def _rows(database: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    cursor = database.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _life_faults(job: Mapping[str, Any], life: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Compare a job with what was told of it."""
    states = [step["state"] for step in life]
    ends = [state for state in states if state in FINAL]
    if len(ends) != 1:
        yield f"ended {len(ends)} times"
    if states[:1] != ["queued"]:
        yield "was never told to wait"
    for before, after in pairwise(life):
        if after["state"] not in _NEXT[before["state"]]:
            yield f"went from {before['state']} to {after['state']}"
        is_start = after["state"] == "running" != before["state"]
        if after["attempt"] != before["attempt"] + int(is_start):
            yield f"went from attempt {before['attempt']} to {after['attempt']}"
    if states[-1:] != [job["state"]]:
        yield f"is {job['state']}, but was told to be {states[-1:]}"
    if life and life[-1]["attempt"] != job["attempt"]:
        yield f"is in attempt {job['attempt']}, but was told to be in {life[-1]['attempt']}"


def _end_faults(
    job: Mapping[str, Any], outputs: Sequence[Mapping[str, Any]], wanted: AbstractSet[str], value: int | None
) -> Iterator[str]:
    """Compare a job with what it made."""
    if job["state"] == "failed" and not json.loads(job["problems"]):
        yield "failed without a reason"
    if job["state"] != "succeeded" or value is None:
        return
    made = {output["output"]: output for output in outputs}
    if len(made) != len(outputs) or set(made) != {"sum", *wanted}:
        yield f"made {[output['output'] for output in outputs]}"
    elif made["sum"]["value"] != str(value + 1):
        yield f"made {made['sum']['value']} of {value}"


def _blob_faults(folder: Path, outputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Read all blobs, those that a job refers to and those that none does."""
    sizes = {}
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        content = path.read_bytes()
        sizes[path.name] = len(content)
        if hashlib.sha256(content).hexdigest() != path.name:
            yield f"the blob {path.name} is not what its name says"
    for output in outputs:
        if output["digest"] and sizes.get(output["digest"]) != output["size"]:
            yield f"the blob {output['digest']} of job number {output['job']} is missing or not whole"
