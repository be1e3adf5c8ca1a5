"""Drafts live in the browser: they survive its death, and pages keep to their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from editor.conftest import FLAGS, NAMES
from editor.hands import Hands
from editor.profiles import PATIENCE_MS
from live_server import LiveServer, eventually
from playwright.sync_api import Page, Playwright, expect

KEPT_AFTER_MS = 1_000
"""Every change is kept within so many milliseconds."""


@contextmanager
def mortal_browser(playwright: Playwright, profile: Path) -> Iterator[tuple[Page, subprocess.Popen[bytes]]]:
    """A browser with a profile of its own, as a group of processes that can be killed; and its first page."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium is installed")
    told = profile / "DevToolsActivePort"
    told.unlink(missing_ok=True)
    own = ["--headless=new", "--window-size=1280,900", "--remote-debugging-port=0"]
    own.append(f"--user-data-dir={profile}")
    process = subprocess.Popen(
        [found, *FLAGS, *own], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        eventually(lambda: told.exists() and "\n" in told.read_text())
        port = told.read_text().splitlines()[0]
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        context = browser.contexts[0]
        context.set_default_timeout(PATIENCE_MS)
        yield context.pages[0] if context.pages else context.new_page(), process
    finally:
        if process.poll() is None:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a browser, also where a script has started it that waits for it."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def editor_in(page: Page, server: LiveServer) -> Hands:
    """The editor, opened in a page."""
    hands = Hands(page, server)
    hands.open()
    return hands


def write(hands: Hands, words: str) -> None:
    """Write a prompt."""
    hands.field("positive", "Text").fill(words)


def words(hands: Hands) -> str:
    """The prompt; a page behind others draws nothing."""
    hands.page.bring_to_front()
    expect(hands.node("positive")).to_be_visible()
    return hands.field("positive", "Text").input_value()


def titles(hands: Hands) -> list[str]:
    """What the open tabs are called."""
    tabs = hands.page.get_by_role("navigation", name="Open documents").get_by_role("listitem")
    return [tab.inner_text().strip() for tab in tabs.all()]


def test_a_change_survives_the_death_of_the_browser_a_second_later(
    playwright: Playwright, server: LiveServer, tmp_path: Path
) -> None:
    with mortal_browser(playwright, tmp_path) as (page, process):
        hands = editor_in(page, server)
        hands.open_template("Text to image")
        write(hands, "a yellow star")
        write(hands, "a purple star")
        page.wait_for_timeout(KEPT_AFTER_MS)
        kill(process)

    with mortal_browser(playwright, tmp_path) as (page, _):
        hands = editor_in(page, server)
        assert words(hands) == "a purple star"
        hands.page.mouse.click(*hands.on_canvas(0.5, 0.95))
        hands.press("ControlOrMeta+z")
        expect(hands.field("positive", "Text")).not_to_have_value("a purple star")


def test_a_change_is_kept_when_the_page_is_left_at_once(page: Page, server: LiveServer) -> None:
    hands = editor_in(page, server)
    hands.open_template("Text to image")

    for words_now in ("one", "two"):
        write(hands, words_now)
        page.reload()
        assert words(hands) == words_now


def test_pages_beside_each_other_keep_to_their_own_documents(page: Page, server: LiveServer) -> None:
    first = editor_in(page, server)
    first.open_template("Text to image")
    write(first, "the first page")
    second = editor_in(page.context.new_page(), server)
    second.open_template("Text to image")
    write(second, "the second page")
    second.page.close()
    third = editor_in(page.context.new_page(), server)
    assert words(third) == "the second page"
    first.page.reload()
    third.page.reload()
    assert [words(first), words(third)] == ["the first page", "the second page"]
    assert [len(titles(first)), len(titles(third))] == [1, 1]
