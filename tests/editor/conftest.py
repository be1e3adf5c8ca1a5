"""The editor in a real browser, before a real server with the starter model."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator

import pytest
from editor.graph import TEXT_TO_IMAGE, Graph
from editor.hands import PATIENCE_MS, Hands
from editor.witness import Witness
from live_server import LiveServer
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
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
)
"""No sandbox, since tests may run as root; nothing that calls home; text that is drawn alike everywhere."""

NAMES = ("chromium", "chromium-browser", "google-chrome")


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
        missing = "no Chromium is installed; on Debian and Ubuntu: apt-get install chromium"
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
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme="dark",
        reduced_motion="reduce",
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    witness = Witness.of(context)
    yield context.new_page()
    context.close()
    assert witness.unexpected() == []


@pytest.fixture
def modules(page: Page, server: LiveServer) -> str:
    """Where the page, which is open, loads the modules of the editor from: an address that ends with `/`."""
    page.goto(server.url)
    imports = json.loads(page.locator('script[type="importmap"]').text_content() or "")["imports"]
    return str(imports["preact"]).removesuffix("vendor/preact.mjs")


@pytest.fixture
def editor(page: Page, server: LiveServer) -> Hands:
    """The editor, opened for the first time."""
    hands = Hands(page, server)
    hands.open()
    return hands


@pytest.fixture(scope="module")
def desk(browser: Browser, server: LiveServer) -> Iterator[Hands]:
    """An editor that all tests of a module share; whatever goes wrong in it fails the test."""
    context = browser.new_context(
        viewport={"width": 1600, "height": 900},
        color_scheme="dark",
        reduced_motion="reduce",
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    Witness.of(context)
    hands = Hands(context.new_page(), server)
    hands.open()
    yield hands
    context.close()


@pytest.fixture
def graph(desk: Hands) -> Iterator[Graph]:
    """A small graph in a tab of its own."""
    graph = Graph(desk)
    Witness.of(desk.page.context).forget()
    graph.show(TEXT_TO_IMAGE)
    yield graph
    assert Witness.of(desk.page.context).unexpected() == []


@pytest.fixture
def cleared(desk: Hands) -> Iterator[Hands]:
    """The editor that a module shares, with nothing open; a page for each test would take seconds more."""
    Witness.of(desk.page.context).forget()
    Graph(desk).clear()
    yield desk
    assert Witness.of(desk.page.context).unexpected() == []
