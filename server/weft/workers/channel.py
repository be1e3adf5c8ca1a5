"""Frames over streams: awaited in the server, blocking in the worker."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import BinaryIO

from weft.workers.faults import ChannelBrokenError
from weft.workers.protocol import HEADER_BYTES, FromWorker, encode, frame_lengths

CUT = "it ends inside a frame"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as bytes.

    Attributes:
        head: Its JSON.
        tail: The raw bytes that go with it.
    """

    head: bytes
    tail: bytes


async def receive_frame(stream: asyncio.StreamReader) -> Frame | None:
    """Wait for the next frame.

    Args:
        stream: Where it comes from.

    Returns:
        The frame; None at the end of the stream.

    Raises:
        ChannelBrokenError: The stream is out of step, or ends inside a frame.
    """
    try:
        header = await stream.readexactly(HEADER_BYTES)
        head, tail = frame_lengths(header)
        return Frame(await stream.readexactly(head), await stream.readexactly(tail))
    except asyncio.IncompleteReadError as error:
        if not error.partial and error.expected == HEADER_BYTES:
            return None
        raise ChannelBrokenError(fault=CUT) from error


def read_frame(file: BinaryIO) -> Frame | None:
    """Wait for the next frame, blocking the thread.

    Args:
        file: Where it comes from.

    Returns:
        The frame; None at the end of the file.

    Raises:
        ChannelBrokenError: The file is out of step, or ends inside a frame.
    """
    header = file.read(HEADER_BYTES)
    if not header:
        return None
    if len(header) < HEADER_BYTES:
        raise ChannelBrokenError(fault=CUT)
    head, tail = frame_lengths(header)
    data = file.read(head + tail)
    if len(data) < head + tail:
        raise ChannelBrokenError(fault=CUT)
    return Frame(data[:head], data[head:])


class FrameSender:
    """Sends frames from a thread of its own, so that nobody waits for a slow reader.

    Args:
        descriptor: Where frames are written.
        on_broken: Called on that thread when nobody reads any more.
    """

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._backlog = 0
        self._thread = threading.Thread(target=self._work, name="weft-frames", daemon=True)
        self._thread.start()

    @property
    def backlog_bytes(self) -> int:
        """How much waits to be written."""
        return self._backlog

    def send(self, message: FromWorker, tail: bytes = b"") -> None:
        """Have a message sent after all earlier ones; from any thread.

        Args:
            message: What to say.
            tail: Raw bytes that go with it.

        Raises:
            MessageTooLongError: It is longer than a frame may be; nothing is sent.
        """
        frame = encode(message, tail)
        with self._lock:
            self._backlog += len(frame)
        self._waiting.put(frame)

    def close(self, timeout_s: float) -> None:
        """Wait until everything is written, but not for ever.

        Args:
            timeout_s: Seconds after which what is left is given up.
        """
        self._waiting.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (frame := self._waiting.get()) is not None:
            try:
                self._write(frame)
            except OSError:
                self._on_broken()
                return
            with self._lock:
                self._backlog -= len(frame)

    def _write(self, frame: bytes) -> None:
        rest = memoryview(frame)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
