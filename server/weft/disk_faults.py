"""What the system says about a file, in the words of weft."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weft.errors import DiskFullError, FileUnwritableError
from weft.paths import NO_ROOM


@contextmanager
def told(path: Path, size: int = 0) -> Iterator[None]:
    """Say in our words what goes wrong while a file is written.

    Args:
        path: The file.
        size: Bytes that it needs, where that is known.

    Raises:
        DiskFullError: There is no room.
        FileUnwritableError: It cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(path=str(path), needed_bytes=size) from error
        raise FileUnwritableError(path=str(path), reason=error.strerror or str(error)) from error
