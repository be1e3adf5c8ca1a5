"""What is done when memory runs short: free what can be made again, try once more, then say so."""

import gc
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from weft.engine.late_torch import is_out_of_memory
from weft.errors import OutOfMemoryError

_LARGEST_STACK = 8 * 2**20

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
    if is_out_of_memory(error) or isinstance(error, MemoryError) or is_cpu_allocator:
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
            import torch

            torch.cuda.empty_cache()
        return freed

    def failure(self, shortage: Shortage) -> OutOfMemoryError:
        """Return the error for work that failed twice.

        Args:
            shortage: What was asked for the second time.
        """
        available = shortage.available_bytes
        if available is None:
            available = free_bytes(self._device)
        return OutOfMemoryError(
            device=self._device, needed_bytes=shortage.needed_bytes, available_bytes=available
        )


def limit_memory(device: str, budget_bytes: int) -> bool:
    """Let this process take no more than so much memory, so that too large a node fails and not the process.

    Args:
        device: The device that it computes on. On a CPU the limit is on data of its own, files that it maps
            not counted, and comes on top of what the process holds already.
        budget_bytes: The memory; 0 or less sets no limit.

    Returns:
        Whether there is a limit now; this system may know none.
    """
    if budget_bytes <= 0:
        return False
    # What torch itself holds is no part of the budget, whether or not a node has needed it yet.
    import torch

    if device.startswith("cuda"):
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, budget_bytes / total), device)
        return True
    held = _held_bytes()
    if device != "cpu" or held is None or sys.platform == "win32":
        return False
    import resource

    soft = held + budget_bytes + _stacks_bytes()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard < 0 else min(soft, hard), hard))
    return True


def free_bytes(device: str) -> int | None:
    """Say how much memory can still be taken; None where nobody knows.

    Args:
        device: Such as `cpu` or `cuda:0`.
    """
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    held = _held_bytes()
    if device != "cpu" or held is None or sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    machine = _stated_bytes(Path("/proc/meminfo"), "MemAvailable")
    return machine if limit < 0 else max(0, limit - held)


def peak_of(device: str) -> Callable[[], int] | None:
    """Return what tells the most memory that torch had in use on a device since it was last asked.

    Args:
        device: Such as `cpu` or `cuda:0`.

    Returns:
        What `PeakMeter` takes; None for a device that keeps no such count.
    """
    if not device.startswith("cuda"):
        return None
    import torch

    def take() -> int:
        peak = torch.cuda.max_memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        return int(peak)

    return take


def _held_bytes() -> int | None:
    """Give how much data of its own the process holds, as Linux counts it against the limit."""
    return _stated_bytes(Path("/proc/self/status"), "VmData")


def _stacks_bytes() -> int:
    """Give the address space of threads that are still to start, of the lanes and of torch.

    Their stacks count against the limit, though hardly any of it is ever used, and a thread that cannot be
    started ends the process.
    """
    import resource

    stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
    threads = 24 + 2 * (os.cpu_count() or 1)
    return threads * (stack if 0 < stack < _LARGEST_STACK else _LARGEST_STACK)


def _stated_bytes(page: Path, name: str) -> int | None:
    if not page.exists():
        return None
    found = re.search(rf"^{name}:\s+(\d+) kB", page.read_text(encoding="ascii"), re.MULTILINE)
    return None if found is None else int(found.group(1)) * 1024


def _amount(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text)
    if found is None:
        return None
    factor = dict(UNITS).get(found.group(2))
    return None if factor is None else int(float(found.group(1)) * factor)
