"""What a node takes up: what its results hold, and the most that the device held while it worked."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from weft.values import JSON


@dataclass(frozen=True, slots=True)
class Footprint:
    """The memory of one node of a run.

    Attributes:
        held_bytes: Bytes of the tensors that its results keep alive. Models that a service holds are not
            among them, and what it passes on from an input is.
        peak_bytes: The most memory that the device had in use while the node worked, models and the work of
            others included; None where the device cannot tell.
    """

    held_bytes: int = 0
    peak_bytes: int | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return the footprint as it is sent and printed, to be part of something larger."""
        return {"held_bytes": self.held_bytes, "peak_bytes": self.peak_bytes}


NO_FOOTPRINT = Footprint()
"""Of what gives only numbers and texts."""


def footprint_of(held_bytes: int, peak_bytes: int | None = None) -> Footprint:
    """Return a footprint; always the same one for the many nodes that hold nothing.

    Args:
        held_bytes: What the results hold.
        peak_bytes: The most that the device held; None where it cannot tell.
    """
    return Footprint(held_bytes, peak_bytes) if held_bytes or peak_bytes is not None else NO_FOOTPRINT


def together(parts: Iterable[Footprint]) -> Footprint:
    """Return the footprint of several calls of one node: their results add up, and the highest peak counts.

    Args:
        parts: The footprint of each call.
    """
    held, peaks = 0, []
    for part in parts:
        held += part.held_bytes
        if part.peak_bytes is not None:
            peaks.append(part.peak_bytes)
    return footprint_of(held, max(peaks, default=None))


class Watch:
    """The most memory that was in use so far since something began.

    Attributes:
        peak_bytes: The bytes; None where the device cannot tell.
    """

    __slots__ = ("peak_bytes",)

    def __init__(self) -> None:
        self.peak_bytes: int | None = None


class PeakMeter:
    """Measures the most memory that a device has in use during each of several works, which may overlap.

    A device keeps one peak for all. Whenever a work begins or ends, that peak is noted for all that are under
    way and begins anew, so that none of them hides what another one saw.

    Args:
        take: Returns the most bytes that were in use since the last call, and begins anew; None where the
            device cannot tell, so that nothing is measured.
    """

    def __init__(self, take: Callable[[], int] | None = None) -> None:
        self._take = take
        self._lock = threading.Lock()
        self._watches: list[Watch] = []

    @contextlib.contextmanager
    def watch(self) -> Iterator[Watch]:
        """Measure what is done inside; the watch has the answer afterwards. Any thread may do so."""
        watch = Watch()
        if self._take is None:
            yield watch
            return
        with self._lock:
            self._note(self._take())
            self._watches.append(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._note(self._take())
                self._watches.remove(watch)

    def _note(self, peak_bytes: int) -> None:
        for watch in self._watches:
            watch.peak_bytes = max(watch.peak_bytes or 0, peak_bytes)
