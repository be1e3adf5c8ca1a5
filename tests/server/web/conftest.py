"""One server for all tests that leave it as they found it."""

from collections.abc import Iterator

import pytest
from live_server import LiveServer, live_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose worker is on its way."""
    with live_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def ready_server(server: LiveServer) -> LiveServer:
    """The same server, once a worker takes jobs."""
    server.wait_until_ready()
    return server
