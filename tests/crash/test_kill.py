"""A process killed at any line leaves all that it acknowledged, and a step wholly or not at all."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]


def _run(*arguments: str | Path) -> dict[str, Any]:
    """Run a program in a process of its own, since only one without threads may be forked."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "server")])
    ended = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


@pytest.fixture(scope="module")
def reports() -> dict[str, Any]:
    """What was found of the real thing, and where a guard was taken out, by its name."""
    campaigns = ("real/120", "unfenced/200", "piecemeal/60", "hasty/150", "early/80")
    return _run("crash.campaign", *campaigns, "--until-fault")


def test_nothing_acknowledged_is_lost_and_nothing_is_half_done(reports: dict[str, Any]) -> None:
    report = reports["real"]

    assert report["faults"] == []
    assert report["kills"] >= 25


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_same_holds_at_every_single_line() -> None:
    report = _run("crash.campaign", "real/1")["real"]

    assert report["faults"] == []
    assert report["kills"] == report["lines"] > 3000


@pytest.mark.parametrize(
    ("guard", "fault"),
    [
        ("unfenced", "ended by a worker that had been given up"),
        ("piecemeal", "the interrupted step is half done"),
        ("hasty", "is half written"),
        ("early", "blobs are missing"),
    ],
)
def test_a_guard_taken_out_is_noticed(reports: dict[str, Any], guard: str, fault: str) -> None:
    assert [found for found in reports[guard]["faults"] if fault in found] != []


def test_a_busy_process_may_be_killed_at_any_moment(tmp_path: Path) -> None:
    report = _run("crash.storm", tmp_path, "--rounds", "8")

    assert report["faults"] == []
    assert sum(report["acknowledged"]) >= 8


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_busy_process_may_be_killed_a_thousand_times(tmp_path: Path) -> None:
    report = _run("crash.storm", tmp_path, "--rounds", "1000")

    assert report["faults"] == []
    assert len(report["acknowledged"]) == 1000
