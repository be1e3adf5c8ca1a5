"""A data folder has one server, and a dead one does not keep it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from weft.jobs.faults import DataFolderInUseError
from weft.jobs.ledger.folder_lock import FolderLock

HOLD = """
import sys, time
from pathlib import Path
from weft.jobs.ledger.folder_lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(600)
"""


def test_a_locked_folder_is_refused_and_its_holder_named(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(DataFolderInUseError) as caught:
            FolderLock(tmp_path)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()

    assert f"process {holder.pid}" in caught.value.message
    # The process was killed; the folder is free nevertheless.
    FolderLock(tmp_path).release()


def test_a_released_folder_can_be_locked_again(tmp_path: Path) -> None:
    for _ in range(2):
        lock = FolderLock(tmp_path)
        with pytest.raises(DataFolderInUseError):
            FolderLock(tmp_path)
        lock.release()


def test_processes_started_meanwhile_do_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        lock.release()
        FolderLock(tmp_path).release()
    finally:
        child.communicate(b"\n")
