"""What fingers do on the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from editor.graph import TEXT_TO_IMAGE, Graph
from editor.hands import DESK, Hands
from editor.profiles import fresh_profile
from editor.witness import Witness
from live_server import LiveServer, eventually
from playwright.sync_api import Browser, CDPSession, expect

Point = tuple[float, float]


class Fingers:
    """Fingers on the screen.

    Attributes:
        graph: What they touch.
    """

    def __init__(self, graph: Graph, session: CDPSession) -> None:
        self.graph = graph
        self._session = session

    def touch(self, kind: str, *points: Point) -> None:
        """Tell the browser where all fingers are."""
        touches: list[Any] = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def swipe(self, *ways: tuple[Point, Point]) -> None:
        """Move one finger along each way, all at once."""
        self.touch("touchStart", *(start for start, _ in ways))
        for step in range(1, 7):
            self.touch(
                "touchMove",
                *((x + (to_x - x) * step / 6, y + (to_y - y) * step / 6) for (x, y), (to_x, to_y) in ways),
            )
        self.touch("touchEnd")

    def tap(self, point: Point) -> None:
        """Touch a point shortly."""
        self.graph.page.touchscreen.tap(*point)


@pytest.fixture(scope="module")
def screen(browser: Browser, server: LiveServer) -> Iterator[Fingers]:
    """Fingers on a tablet that all tests of this page share."""
    context = fresh_profile(browser, viewport=DESK, has_touch=True)
    hands = Hands(context.new_page(), server)
    hands.open()
    yield Fingers(Graph(hands), context.new_cdp_session(hands.page))
    context.close()


@pytest.fixture
def fingers(screen: Fingers) -> Iterator[Fingers]:
    """Fingers on a tablet that shows a small graph."""
    witness = Witness.of(screen.graph.page.context)
    witness.forget()
    screen.graph.show(TEXT_TO_IMAGE)
    yield screen
    assert witness.unexpected() == []


def test_a_finger_pans_on_the_ground_and_moves_a_node(fingers: Fingers) -> None:
    graph = fingers.graph
    x, y = graph.hands.on_canvas(0.4, 0.9)
    fingers.swipe(((x, y), (x + 60, y - 30)))
    # What moves is drawn with the next frame.
    eventually(lambda: bool(graph.place["x"] > 80))
    panned = graph.place
    x, y = graph.hands.title_of("decode")
    fingers.swipe(((x, y), (x, y + 150)))

    assert panned == pytest.approx({"x": 100, "y": 10, "zoom": 0.75}, abs=12)
    assert graph.look("decode")["at"][1] == pytest.approx(200, abs=20)


def test_two_fingers_pinch_and_never_drag(fingers: Fingers) -> None:
    graph = fingers.graph
    x, y = graph.at(500, 100)
    fingers.swipe(((x - 50, y), (x - 100, y)), ((x + 50, y), (x + 100, y)))

    assert graph.place["zoom"] == pytest.approx(1.5, rel=0.05)
    assert graph.steps == []


def test_two_taps_link_two_sockets(fingers: Fingers) -> None:
    graph = fingers.graph
    fingers.tap(graph.hands.point(graph.hands.output("prompt", "conditioning")))
    fingers.tap(graph.hands.point(graph.hands.input("sample", "negative")))

    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}


def test_a_finger_that_is_held_opens_the_menu(fingers: Fingers) -> None:
    graph = fingers.graph
    fingers.touch("touchStart", graph.hands.title_of("decode"))
    graph.page.wait_for_timeout(900)
    fingers.touch("touchEnd")

    expect(graph.page.get_by_role("menuitem", name="Rename")).to_be_visible()
    assert graph.selected == {"decode"}
