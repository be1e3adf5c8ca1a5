"""The first moments: the page loads whole, under its policy, and a newcomer sees where to begin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Literal

import pytest
from editor.axe import THEMES, violations
from editor.graph import Graph
from editor.hands import Hands
from editor.witness import Witness
from live_server import LiveServer, live_server
from playwright.sync_api import Browser, Page, expect


def test_no_nodes_of_a_template_lie_on_each_other(graph: Graph) -> None:
    folder = Path(__file__).parents[2] / "workflows"
    templates = [json.loads(path.read_text()) for path in folder.glob("*.json")]

    # All within one moment, so that only the last is drawn.
    laid_out = graph.inside(
        """given.map((template) => {
            editor.tabs.open(template);
            const boxes = [...editor.plane.boxes.value.values()];
            return boxes.map(({ id, x, y, width, height }) => [id, x, y, x + width, y + height]);
        })""",
        templates,
    )

    for template, boxes in zip(templates, laid_out, strict=True):
        assert {name for name, *_ in boxes} == set(template["nodes"])
        for (a, left, top, right, bottom), (b, x, y, far, low) in combinations(boxes, 2):
            assert right <= x or far <= left or bottom <= y or low <= top, (template["title"], a, b)


@pytest.mark.parametrize(("theme", "only"), THEMES)
def test_axe_finds_no_serious_violation(
    cleared: Hands, theme: Literal["dark", "light"], only: str | None
) -> None:
    cleared.page.emulate_media(color_scheme=theme)
    expect(cleared.page.locator(f'html[data-theme="{theme}"]')).to_be_attached()

    at_start = violations(cleared.page, only=only)
    cleared.open_template("Text to image")
    expect(cleared.node("sample")).to_be_visible()
    with_a_graph = violations(cleared.page, only=only)

    assert (at_start, with_a_graph) == ([], [])


def test_templates_are_found_by_words_of_their_titles_and_descriptions(cleared: Hands) -> None:
    cards = cleared.page.locator(".start .card-title")
    sought = cleared.page.get_by_label("Search templates")

    sought.fill("Labelled GRID")
    expect(cards).to_have_text(["Labelled grid"])
    sought.fill("no such thing")
    expect(cleared.page.get_by_text("No template has these words.")).to_be_visible()
    sought.fill("")
    expect(cards.first).to_have_text("Text to image")


def test_a_first_visit_begins_with_templates_and_a_second_fetches_no_file_again(editor: Hands) -> None:
    expect(editor.page).to_have_title("weft")
    expect(editor.page.get_by_role("button", name="Text to image").first).to_be_visible()
    expect(editor.button("Run").first).to_be_visible()

    fetched = """() => performance.getEntriesByType("resource")
        .filter(({name, transferSize}) => name.includes("/editor/") && transferSize > 0)
        .map(({name}) => name)"""
    first = set(editor.page.evaluate(fetched))
    editor.page.reload()
    expect(editor.canvas).to_be_visible()

    # A picture that the first visit did not come to may still come with the second.
    assert first
    assert first.isdisjoint(editor.page.evaluate(fetched))


def test_a_page_without_scripts_says_what_there_is_without_them(browser: Browser, server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)

    assert "needs JavaScript" in page.locator("body").inner_text()
    context.close()


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that lets nobody in without a token."""
    with live_server(tmp_path_factory.mktemp("protected"), require_token="true") as server:
        server.headers["Authorization"] = f"Bearer {server.token}"
        server.wait_until_ready()
        yield server


def test_a_protected_server_asks_for_its_token_and_then_lets_in(page: Page, protected: LiveServer) -> None:
    Witness.of(page.context).allow("401")
    page.goto(protected.url)
    page.get_by_role("dialog").get_by_role("textbox").fill(str(protected.token))
    page.keyboard.press("Enter")

    expect(page.locator("#canvas")).to_be_attached()


def test_the_address_with_the_token_opens_the_editor_and_loses_the_token(
    page: Page, protected: LiveServer
) -> None:
    Witness.of(page.context).allow("401")
    page.goto(f"{protected.url}/#token={protected.token}")

    expect(page.locator("#canvas")).to_be_attached()
    assert str(protected.token) not in page.url
