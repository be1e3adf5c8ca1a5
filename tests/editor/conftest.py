"""The editor in a real browser, before a real server with the starter model."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from editor.graph import TEXT_TO_IMAGE, Graph
from editor.hands import DESK, Hands
from editor.profiles import FINENESS, PATIENCE_MS, fresh_profile
from editor.witness import Witness
from live_server import LiveServer
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from stock_server import stock_server

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    f"--force-device-scale-factor={FINENESS}",
)
"""No sandbox, since tests may run as root; nothing that calls home; text that is drawn alike everywhere."""

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The shell is the same browser without what surrounds a page, and opens one sooner."""


# Playwright marks its event loop as the one that runs in this thread, and relies on that. Between two modules
# of the editor asynchronous tests of others may come, whose loops could not run then: the mark is taken away.
@pytest.fixture(scope="session")
def driver() -> Iterator[tuple[Playwright, asyncio.AbstractEventLoop]]:
    """Playwright, of which a thread may have only one, and its loop."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        loop = asyncio.get_running_loop()
        yield playwright, loop
        asyncio._set_running_loop(loop)


@pytest.fixture(scope="module")
def playwright(driver: tuple[Playwright, asyncio.AbstractEventLoop]) -> Iterator[Playwright]:
    """Playwright while the tests of a module have it."""
    playwright, loop = driver
    asyncio._set_running_loop(loop)
    yield playwright
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def browsers() -> list[Browser]:
    """The one browser for all modules, since starting one takes seconds; it ends with Playwright."""
    return []


@pytest.fixture(scope="module")
def browser(playwright: Playwright, browsers: list[Browser]) -> Browser:
    """The browser; each test opens a profile of its own in it."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = "no Chromium is installed; on Debian: apt-get install chromium-headless-shell"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    if not browsers or not browsers[0].is_connected():
        browsers[:] = [playwright.chromium.launch(executable_path=found, args=FLAGS)]
    return browsers[0]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server as a user starts it, with the starter model and the shipped workflows."""
    with stock_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a fresh profile; whatever goes wrong in it fails the test."""
    context = fresh_profile(browser, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()
    assert Witness.of(context).unexpected() == []


@pytest.fixture
def editor(page: Page, server: LiveServer) -> Hands:
    """The editor, opened for the first time."""
    hands = Hands(page, server)
    hands.open()
    return hands


@pytest.fixture(scope="session")
def desks() -> list[Hands]:
    """The editors that modules share: one for each server that runs."""
    return []


@pytest.fixture(scope="module")
def desk(browser: Browser, server: LiveServer, desks: list[Hands]) -> Hands:
    """An editor that all tests share that leave it usable: opening one takes seconds of a processor."""
    for hands in desks[:]:
        is_served = hands.server.process.poll() is None
        if hands.server is server and is_left_usable(hands):
            return hands
        if hands.server is server or not is_served:
            desks.remove(hands)
            # It may have died with its browser.
            with suppress(PlaywrightError):
                hands.page.context.close()
    hands = Hands(fresh_profile(browser, viewport=DESK).new_page(), server)
    hands.open()
    desks.append(hands)
    return hands


def is_left_usable(hands: Hands) -> bool:
    """Whether an editor can be cleared of what the module before has left."""
    try:
        Graph(hands).clear()
    except (PlaywrightError, AssertionError):
        return False
    return True


@pytest.fixture
def modules(desk: Hands) -> str:
    """Where an open page loads the modules of the editor from: an address that ends with `/`."""
    imports = json.loads(desk.page.locator('script[type="importmap"]').text_content() or "")["imports"]
    return str(imports["preact"]).removesuffix("vendor/preact.mjs")


@pytest.fixture
def graph(desk: Hands) -> Iterator[Graph]:
    """A small graph in a tab of its own."""
    graph = Graph(desk)
    with heard(desk):
        graph.show(TEXT_TO_IMAGE)
        yield graph


@pytest.fixture
def cleared(desk: Hands) -> Iterator[Hands]:
    """The shared editor with nothing open."""
    with heard(desk):
        Graph(desk).clear()
        yield desk


@pytest.fixture
def template(desk: Hands) -> Iterator[Hands]:
    """The shared editor with the template for text to image, and nothing else."""
    with heard(desk):
        Graph(desk).begin_with("text-to-image")
        expect(desk.nodes).to_have_count(6)
        yield desk


@contextmanager
def heard(desk: Hands) -> Iterator[None]:
    """Fail the test in whose time something goes wrong in the shared editor."""
    witness = Witness.of(desk.page.context)
    witness.forget()
    yield
    assert witness.unexpected() == []
