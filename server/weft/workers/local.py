"""A worker process on this machine: started, spoken to, listened to, and killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections import deque
from dataclasses import replace

from weft.workers.channel import receive_frame
from weft.workers.protocol import FromWorker, ToWorker, encode, read_from_worker
from weft.workers.startup import Startup

KEPT_LINES = 40
"""So many lines that a worker wrote last are kept, for the message about its death."""

LONGEST_LINE = 4096
"""A line of more bytes is cut into several."""

_MESSAGES, _LINES = 1, 2
_LOGGER = logging.getLogger("weft.worker")


class LocalWorker(asyncio.SubprocessProtocol):
    """One worker process, from its start to its death. Made by `start`.

    It has a process group of its own, so that Ctrl-C in a terminal reaches the server alone, and whatever it
    has started ends with it.

    Args:
        name: What log lines call it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._messages = asyncio.StreamReader()
        self._ended = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._unfinished = b""

    @classmethod
    async def start(cls, startup: Startup) -> LocalWorker:
        """Start a process; it says by itself when it is ready.

        Args:
            startup: Who it is.

        Raises:
            OSError: The system does not let it start.
        """
        worker = cls(startup.name)
        told = replace(startup, parent=os.getpid()).to_argument()
        # -P: a file in the current folder must not be taken for a module that the worker imports.
        command = (sys.executable, "-P", "-m", "weft.workers", told)
        loop = asyncio.get_running_loop()
        await loop.subprocess_exec(lambda: worker, *command, process_group=0)
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().get_pid()

    @property
    def log_tail(self) -> tuple[str, ...]:
        """The lines that it wrote last."""
        return tuple(self._lines)

    def send(self, message: ToWorker, tail: bytes = b"") -> None:
        """Say something; to a process that has ended, nothing is said.

        Args:
            message: What to say.
            tail: Raw bytes that go with it.

        Raises:
            MessageTooLongError: It is longer than a frame may be.
        """
        frame = encode(message, tail)
        pipe = self._running().get_pipe_transport(0)
        if isinstance(pipe, asyncio.WriteTransport) and not pipe.is_closing() and not self._ended.is_set():
            pipe.write(frame)

    async def receive(self) -> tuple[FromWorker, bytes] | None:
        """Wait for what it says next.

        Returns:
            The message and its tail; None once the process has ended and all that it said was told.

        Raises:
            ChannelBrokenError: What it says makes no sense; only killing it helps.
        """
        frame = await receive_frame(self._messages)
        return None if frame is None else (read_from_worker(frame.head), frame.tail)

    def kill(self) -> None:
        """End it now, with all that it has started."""
        # Its group outlives it where it has started processes of its own.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait until the process has ended.

        Returns:
            Its exit code; negative for the signal that killed it.
        """
        await self._ended.wait()
        code = self._running().get_returncode()
        return -1 if code is None else code

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the process over, once it runs."""
        if isinstance(transport, asyncio.SubprocessTransport):
            self._transport = transport
            pipe = transport.get_pipe_transport(_MESSAGES)
            if pipe is not None:
                self._messages.set_transport(pipe)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take what the process wrote: messages, or lines for the log."""
        if fd == _MESSAGES:
            self._messages.feed_data(data)
        else:
            self._log(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that nothing more will come from the process."""
        del exc
        if fd == _MESSAGES:
            self._messages.feed_eof()
        elif fd == _LINES:
            self._log(b"\n")

    def process_exited(self) -> None:
        """Note that the process has ended, and end what it has started."""
        self._ended.set()
        self.kill()

    def close(self) -> None:
        """Let go of the pipes of a process that has ended."""
        self._running().close()

    def _running(self) -> asyncio.SubprocessTransport:
        if self._transport is None:
            raise RuntimeError("The worker was not started.")
        return self._transport

    def _log(self, data: bytes) -> None:
        """Cut what came into lines; a progress bar ends its lines with a carriage return."""
        *whole, rest = (self._unfinished + data).replace(b"\r", b"\n").split(b"\n")
        while len(rest) > LONGEST_LINE:
            whole.append(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._unfinished = rest
        for line in whole:
            text = line[:LONGEST_LINE].decode("utf-8", "replace").rstrip()
            if text:
                self._lines.append(text)
                _LOGGER.info("%s: %s", self._name, text, extra={"worker": self._name})
