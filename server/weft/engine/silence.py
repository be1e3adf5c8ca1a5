"""What keeps libraries from printing about themselves, and from calling home."""

import os
from collections.abc import Mapping
from types import MappingProxyType

SILENCE: Mapping[str, str] = MappingProxyType(
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
"""Environment variables that the libraries read when they are imported."""


def silence_libraries() -> tuple[str, ...]:
    """Set these variables, but for those that the user has set.

    Returns:
        The names of those that were added.
    """
    added = {name: value for name, value in SILENCE.items() if name not in os.environ}
    os.environ.update(added)
    return tuple(added)
