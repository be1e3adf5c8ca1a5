"""The evidence that campaigns rely on: each kind of harm, done on purpose, is found."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from crash.clients import eventually_gone
from crash.evidence import errors_in, faults_of, logged, processes_of, served_faults, stream_faults
from live_server import eventually
from weft.errors import JSON
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.jobs.records import NewJob, Outcome, Output

PROMISED = {"job-1": 1, "job-2": 2, "job-3": 3}
DOCUMENT: dict[str, JSON] = {"outputs": {"sum": {"from": "a.b"}, "picture": {"from": "c.d"}}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder as a server leaves it: two jobs succeeded, one in its second attempt, and one failed."""
    folder = tmp_path / "data"
    ledger = Ledger.open(folder)
    blobs = Blobs(folder / "blobs")
    ledger.submit([NewJob(id=name, document=DOCUMENT) for name in PROMISED], most_queued=10)
    for name, value in PROMISED.items():
        content = f"picture {value}".encode()
        made = (
            Output("sum", 0, "int", value=value + 1),
            Output("picture", 0, "image", digest=blobs.put(content), size=len(content)),
        )
        ledger.claim(name, "worker-1")
        if value == 2:
            ledger.release(name, 1, died=True)
            ledger.claim(name, "worker-1")
        outcome = Outcome("succeeded", made) if value < 3 else Outcome("failed", problems=({"code": "why"},))
        ledger.finish(name, 2 if value == 2 else 1, outcome)
    ledger.close()
    return folder


def blob_of(data: Path, content: str) -> Path:
    """Where something lies."""
    digest = sha256(content.encode()).hexdigest()
    return data / "blobs" / digest[:2] / digest


def doctor(data: Path, change: str) -> None:
    """Change the database behind everybody's back."""
    with closing(sqlite3.connect(data / "weft.db")) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.executescript(change)


def test_there_is_no_fault_where_nothing_is_wrong(data: Path) -> None:
    assert faults_of(data, PROMISED) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DELETE FROM jobs WHERE id = 'job-1'; DELETE FROM documents; DELETE FROM outputs", "job-1 is lost"),
        (
            """INSERT INTO events (at, type, owner, job, data)
            SELECT at, type, owner, job, data FROM events WHERE job = 'job-1' ORDER BY number DESC LIMIT 1""",
            "job-1 ended 2 times",
        ),
        ("UPDATE jobs SET state = 'running' WHERE id = 'job-1'", "job-1 is running, but was told"),
        (
            """DELETE FROM events WHERE job = 'job-1' AND data LIKE '%succeeded%';
            UPDATE jobs SET state = 'running' WHERE id = 'job-1'""",
            "job-1 ended 0 times",
        ),
        (
            "DELETE FROM events WHERE job = 'job-1' AND data LIKE '%running%'",
            "job-1 went from queued to succeeded",
        ),
        ("UPDATE jobs SET attempt = 3 WHERE id = 'job-2'", "job-2 is in attempt 3"),
        ("UPDATE jobs SET problems = '[]' WHERE id = 'job-3'", "job-3 failed without a reason"),
        ("DELETE FROM outputs WHERE output = 'sum'", "job-1 made ['picture']"),
        ("DELETE FROM outputs WHERE output = 'picture'", "job-1 made ['sum']"),
        ("UPDATE outputs SET value = '7' WHERE output = 'sum'", "job-1 made 7 of 1"),
        ("DELETE FROM jobs WHERE id = 'job-1'", "belongs to nothing"),
    ],
)
def test_harm_done_to_the_ledger_is_found(data: Path, change: str, fault: str) -> None:
    doctor(data, change)

    assert any(fault in found for found in faults_of(data, PROMISED)), faults_of(data, PROMISED)


def test_half_a_blob_is_found(data: Path) -> None:
    blob = blob_of(data, "picture 1")
    blob.write_bytes(blob.read_bytes()[:4])

    faults = faults_of(data, PROMISED)

    assert f"the blob {blob.name} is not what its name says" in faults
    assert any(f"the blob {blob.name} of job number" in fault for fault in faults)


def test_a_missing_blob_is_found(data: Path) -> None:
    blob_of(data, "picture 1").unlink()

    assert any("missing or not whole" in fault for fault in faults_of(data, PROMISED))


def test_a_damaged_database_is_found(data: Path) -> None:
    path = data / "weft.db"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * 8192 + content[12288:])

    assert any("damaged" in fault for fault in faults_of(data, PROMISED))


def test_a_file_that_is_served_by_halves_or_not_at_all_is_found() -> None:
    content = b"picture 1"
    asset = {"digest": sha256(content).hexdigest(), "size": len(content)}

    assert served_faults(asset, 200, content) == []
    assert served_faults(asset, 200, content[:4])
    assert served_faults(asset, 200, content[:-1] + b"2")
    assert served_faults(asset, 404, b"")


def test_an_observer_that_saw_everything_has_no_fault(data: Path) -> None:
    assert stream_faults(logged(data), logged(data)) == []


def test_gaps_repetitions_and_disorder_in_what_an_observer_saw_are_found(data: Path) -> None:
    written = logged(data)
    first, second, third, *rest = written
    other = {**second, "data": {}}

    assert stream_faults([first, third, *rest], written) == ["event 2 is missing"]
    assert stream_faults([first, second, second, third, *rest], written) == ["event 2 came 2 times"]
    assert stream_faults([first, third, second, *rest], written) == ["event 2 came behind event 3"]
    assert stream_faults([first, other, third, *rest], written) == ["event 2 is not as it was written down"]
    assert stream_faults([*written, {**first, "number": 99}], written) == ["event 99 was never written down"]


def test_a_process_that_stayed_behind_is_found_and_gone_once_it_has_ended(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"], cwd=tmp_path) as orphan:
        eventually(lambda: processes_of(tmp_path) == [orphan.pid])
        assert processes_of(tmp_path, "sleep") == [orphan.pid]
        assert processes_of(tmp_path, "weft.workers") == []
        orphan.kill()

    eventually_gone(tmp_path)


def test_only_errors_of_the_log_are_faults() -> None:
    log = [{"level": "warning", "message": "a worker died"}, {"level": "error", "message": "could not"}]

    assert errors_in(log) == ["could not: "]
