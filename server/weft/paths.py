"""Where weft reads and writes."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where a disk is full, a quota used up, or a file as large as it may be."""

PICKLE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle", ".joblib", ".msgpack", ".h5"})
"""Suffixes of files of weights that run code when they are read, or that are made to be read so."""

ASSET_PREFIX = "asset:"
"""An input that names a picture names one by its content where it begins so: ``asset:<sha256>``."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Tell whether a text is a SHA-256 digest as weft writes it: 64 small hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders that nodes may use; none is created before something is written to it.

    Attributes:
        input_dir: Pictures and other files that workflows read by name.
        output_dir: Where nodes that save put their files.
        models: Folders searched for weight files, first match first.
        data_dir: Everything weft keeps for itself: cache, workflows, packs.
    """

    input_dir: Path
    output_dir: Path
    models: tuple[Path, ...]
    data_dir: Path

    @classmethod
    def below(cls, folder: Path) -> Paths:
        """Give paths that all lie in one folder, as tests and scripts want them."""
        return cls(
            input_dir=folder / "input",
            output_dir=folder / "output",
            models=(folder / "models",),
            data_dir=folder / "data",
        )

    def asset(self, digest: str) -> Path:
        """Give where the file of this content lies, whether or not it is there.

        Args:
            digest: SHA-256 of the content, 64 small hexadecimal digits.

        Raises:
            ValueError: It is no digest, so no path is made of it.
        """
        if not is_digest(digest):
            raise ValueError(f"{digest!r} is no SHA-256 digest.")
        return self.data_dir / "blobs" / digest[:2] / digest

    def holds_asset(self, name: str) -> bool:
        """Tell whether a name such as ``asset:<sha256>`` stands for a file that is there."""
        digest = name.removeprefix(ASSET_PREFIX)
        if not name.startswith(ASSET_PREFIX) or not is_digest(digest):
            return False
        path = self.asset(digest)
        # Nothing in the store is a link; one that somebody planted there leads nowhere.
        return path.is_file() and not path.is_symlink()
