"""What all tests share: property tests draw the same examples every time, and who waits may be late once."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("weft", deadline=None, derandomize=True, database=None)
settings.load_profile("weft")

TRIES = {"editor": 2, "web": 1, "server": 1}
"""How often a test of a folder is tried again where it fails: it waits for a browser or for other processes,
which share the machine with every other test. The summary counts what was tried again; what always fails is
a fault. The campaigns of `crash` are not among them, since there every failure counts."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may be tried again."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).as_posix()
        tries = next((count for name, count in TRIES.items() if folder.startswith(f"{name}/")), 0)
        if tries:
            item.add_marker(pytest.mark.flaky(reruns=tries))
