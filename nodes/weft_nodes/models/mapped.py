"""Files whose bytes are mapped into live networks: who overwrites one in place would change the network.

A file that is replaced or deleted leaves its bytes to those who mapped them. Only writing into it shows
through, so that is what is looked for whenever a network is handed out.
"""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class _Stamp(NamedTuple):
    place: tuple[int, int]
    state: tuple[int, int]


class MappedFiles:
    """Remembers how files were when they were mapped. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamps: dict[Path, _Stamp] = {}

    def watch(self, paths: Iterable[Path]) -> None:
        """Remember how files are now.

        Args:
            paths: Files that are about to be mapped.
        """
        with self._lock:
            for path in paths:
                stamp = _stamp(path)
                if stamp is not None:
                    self._stamps[path] = stamp

    def overwritten(self) -> bool:
        """Tell whether a file was written into since it was watched; if so, all are forgotten."""
        with self._lock:
            for path, known in self._stamps.items():
                now = _stamp(path)
                if now is not None and now.place == known.place and now.state != known.state:
                    self._stamps.clear()
                    return True
            return False


def _stamp(path: Path) -> _Stamp | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return _Stamp((state.st_dev, state.st_ino), (state.st_size, state.st_mtime_ns))
