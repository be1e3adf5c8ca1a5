"""A ledger in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_steps import Clock, opened
from weft.jobs.ledger.ledger import Ledger


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with opened(tmp_path / "data", clock) as ledger:
        yield ledger
