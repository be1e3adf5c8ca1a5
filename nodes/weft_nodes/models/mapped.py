"""Files of weights, mapped while they are read: a file takes memory only for what is being copied from it.

Networks do not keep the mapping. The bits of products depend on where in memory weights begin, which a file
does not choose as torch does; and who writes into a file would change, or end, whoever still maps it.
"""

import mmap
from math import prod
from pathlib import Path

import torch
from torch import Tensor


class MappedFile:
    """A file whose tensors are views of its mapping.

    Args:
        content: The mapping; private, so that nothing is ever written to the file.
    """

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content

    @classmethod
    def open(cls, path: Path) -> "MappedFile":
        """Map a file.

        Args:
            path: A file that is not empty.

        Raises:
            OSError: It cannot be read.
        """
        with path.open("rb") as file:
            # Copy on write: torch wants memory that it may write to, and never writes there.
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))

    def tensor(self, start: int, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return a tensor that lies in the file.

        Args:
            start: Its first byte.
            shape: Its shape.
            dtype: Its type.
        """
        if prod(shape) == 0:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(self._content, dtype=dtype, count=prod(shape), offset=start).view(shape)

    def give_back(self) -> None:
        """Give the memory of what was read back; tensors that are read again are fetched again."""
        # Windows knows no such advice, and takes memory back by itself.
        if hasattr(mmap, "MADV_DONTNEED"):
            self._content.madvise(mmap.MADV_DONTNEED)
