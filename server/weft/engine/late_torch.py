"""Torch where it is there: the engine never imports it, so that packs which do without cost no seconds.

Whoever holds a tensor, or an error of torch, has imported torch; whoever has not, holds none. While torch is
being imported by some thread, what it will hold may not be there yet, and nobody holds any of that either.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from typing_extensions import TypeIs

if TYPE_CHECKING:
    from torch import Tensor


def is_tensor(value: object) -> TypeIs[Tensor]:
    """Whether a value is a tensor."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return kind is not None and isinstance(value, kind)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch says that a device has no memory left."""
    kind = getattr(sys.modules.get("torch"), "OutOfMemoryError", None)
    return kind is not None and isinstance(error, kind)


@contextmanager
def without_gradients() -> Iterator[None]:
    """Let what is computed within record nothing for a training.

    A call that is the first in the whole process to import torch is too early for that, which nobody but its
    own parameters would notice.
    """
    no_grad = getattr(sys.modules.get("torch"), "no_grad", None)
    if no_grad is None:
        yield
        return
    with no_grad():
        yield
