"""The graph under fingers: one moves the view, two zoom, two taps link."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from editor.graph import Graph
from editor.hands import Hands
from editor.profiles import fresh_profile
from editor.witness import Witness
from live_server import LiveServer
from playwright.sync_api import Browser, FloatRect, expect

Finger = tuple[float, float]


@pytest.fixture(scope="module")
def screen(browser: Browser, server: LiveServer) -> Iterator[Hands]:
    """The editor on a tablet that all tests of this page share."""
    context = fresh_profile(browser, viewport={"width": 1180, "height": 820}, has_touch=True)
    hands = Hands(context.new_page(), server)
    hands.open()
    yield hands
    context.close()


@pytest.fixture
def tablet(screen: Hands) -> Iterator[Hands]:
    """The same editor, with a graph."""
    witness = Witness.of(screen.page.context)
    witness.forget()
    Graph(screen).clear()
    screen.open_template("Text to image")
    yield screen
    assert witness.unexpected() == []


def _touch(hands: Hands, *moments: tuple[Finger, ...]) -> None:
    """Put fingers down at the first moment, move them through the others, and lift them."""
    session = hands.page.context.new_cdp_session(hands.page)
    for number, fingers in enumerate(moments):
        points = [{"x": x, "y": y, "id": name} for name, (x, y) in enumerate(fingers)]
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def _box(hands: Hands, node: str) -> FloatRect:
    box = hands.node(node).bounding_box()
    assert box is not None
    return box


def test_a_finger_on_the_ground_moves_the_view(tablet: Hands) -> None:
    x, y = tablet.on_canvas(0.1, 0.9)
    before = _box(tablet, "sample")

    _touch(tablet, ((x, y),), *(((x + way, y - way),) for way in (15.0, 40.0, 60.0)))

    after = _box(tablet, "sample")
    assert after["x"] == pytest.approx(before["x"] + 60, abs=20)
    assert after["y"] == pytest.approx(before["y"] - 60, abs=20)
    assert after["width"] == pytest.approx(before["width"], abs=1)


def test_two_fingers_zoom(tablet: Hands) -> None:
    x, y = tablet.on_canvas(0.5, 0.9)
    before = _box(tablet, "sample")

    _touch(tablet, *(((x - way, y), (x + way, y)) for way in (80.0, 95.0, 110.0, 120.0)))

    expect(tablet.node("sample")).to_be_visible()
    tablet.page.wait_for_function(
        "least => document.querySelector('[data-node=sample]').getBoundingClientRect().width > least",
        arg=before["width"] * 1.2,
    )


def test_two_taps_link_two_sockets(tablet: Hands) -> None:
    replaced = tablet.output("negative", "conditioning")
    expect(replaced).to_have_attribute("data-linked", "true")

    tablet.page.touchscreen.tap(*tablet.point(tablet.output("positive", "conditioning")))
    tablet.page.touchscreen.tap(*tablet.point(tablet.input("sample", "negative")))

    expect(replaced).to_have_attribute("data-linked", "false")
