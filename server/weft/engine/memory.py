"""What is done when memory runs short: free what can be made again, try once more, then say so."""

import gc
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch

from weft.errors import OutOfMemoryError

UNITS = (("KiB", 2**10), ("MiB", 2**20), ("GiB", 2**30), ("bytes", 1))


@dataclass(frozen=True, slots=True)
class Shortage:
    """How much memory was missing.

    Attributes:
        needed_bytes: What was asked for; None where nobody said.
        available_bytes: What was there; None where nobody said.
    """

    needed_bytes: int | None
    available_bytes: int | None


def shortage_of(error: BaseException) -> Shortage | None:
    """Read from an exception whether memory ran short, and by how much.

    Args:
        error: What a node raised, or its cause.

    Returns:
        The shortage; None where the exception is about something else.
    """
    text = str(error)
    is_cpu_allocator = isinstance(error, RuntimeError) and "can't allocate memory" in text
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or is_cpu_allocator:
        return Shortage(
            _amount(r"[Tt]ried to allocate ([\d.]+) ?(\w+)", text),
            _amount(r"of which ([\d.]+) (\w+) is free", text),
        )
    return None


class MemoryRelief:
    """Frees memory on a device by giving up results and idle models.

    Args:
        device: The device that runs short, such as `cuda:0`.
        holders: What may be asked to free so many bytes, in this order; each returns what it freed.
    """

    def __init__(self, device: str, holders: tuple[Callable[[int], int], ...]) -> None:
        self._device = device
        self._holders = holders

    def relieve(self, shortage: Shortage) -> int:
        """Free what is missing, or everything where that is not known.

        Args:
            shortage: What was asked for.

        Returns:
            The bytes that were freed.
        """
        needed = shortage.needed_bytes if shortage.needed_bytes is not None else 2**62
        freed = 0
        for release in self._holders:
            if freed < needed:
                freed += release(needed - freed)
        gc.collect()
        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()
        return freed

    def failure(self, shortage: Shortage) -> OutOfMemoryError:
        """Return the error for work that failed twice.

        Args:
            shortage: What was asked for the second time.
        """
        available = shortage.available_bytes
        if available is None and self._device.startswith("cuda"):
            available = int(torch.cuda.mem_get_info(self._device)[0])
        return OutOfMemoryError(
            device=self._device, needed_bytes=shortage.needed_bytes, available_bytes=available
        )


def _amount(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text)
    if found is None:
        return None
    factor = dict(UNITS).get(found.group(2))
    return None if factor is None else int(float(found.group(1)) * factor)
