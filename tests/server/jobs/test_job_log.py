"""The log tells of a job's life by ids and codes, and holds the traceback that answers do not show."""

import logging

import pytest
from weft.errors import JSON
from weft.jobs.job_log import log_end, log_loss, log_start
from weft.jobs.records import Job, Outcome
from weft.workers.pool import WorkerDied

JOB = Job("job-1", 1, "ann", "portrait", "running", inputs={"prompt": "a secret garden"}, attempt=2)
PROBLEM: dict[str, JSON] = {
    "node": "draw",
    "code": "node-failed",
    "message": "a secret",
    "details": {"traceback": "line 3"},
}


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name in _NAMES}


_NAMES = ("job", "jobs", "attempt", "worker", "exit_code", "node", "code", "traceback")


def test_a_start_names_the_job_its_attempt_and_its_worker(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "weft.jobs"):
        log_start(JOB, "worker-1")

    assert [_fields(record) for record in caplog.records] == [
        {"job": "job-1", "attempt": 2, "worker": "worker-1"}
    ]


def test_an_end_tells_each_problem_with_its_traceback_and_no_prompt(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "weft.jobs"):
        log_end(JOB, Outcome("failed", problems=(PROBLEM,), seconds=1.23456))

    assert [record.getMessage() for record in caplog.records] == ["job failed", "job problem"]
    assert _fields(caplog.records[1]) == {
        "job": "job-1",
        "node": "draw",
        "code": "node-failed",
        "traceback": "line 3",
    }
    assert "secret" not in "".join(str(vars(record)) for record in caplog.records)


def test_a_death_names_all_jobs_that_it_interrupted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "weft.jobs"):
        log_loss(WorkerDied("worker-1", frozenset(), -9, ()), [JOB])

    assert _fields(caplog.records[0]) == {"worker": "worker-1", "exit_code": -9, "jobs": ["job-1"]}
