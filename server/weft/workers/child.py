"""What a worker process does from its beginning to its end.

Frames come on standard input and go to standard output, both of which the process keeps to itself: what nodes
and libraries print goes to standard error, and what they read is empty. When standard input ends, the server
is gone, and the process ends at once, whatever it is doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable

from weft.errors import WeftError
from weft.garbage import end_loading
from weft.workers.channel import FrameSender, read_frame
from weft.workers.protocol import ToWorker, WorkerStarting, read_to_worker
from weft.workers.startup import Startup

LAST_WORDS_S = 1.0
"""So long is waited, at most, until what was said has been written."""

_END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


def run_worker() -> None:
    """Be the worker that the command line describes until the server says that it is enough, or is gone."""
    startup = Startup.from_argument(sys.argv[1])
    # Ctrl-C is the server's affair.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    _end_with_parent(startup.parent)
    source, target = _take_streams()
    sender = FrameSender(target, on_broken=lambda: os._exit(1))
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        inbox: asyncio.Queue[ToWorker] = asyncio.Queue()
        reader = Reader(source, lambda message: loop.call_soon_threadsafe(inbox.put_nowait, message))
        reader.start()
        try:
            runner.run(_work(startup, sender, reader, inbox))
        except Exception as error:  # noqa: BLE001
            # The last line is what people see of the reason, so it must not be one of a traceback.
            text = error.message if isinstance(error, WeftError) else f"{type(error).__name__}: {error}"
            traceback.print_exc()
            sys.stderr.write(f"{text}\n")
            _end(sender, 1)
        # Threads of nodes may still run; they must not keep the process.
        _end(sender, 0)


class Reader(threading.Thread):
    """Hears what the server says, and ends the process when it says nothing any more.

    Args:
        descriptor: Where frames are read.
        deliver: Called on this thread with each message.

    Attributes:
        on_message: Called on this thread before a message is delivered; for what cannot wait for the event
            loop, which a node may hold up.
    """

    def __init__(self, descriptor: int, deliver: Callable[[ToWorker], object]) -> None:
        super().__init__(name="weft-reader", daemon=True)
        self._descriptor = descriptor
        self._deliver = deliver
        self.on_message: Callable[[ToWorker], None] | None = None

    def run(self) -> None:
        """Hear messages until there are no more."""
        try:
            with os.fdopen(self._descriptor, "rb") as file:
                while (frame := read_frame(file)) is not None:
                    message = read_to_worker(frame.head)
                    if self.on_message is not None:
                        self.on_message(message)
                    self._deliver(message)
        except Exception:  # noqa: BLE001
            traceback.print_exc()
        finally:
            # Also in the middle of a frame, or when the loop is closed: nobody waits for this process now.
            os._exit(0)


async def _work(
    startup: Startup, sender: FrameSender, reader: Reader, inbox: asyncio.Queue[ToWorker]
) -> None:
    """Load everything, then do what is asked. The event loop has nothing else to do meanwhile."""

    def say(phase: str) -> None:
        sender.send(WorkerStarting(phase))

    say("Loading the engine")
    from weft.engine.silence import silence_libraries

    silence_libraries()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    from weft.workers.desk import open_desk

    desk = open_desk(startup, sender, say)
    end_loading()
    reader.on_message = desk.hear_early
    await desk.serve(inbox)


def _take_streams() -> tuple[int, int]:
    """Keep standard input and output for frames, and leave something harmless in their places."""
    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    return source, target


def _end_with_parent(parent: int) -> None:
    """Have Linux kill this process when the server dies, even where no thread of it can run."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
    # It may have died before that.
    if parent and hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(0)


def _end(sender: FrameSender, code: int) -> None:
    sender.close(LAST_WORDS_S)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
