"""A run is shown live on a screen, line by line in a log, and not at all to a script."""

import io

import pytest
from weft.cli.displays import (
    MOST_REUSED_LINES,
    PLAIN_INTERVAL_S,
    LiveDisplay,
    PlainDisplay,
    SilentDisplay,
    display_for,
)
from weft.cli.terminal import Terminal
from weft.engine.events import Event, NodeFailed, NodeFinished, NodeProgress, NodeStarted, RunStarted
from weft.engine.reasons import CANCELLED, FIRST_RUN, HIT_RAM
from weft.errors import Problem

RUN: tuple[Event, ...] = (
    RunStarted(("load", "sample", "decode")),
    NodeFinished("load", "hit", HIT_RAM),
    NodeStarted("sample"),
    NodeProgress("sample", 5, 20, 3.1),
    NodeFinished("sample", "ran", FIRST_RUN, 4.0),
    NodeFailed("decode", Problem(code="c", message="m", hint="h")),
)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _terminal_that_can_redraw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")


def _plain() -> tuple[PlainDisplay, io.StringIO, Clock]:
    words, clock = io.StringIO(), Clock()
    return PlainDisplay(Terminal(io.StringIO(), words), clock), words, clock


def test_a_log_gets_one_line_for_each_end() -> None:
    display, words, _ = _plain()

    with display:
        for event in RUN:
            display(event)

    assert words.getvalue().splitlines() == [
        "= load  reused  Its result was still in memory.",
        "✓ sample  4.0 s  It has not run to its end before.",
        "✗ decode  failed",
    ]


def test_a_log_hears_of_a_long_node_now_and_then() -> None:
    display, words, clock = _plain()

    display(NodeStarted("sample"))
    for step in range(1, 7):
        clock.now += PLAIN_INTERVAL_S / 2
        display(NodeProgress("sample", step, 6, 1.0))

    assert words.getvalue().splitlines() == [
        "  sample  step 2/6, 1.0 s left",
        "  sample  step 4/6, 1.0 s left",
        "  sample  step 6/6, 1.0 s left",
    ]


def test_of_a_large_graph_only_the_first_reused_nodes_get_lines() -> None:
    display, words, _ = _plain()

    for number in range(1000):
        display(NodeFinished(f"n{number}", "hit", HIT_RAM))
    display(NodeFinished("last", "ran", FIRST_RUN, 1.0))

    assert len(words.getvalue().splitlines()) == MOST_REUSED_LINES + 1


def test_cancelled_nodes_are_not_worth_a_line() -> None:
    display, words, _ = _plain()

    display(NodeFinished("a", "cancelled", CANCELLED))

    assert words.getvalue() == ""


def test_a_log_gets_a_note_as_a_line() -> None:
    display, words, _ = _plain()

    display.note("Cancelling.")

    assert words.getvalue() == "Cancelling.\n"


def test_a_screen_shows_node_step_and_time_left_while_they_last() -> None:
    screen = Screen()
    display = LiveDisplay(Terminal(io.StringIO(), screen))

    with display:
        for event in RUN[:4]:
            display(event)

    shown = screen.getvalue()
    assert "sample" in shown
    assert "step 5/20, 3.1 s left" in shown
    assert "1 of 3 nodes, 1 reused" in shown


def test_a_screen_keeps_the_lines_of_nodes_that_ended_and_gets_its_cursor_back() -> None:
    screen = Screen()
    display = LiveDisplay(Terminal(io.StringIO(), screen))

    with display:
        for event in RUN:
            display(event)
        display.note("Cancelling.")

    shown = screen.getvalue()
    assert "✓ sample  4.0 s  It has not run to its end before." in shown
    assert "Cancelling." in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_script_sees_nothing() -> None:
    words = io.StringIO()

    with SilentDisplay() as display:
        for event in RUN:
            display(event)
        display.note("Cancelling.")

    assert words.getvalue() == ""


def test_the_display_fits_who_is_watching() -> None:
    log, screen = Terminal(io.StringIO(), io.StringIO()), Terminal(io.StringIO(), Screen())

    assert type(display_for(log, as_json=False)) is PlainDisplay
    assert type(display_for(log, as_json=True)) is SilentDisplay
    assert type(display_for(screen, as_json=False)) is LiveDisplay
    assert type(display_for(screen, as_json=True)) is LiveDisplay
