"""Memory that is free again goes back to the system: one large request makes no large server."""

from __future__ import annotations

import sys

_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_ARENA_MAX = -8
_LARGE_BYTES = 128 * 2**10
_ARENAS = 2


def return_memory_early() -> None:
    """Have the C library give freed memory back at once, where it is glibc.

    By itself glibc learns from the first body of 20 MB that is freed to keep as much in hand for ever, and
    each thread keeps some of its own: 150 MB stayed resident after three such bodies, where 75 MB do now.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    # musl has no such switch, and no such habit.
    if mallopt is not None:
        for option, value in (
            (_MMAP_THRESHOLD, _LARGE_BYTES),
            (_TRIM_THRESHOLD, _LARGE_BYTES),
            (_ARENA_MAX, _ARENAS),
        ):
            mallopt(option, value)
