"""Where a disk is full nothing is acknowledged that is not on it, and with room again everything goes on."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
SMALL_DISK = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=24m none "$0" && exec "$@"')


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "server")])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _filled(prefix: tuple[str | Path, ...], folder: Path, *arguments: str) -> dict[str, Any]:
    ended = _run(*prefix, sys.executable, "-m", "crash.full_disk", folder, *arguments)
    assert ended.returncode == 0, ended.stderr
    report: dict[str, Any] = json.loads(ended.stdout)
    return report


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[str | Path, ...]:
    """What to put before a command, so that the folder is a small disk of its own for it."""
    prefix = (*SMALL_DISK, tmp_path)
    if shutil.which("unshare") is None or _run(*prefix, "true").returncode != 0:
        pytest.skip("this system lets nobody mount a small disk")
    return prefix


def test_a_full_disk_is_refused_cleanly_wherever_it_becomes_full(
    tmp_path: Path, small_disk: tuple[str | Path, ...]
) -> None:
    report = _filled(small_disk, tmp_path, "--own-disk", "--rounds", "30")

    assert report["faults"] == []
    assert report["refused"] == {"disk-full": 30}


def test_a_file_that_may_not_grow_is_refused_cleanly_at_any_byte(tmp_path: Path) -> None:
    report = _filled((), tmp_path, "--rounds", "60")

    assert report["faults"] == []
    assert sum(report["refused"].values()) == 60


def test_half_written_files_that_are_left_are_noticed(
    tmp_path: Path, small_disk: tuple[str | Path, ...]
) -> None:
    report = _filled(small_disk, tmp_path, "--own-disk", "--rounds", "12", "--littering")

    assert [fault for fault in report["faults"] if "half-written was left" in fault] != []
