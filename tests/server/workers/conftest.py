"""One worker process for all tests of a module, since starting one takes seconds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from server.workers.toys import Workers, settings_below, workers_in


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workers]:
    """A pool with one ready worker that has the toy pack."""
    folder: Path = tmp_path_factory.mktemp("workers")
    async with workers_in(settings_below(folder)) as started:
        yield started
