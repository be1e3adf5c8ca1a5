"""Hands for the editor: a mouse that drags, and eyes that find nodes and sockets as a user does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from editor.witness import Witness
from live_server import LiveServer, eventually
from playwright.sync_api import Locator, Page, ViewportSize, expect

DESK: ViewportSize = {"width": 1600, "height": 900}
"""The window of the editor that tests share."""

FINAL = {"succeeded", "failed", "cancelled"}

Place = Locator | tuple[float, float]
"""An element, of which the middle is meant, or a point of the window."""


class Hands:
    """A user before the editor.

    Attributes:
        page: The page in the browser.
        server: The server that the page talks to.
    """

    def __init__(self, page: Page, server: LiveServer) -> None:
        self.page = page
        self.server = server

    def open(self, path: str = "/") -> None:
        """Open the editor and wait until it can be used."""
        self.page.goto(f"{self.server.url}{path}")
        expect(self.canvas).to_be_attached()

    def open_template(self, title: str) -> None:
        """Begin with one of the templates of the start page."""
        self.page.get_by_role("button", name=title).first.click()
        expect(self.nodes.first).to_be_visible()

    def open_empty(self) -> None:
        """Begin with an empty canvas."""
        self.button("Empty canvas").click()
        expect(self.button("Empty canvas")).to_be_hidden()

    def allow(self, pattern: str) -> None:
        """Expect an error in the console that matches."""
        Witness.of(self.page.context).allow(pattern)

    # ---- finding ----

    @property
    def canvas(self) -> Locator:
        """The plane that the graph lies on."""
        return self.page.locator("#canvas")

    @property
    def nodes(self) -> Locator:
        """All nodes that are mounted."""
        return self.page.locator("article[data-node]")

    def node(self, name: str) -> Locator:
        """A node by its id."""
        return self.page.locator(f'article[data-node="{name}"]')

    def titled(self, title: str) -> Locator:
        """The nodes with a title."""
        return self.page.get_by_role("group", name=title, exact=True).and_(self.nodes)

    def output(self, node: str, name: str) -> Locator:
        """A socket on the right of a node."""
        return self.node(node).locator(f'[data-socket="out:{name}"]')

    def input(self, node: str, name: str) -> Locator:
        """A socket on the left of a node."""
        return self.node(node).locator(f'[data-socket="in:{name}"]')

    def button(self, name: str) -> Locator:
        """A button by its words."""
        return self.page.get_by_role("button", name=name, exact=True)

    def ids(self) -> list[str]:
        """The ids of the nodes that are mounted."""
        return [str(each.get_attribute("data-node")) for each in self.nodes.all()]

    # ---- the mouse ----

    def point(self, place: Place) -> tuple[float, float]:
        """Where a place is in the window."""
        if isinstance(place, tuple):
            return place
        place.wait_for()
        box = place.bounding_box()
        assert box is not None, place
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def on_canvas(self, across: float, down: float) -> tuple[float, float]:
        """A point of the canvas by its shares of width and height."""
        box = self.canvas.bounding_box()
        assert box is not None
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def title_of(self, node: str) -> tuple[float, float]:
        """Where a node is taken to be moved: beside the middle of its head, where no button is."""
        box = self.node(node).bounding_box()
        assert box is not None
        return box["x"] + box["width"] * 0.4, box["y"] + 12

    def drag(self, start: Place, *way: Place, keys: Iterable[str] = (), button: Any = "left") -> None:
        """Press at a place, go a way in small steps, and let go at its end."""
        with self.dragging(start, *way, keys=keys, button=button):
            pass

    @contextmanager
    def dragging(
        self, start: Place, *way: Place, keys: Iterable[str] = (), button: Any = "left"
    ) -> Iterator[None]:
        """Drag, with a look around before the end: what stands in the block is done with the button held."""
        held = list(keys)
        for key in held:
            self.page.keyboard.down(key)
        self.page.mouse.move(*self.point(start))
        self.page.mouse.down(button=button)
        for place in way:
            self.page.mouse.move(*self.point(place), steps=4)
        yield
        self.page.mouse.up(button=button)
        for key in reversed(held):
            self.page.keyboard.up(key)

    def link(self, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Drag a link from an output to an input, each given as node and name."""
        self.drag(self.output(*source), self.input(*target))

    # ---- running ----

    def newest_job(self) -> dict[str, Any]:
        """The job that was submitted last, as the server has it; empty where there is none."""
        jobs = self.server.call("GET", "/api/jobs?limit=1").json["jobs"]
        return jobs[0] if jobs else {}

    @contextmanager
    def run(self, state: str = "succeeded") -> Iterator[dict[str, Any]]:
        """Do what stands in the block, which submits a job, and wait for the job's end; it is given then."""
        before = self.newest_job().get("id")
        job: dict[str, Any] = {}
        yield job
        eventually(lambda: self.newest_job().get("id") != before)
        eventually(lambda: self.newest_job()["state"] in FINAL)
        job.update(self.newest_job())
        assert job["state"] == state, job["problems"]

    def picture(self, node: str) -> Locator:
        """The finished picture that a node shows."""
        return self.node(node).locator("img").filter(visible=True).first

    # ---- typing ----

    def press(self, *keys: str) -> None:
        """Press keys one after the other, such as `ControlOrMeta+z`."""
        for key in keys:
            self.page.keyboard.press(key)

    def field(self, node: str, label: str) -> Locator:
        """The field of a node with a label."""
        return self.node(node).get_by_label(re.compile(f"^{re.escape(label)}$", re.IGNORECASE))
