"""Silence: what libraries print about themselves stays out of the terminal."""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator

from weft.engine.silence import silence_libraries


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep warnings, log lines, progress bars and prints of foreign code out of the answer.

    Warnings and log lines are dropped; what a node prints goes to standard error, so that standard
    output holds the answer alone. PYTHONWARNINGS, or a variable that a library knows, brings its messages
    back.

    Yields:
        Nothing; the silence lasts as long as the block.
    """
    added = silence_libraries()
    root = logging.getLogger()
    silence = logging.NullHandler()
    root.addHandler(silence)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            yield
    finally:
        root.removeHandler(silence)
        for name in added:
            os.environ.pop(name, None)
