"""Blobs: files named by what is in them, whole or not there at all.

A blob is written beside its place, brought to the disk, renamed, and its folder brought to the disk; only
then may the ledger refer to it. Whatever stops the process in between leaves a file that nobody refers to,
which `sweep` deletes when it is old enough: a young one may belong to a run that is about to be written down.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from weft.disk_faults import told
from weft.jobs.faults import BlobMismatchError, BlobUnknownError
from weft.paths import is_digest

_CHUNK_BYTES = 2**20
_INCOMING = "incoming"


class Blobs:
    """The blobs of a folder. Any thread may call it.

    Args:
        folder: Where they lie; made where it is missing.

    Raises:
        FileUnwritableError: The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / _INCOMING
        # A blob that is there already must not be swept between finding it and marking it as used.
        self._lock = threading.Lock()
        with told(folder):
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Store bytes.

        Args:
            data: The content.

        Returns:
            The digest under which it is on the disk now.

        Raises:
            DiskFullError: There is no room; nothing was left behind.
            FileUnwritableError: The disk failed; nothing was left behind.
        """
        digest = hashlib.sha256(data).hexdigest()
        if not self._is_kept(digest, len(data)):
            with self._written(digest, len(data)) as file:
                file.write(data)
        return digest

    def adopt(self, path: Path, digest: str, size: int) -> None:
        """Take a file over: it is moved into the store, or deleted where its content is there already.

        Args:
            path: The file; it is read to see whether it is what it is said to be.
            digest: The SHA-256 of its content.
            size: Its bytes.

        Raises:
            BlobMismatchError: It is something else; it is left where it is.
            DiskFullError: There is no room; nothing was left behind.
            FileUnwritableError: It cannot be read or moved.
        """
        self._place(digest)
        with told(path, size):
            if not _is_plain(path) or _digest_of(path) != (digest, size):
                raise BlobMismatchError(path=str(path), expected=digest)
            if self._is_kept(digest, size):
                path.unlink()
                return
            try:
                _synchronise(path)
                # The worker may have written it long ago; for the sweep it is new.
                os.utime(path)
                self._move_in(path, digest)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._copy_in(path, digest, size)

    def path(self, digest: str) -> Path:
        """Give the file of a blob, for reading only.

        Args:
            digest: Its digest.

        Raises:
            BlobUnknownError: There is no such blob.
        """
        place = self._place(digest)
        if not _is_plain(place):
            raise BlobUnknownError(digest=digest)
        return place

    def exists(self, digest: str) -> bool:
        """Tell whether there is a blob of that digest."""
        return is_digest(digest) and _is_plain(self._place(digest))

    def open(self, digest: str) -> BinaryIO:
        """Open a blob for reading.

        Args:
            digest: Its digest.

        Raises:
            BlobUnknownError: There is no such blob.
        """
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError as error:
            raise BlobUnknownError(digest=digest) from error

    def delete(self, digest: str) -> None:
        """Delete a blob; one that is not there is let pass."""
        self._place(digest).unlink(missing_ok=True)

    def sweep(self, referenced: Collection[str], younger_than_s: float) -> int:
        """Delete what nobody refers to.

        Args:
            referenced: The digests of the blobs that stay.
            younger_than_s: Files written or stored again within this time stay too.

        Returns:
            How many files were deleted.
        """
        before = time.time() - younger_than_s
        swept = 0
        for path in self._files():
            if path.name not in referenced:
                with self._lock, contextlib.suppress(FileNotFoundError):
                    if path.lstat().st_mtime <= before:
                        path.unlink()
                        swept += 1
        return swept

    def _place(self, digest: str) -> Path:
        """Say where a blob lies; a digest is all that ever becomes part of a path."""
        if not is_digest(digest):
            raise BlobUnknownError(digest=digest)
        return self._folder / digest[:2] / digest

    def _is_kept(self, digest: str, size: int) -> bool:
        """Tell whether a blob is there, and have the sweep take it for a new one."""
        place = self._place(digest)
        with self._lock:
            if not _is_plain(place) or place.stat().st_size != size:
                return False
            os.utime(place)
            return True

    @contextlib.contextmanager
    def _written(self, digest: str, size: int) -> Iterator[BinaryIO]:
        """Give a file to write into, which becomes the blob when the block ends well."""
        with told(self._place(digest), size):
            handle, name = tempfile.mkstemp(dir=self._incoming)
            try:
                with os.fdopen(handle, "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                self._move_in(Path(name), digest)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def _move_in(self, source: Path, digest: str) -> None:
        place = self._place(digest)
        if not place.parent.is_dir():
            place.parent.mkdir(mode=0o700, exist_ok=True)
            _synchronise_folder(self._folder)
        source.replace(place)
        _synchronise_folder(place.parent)

    def _copy_in(self, path: Path, digest: str, size: int) -> None:
        """Take over a file of another file system."""
        with path.open("rb") as source, self._written(digest, size) as target:
            shutil.copyfileobj(source, target, _CHUNK_BYTES)
        path.unlink()

    def _files(self) -> Iterator[Path]:
        """Give all blobs, and what was being written."""
        for folder in sorted(self._folder.iterdir()):
            if folder.is_dir() and not folder.is_symlink():
                yield from sorted(folder.iterdir())


def _is_plain(path: Path) -> bool:
    """Tell whether there is a plain file, so that no link ever leads out of the store."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _digest_of(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, file.tell()


def _synchronise(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _synchronise_folder(folder: Path) -> None:
    # Windows knows no folders that can be synchronised; there the file system's journal has to do.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
