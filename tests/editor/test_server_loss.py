"""The server is lost and comes back, and pages are loaded anew in the middle of a run: nothing is lost."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest
from editor.conftest import heard
from editor.graph import Graph
from editor.hands import DESK, FINAL, Hands
from editor.profiles import fresh_profile
from live_server import DRAW, LiveServer, eventually, lay_out, live_server
from playwright.sync_api import Browser, Locator, Page, expect

TITLE = "Draw slowly"
AWAY = "No connection"
RUNNING = re.compile("Running|Step")
COMPLAINTS = (
    r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket"
)
"""What a browser says of a server that is away."""


@dataclass
class Place:
    """A folder with a server, which tests end.

    Attributes:
        folder: The folder.
        server: The server that was started last.
    """

    folder: Path
    servers: ExitStack
    server: LiveServer | None = None

    def start(self, port: int = 0) -> LiveServer:
        """Start a server there."""
        self.server = self.servers.enter_context(live_server(self.folder, port=port))
        return self.server


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The folder of a server with a workflow that runs for minutes."""
    folder = tmp_path_factory.mktemp("lost")
    lay_out(folder)
    slow = deepcopy(DRAW)
    slow["title"] = TITLE
    slow["nodes"]["draw"]["inputs"] |= {"steps": 10_000, "pause_s": 0.05}
    (folder / "workflows" / "slow.json").write_text(json.dumps(slow))
    with ExitStack() as servers:
        yield Place(folder, servers)


@pytest.fixture
def first(place: Place) -> LiveServer:
    """The server, with nothing left in its queue; it is started where the last test has ended it."""
    is_there = place.server is not None and place.server.process.poll() is None
    server = place.server if place.server and is_there else place.start()
    server.wait_until_ready()
    for job in server.call("GET", "/api/jobs?limit=200").json["jobs"]:
        if job["state"] not in FINAL:
            server.call("POST", f"/api/jobs/{job['id']}/cancel")
            server.wait_for(job["id"], *FINAL)
    return server


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """A page that outlives its servers."""
    context = fresh_profile(browser, viewport=DESK)
    yield context.new_page()
    context.close()


@pytest.fixture
def hands(window: Page, first: LiveServer) -> Iterator[Hands]:
    """The editor in the middle of a run."""
    hands = Hands(window, first)
    with heard(hands):
        hands.allow(COMPLAINTS)
        if not window.url.startswith(first.url):
            hands.open()
        Graph(hands).begin_with("slow")
        hands.button("Run").click()
        expect(state_of(hands, "draw")).to_contain_text(RUNNING)
        yield hands


def state_of(hands: Hands, node: str) -> Locator:
    """Where a node says how it fares."""
    return hands.node(node).locator(".foot .what")


def connection(hands: Hands) -> Locator:
    """Where the editor says that the server is away."""
    return hands.page.locator(".connection")


def text(hands: Hands) -> Locator:
    """The field with what is drawn."""
    return hands.field("draw", "Text")


def write(hands: Hands, words: str) -> None:
    """Write what shall be drawn."""
    text(hands).fill(words)
    text(hands).blur()


def test_a_page_that_is_loaded_in_the_middle_of_a_run_shows_it(hands: Hands, first: LiveServer) -> None:
    job = hands.newest_job()["id"]
    eventually(lambda: reloaded(hands) == "a circle")

    expect(state_of(hands, "draw")).to_contain_text(RUNNING)
    expect(state_of(hands, "measure")).to_contain_text("Waiting")
    expect(hands.page.get_by_role("progressbar").first).to_be_visible()
    expect(hands.picture("draw")).to_be_visible()
    first.call("POST", f"/api/jobs/{job}/cancel")
    expect(state_of(hands, "draw")).to_contain_text("Cancelled")


def test_a_server_that_is_killed_in_a_run_is_found_again_and_nothing_is_lost(
    hands: Hands, first: LiveServer, place: Place
) -> None:
    job = hands.newest_job()["id"]
    write(hands, "before")
    first.end(signal.SIGKILL)
    expect(connection(hands)).to_contain_text(AWAY)
    write(hands, "in between")

    second = place.start(first.port)
    hands.server = second
    expect(connection(hands)).to_be_empty()
    second.wait_for(job, "running")
    assert second.job(job)["attempt"] == 2
    expect(hands.page.get_by_role("progressbar").first).to_be_visible()
    expect(text(hands)).to_have_value("in between")

    hands.button("Cancel run").click()
    second.wait_for(job, "cancelled")
    expect(hands.page.get_by_role("progressbar")).to_have_count(0)
    write(hands, "afterwards")
    eventually(lambda: reloaded(hands) == "afterwards")


def test_what_is_saved_while_the_server_is_away_is_refused_and_stays(hands: Hands, first: LiveServer) -> None:
    first.end(signal.SIGKILL)
    expect(connection(hands)).to_contain_text(AWAY)

    write(hands, "kept here")
    hands.press("ControlOrMeta+s")
    dialog = hands.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("kept")
    dialog.get_by_role("textbox").press("Enter")

    expect(hands.page.get_by_text("The server does not answer.").first).to_be_visible()
    expect(text(hands)).to_have_value("kept here")


def reloaded(hands: Hands) -> str:
    """What the field says after the page was loaded anew."""
    hands.page.reload()
    expect(hands.node("draw")).to_be_visible()
    return text(hands).input_value()
