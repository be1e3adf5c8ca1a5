"""One server for each data folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from weft.jobs.faults import DataFolderInUseError

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        # Locks a byte far behind the content, since others may not read what is locked here.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

    def _unlock(handle: int) -> None:
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(handle: int) -> None:
        # Closing is not enough: a process that is just being started has the file open for a moment.
        fcntl.flock(handle, fcntl.LOCK_UN)


class FolderLock:
    """The right to be the only server of a folder, from now until `release` or the end of the process.

    Args:
        folder: The folder, which exists.

    Raises:
        DataFolderInUseError: Another process, or another lock of this one, has it.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "weft.lock"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._handle)
        except OSError as error:
            holder = os.read(self._handle, 32).decode("ascii", "replace").strip()
            os.close(self._handle)
            raise DataFolderInUseError(folder=str(folder), holder=holder) from error
        # Who holds it is for people to read; on a full disk the lock holds all the same.
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.write(self._handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others have the folder. The file stays: without it two processes could hold locks."""
        _unlock(self._handle)
        os.close(self._handle)
