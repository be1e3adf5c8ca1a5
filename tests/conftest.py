"""What all tests share: examples, second tries, an order, and a server for those that leave it as it was."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings
from live_server import LiveServer, live_server
from weft.garbage import begin_ending, begin_loading, end_loading

pytest_plugins = ("processes",)

settings.register_profile("weft", deadline=None, derandomize=True, database=None, max_examples=40)
settings.load_profile("weft")

TRIES = {"editor": 2, "web": 1, "server": 1}
"""How often a test of a folder is tried again where it fails: it waits for a browser or for other processes,
which share the machine with every other test. The summary counts what was tried again; what always fails is
a fault. The campaigns of `crash` are not among them, since there every failure counts."""

WAITS = ("crash", "web", "cli", "server/jobs", "server/workers", "server/web")
"""Folders whose tests wait for other processes most of the time."""

TOGETHER = (
    ("editor",),
    ("crash", "cli", "packing", "house", "guards"),
    ("nodes", "workflows", "parity"),
    ("server", "web"),
)
"""Folders whose tests share what is dear to set up: an open page, folders of models, a server. One process
runs them as long as the others have enough to do."""

WORKS = ("editor", "nodes/starter", "workflows", "parity", "packing", "house")
"""Folders whose tests keep the machine busy, and take long."""


def pytest_configure() -> None:
    """Look for no garbage while tests are imported and collected, since nearly all of that stays."""
    begin_loading()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what may be tried again, and put the files in an order in which the machine is never idle."""
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    for tests in files:
        tries = next((count for name, count in TRIES.items() if is_in(tests[0].path, name)), 0)
        for item in tests if tries else ():
            item.add_marker(pytest.mark.flaky(reruns=tries))
        row = next((row for row in TOGETHER if is_in(tests[0].path, *row)), ())
        for item in tests:
            item.add_marker(pytest.mark.together(*row))
    items[:] = in_order(files)


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but never in what was imported until now."""
    end_loading()


def pytest_unconfigure() -> None:
    """Look for none when the process ends: with torch in it, that took half a second of each."""
    begin_ending()


def is_in(path: Path, *folders: str) -> bool:
    """Whether a file lies in one of the folders, which are named from here."""
    place = path.relative_to(Path(__file__).parent).as_posix()
    return place.startswith(tuple(f"{folder}/" for folder in folders))


def in_order(files: list[list[pytest.Item]]) -> list[pytest.Item]:
    """Put the tests in order, file by file.

    Processes that take file after file have some that wait beside some that work all the time, and in the
    end short ones, so that none works on when the others are done.
    """
    waiting = [file for file in files if is_in(file[0].path, *WAITS)]
    working = [file for file in files if is_in(file[0].path, *WORKS)]
    short = [file for file in files if not is_in(file[0].path, *WAITS, *WORKS)]
    spread = [
        ((place + 0.5) / len(row), file) for row in (waiting, working) for place, file in enumerate(row)
    ]
    mixed = [file for _, file in sorted(spread, key=lambda placed: placed[0])]
    return [item for file in (*mixed, *short) for item in file]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose worker is on its way, for all tests that leave it as they found it."""
    with live_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def ready_server(server: LiveServer) -> LiveServer:
    """The same server, once a worker takes jobs."""
    server.wait_until_ready()
    return server
