"""Where weft reads and writes."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where a disk is full, a quota used up, or a file as large as it may be."""


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
