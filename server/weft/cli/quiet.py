"""Silence: what libraries print about themselves stays out of the terminal."""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from types import MappingProxyType

# Read by the libraries when they are imported, so they must be set before. A value that the user set wins.
_ENVIRONMENT = MappingProxyType(
    {
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
        "DIFFUSERS_VERBOSITY": "error",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "TQDM_DISABLE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
)


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep warnings, log lines, progress bars and prints of foreign code out of the answer.

    Warnings and log lines are dropped; what a node prints goes to standard error, so that standard
    output holds the answer alone. PYTHONWARNINGS, or a variable that a library knows, brings its messages
    back.

    Yields:
        Nothing; the silence lasts as long as the block.
    """
    added = {name: value for name, value in _ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
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
