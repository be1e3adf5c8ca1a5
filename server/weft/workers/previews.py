"""Unfinished pictures as small JPEG files, a few a second, drawn beside the work and never waited for."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INTERVAL_S = 0.1
LONGEST_EDGE = 512
QUALITY = 80

_LOGGER = logging.getLogger("weft.worker.previews")


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A picture, encoded.

    Attributes:
        data: The bytes of a JPEG file.
        width: Pixels.
        height: Pixels.
    """

    data: bytes
    width: int
    height: int


def encode_preview(pixels_HWC: NDArray[np.uint8]) -> Jpeg:
    """Encode a picture, made smaller where it is large.

    Args:
        pixels_HWC: uint8, height x width x 3 or 4, or height x width for grey.
    """
    image = Image.fromarray(pixels_HWC).convert("RGB")
    image.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return Jpeg(buffer.getvalue(), image.width, image.height)


class Previews:
    """The previews of one job: of each node the newest, at most ten a second. Belongs to the event loop.

    Args:
        send: Sends the preview of a node.
        executor: Where pictures are encoded.
    """

    def __init__(self, send: Callable[[str, Jpeg], None], executor: Executor) -> None:
        self._send = send
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._newest: dict[str, NDArray[np.uint8]] = {}
        self._busy: set[str] = set()
        self._ended: set[str] = set()
        self._sent: dict[str, float] = {}
        self._is_closed = False

    def offer(self, node: str, pixels_HWC: NDArray[np.uint8]) -> None:
        """Show a picture soon, unless a newer one comes before.

        Args:
            node: The node that shows it.
            pixels_HWC: The picture.
        """
        self._newest[node] = pixels_HWC
        if node not in self._busy:
            self._busy.add(node)
            wait_s = self._sent.get(node, float("-inf")) + INTERVAL_S - self._loop.time()
            self._loop.call_later(max(0.0, wait_s), self._draw, node)

    def forget(self, node: str) -> None:
        """Show nothing more of a node that has ended."""
        self._newest.pop(node, None)
        self._ended.add(node)

    def close(self) -> None:
        """Show nothing more; what is being drawn is dropped."""
        self._is_closed = True
        self._newest.clear()

    def _draw(self, node: str) -> None:
        pixels_HWC = self._newest.pop(node, None)
        if pixels_HWC is None:
            self._busy.discard(node)
            return
        drawing = self._loop.run_in_executor(self._executor, encode_preview, pixels_HWC)
        drawing.add_done_callback(lambda done: self._drawn(node, done))

    def _drawn(self, node: str, drawing: asyncio.Future[Jpeg]) -> None:
        self._busy.discard(node)
        self._sent[node] = self._loop.time()
        fault = drawing.exception()
        if fault is not None:
            # What a node shows is foreign; a preview is nothing to fail a job for.
            _LOGGER.warning("The preview of %s cannot be drawn: %s", node, fault)
        elif not self._is_closed and node not in self._ended:
            self._send(node, drawing.result())
        if node in self._newest:
            self.offer(node, self._newest[node])
