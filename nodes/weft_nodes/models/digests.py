"""Content digests of weight files: what a model *is*, whatever its name, folder or date.

The digest covers every byte. A sample of bytes would be quicker, but two fine-tunes that froze most layers
agree in almost every sample, and a wrong answer here shows as a wrong picture from the result cache. Reading
is paid once per file: the digest is remembered under the data directory by path, size, time of change and
inode, so that asking again costs a `stat`.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from weft.sdk import Paths

_DIGEST_BYTES = 20


@dataclass(frozen=True, slots=True)
class DigestMemory:
    """Digests of files, remembered on disk.

    Args:
        folder: Where to remember; None remembers nothing, for tests and read-only places.
    """

    folder: Path | None = None

    @classmethod
    def of(cls, paths: Paths) -> Self:
        """Return the memory in the data directory, which all nodes share."""
        return cls(paths.data_dir / "digests")

    def file(self, path: Path) -> str:
        """Return the digest of one file's content.

        Args:
            path: A readable file.

        Returns:
            40 hexadecimal digits.

        Raises:
            OSError: The file cannot be read.
        """
        state = path.stat()
        stamp = [state.st_size, state.st_mtime_ns, state.st_ino]
        known = self._recall(path, stamp)
        if known is not None:
            return known
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_DIGEST_BYTES)).hexdigest()
        self._remember(path, stamp, digest)
        return digest

    def files(self, paths: Mapping[str, Path]) -> str:
        """Return one digest of several files: of their labels and of their content.

        Args:
            paths: Files by label; where they lie does not count.

        Returns:
            40 hexadecimal digits.

        Raises:
            OSError: A file cannot be read.
        """
        entries = sorted((label, self.file(path)) for label, path in paths.items())
        return hashlib.blake2b(json.dumps(entries).encode(), digest_size=_DIGEST_BYTES).hexdigest()

    def _memo(self, path: Path) -> Path | None:
        if self.folder is None:
            return None
        name = hashlib.blake2b(os.fsencode(path.resolve()), digest_size=_DIGEST_BYTES).hexdigest()
        return self.folder / f"{name}.json"

    def _recall(self, path: Path, stamp: list[int]) -> str | None:
        memo = self._memo(path)
        if memo is None:
            return None
        try:
            entry = json.loads(memo.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        match entry:
            case {"stamp": known, "digest": str(digest)} if known == stamp:
                return digest
        return None

    def _remember(self, path: Path, stamp: list[int], digest: str) -> None:
        memo = self._memo(path)
        if memo is None:
            return
        text = json.dumps({"path": str(path), "stamp": stamp, "digest": digest})
        # A full or read-only disk only costs the time of hashing again.
        with suppress(OSError):
            memo.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=memo.parent, delete=False) as file:
                file.write(text)
            Path(file.name).replace(memo)
