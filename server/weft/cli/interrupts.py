"""Ctrl-C: the first one asks the run to stop, the second one ends the process."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from weft.cli.exits import ExitCode

if TYPE_CHECKING:
    from weft.engine.cancel import CancelToken


@contextlib.contextmanager
def cancel_on_interrupt(
    token: "CancelToken", *, announce: Callable[[str], None], clean_up: Callable[[], None]
) -> Iterator[None]:
    """Let Ctrl-C cancel a run instead of raising somewhere inside it.

    Args:
        token: What the run looks at; it is cancelled by the first Ctrl-C.
        announce: Called with a sentence for the person who pressed it.
        clean_up: Called before a second Ctrl-C ends the process, to leave the terminal as it was.

    Yields:
        Nothing; the old behaviour of Ctrl-C returns after the block.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        if token.cancelled:
            # Threads of a node that does not listen would keep the interpreter waiting for ever. What the
            # cache writes appears under its name only when it is whole, so nothing half-written is left.
            clean_up()
            os._exit(ExitCode.CANCELLED)
        # First of all, since whoever reads the sentence may press Ctrl-C again before it has returned.
        token.cancel()
        announce("Cancelling after this step; press Ctrl-C again to stop at once.")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
