"""Nothing that was done to a document is lost: by undoing, by copying, by reloading."""

from __future__ import annotations

import json
from typing import Any

import pytest
from editor.hands import Hands
from live_server import eventually
from playwright.sync_api import Locator, expect

COPIED = ("positive", "negative")


@pytest.fixture
def graph(template: Hands) -> Hands:
    """The template for text to image, with nothing selected."""
    return template


def prompt(hands: Hands, node: str = "positive") -> Locator:
    """The field that a node's prompt is typed into."""
    return hands.field(node, "Text")


def select(hands: Hands, *nodes: str) -> None:
    """Click the heads of nodes, all but the first with Shift."""
    for index, node in enumerate(nodes):
        keys = ["Shift"] if index else []
        for key in keys:
            hands.page.keyboard.down(key)
        hands.page.mouse.click(*hands.title_of(node))
        for key in keys:
            hands.page.keyboard.up(key)


def clipboard(hands: Hands) -> Any:
    """What lies in the clipboard, as JSON."""
    return json.loads(hands.page.evaluate("navigator.clipboard.readText()"))


def test_deleted_nodes_come_back_with_their_links_and_values(graph: Hands) -> None:
    before = sorted(graph.ids())
    select(graph, "sample", "decode")
    graph.press("Delete")
    expect(graph.node("sample")).to_have_count(0)

    graph.press("ControlOrMeta+z")

    expect(graph.node("sample")).to_be_visible()
    assert sorted(graph.ids()) == before
    select(graph, "sample")
    graph.press("ControlOrMeta+a", "ControlOrMeta+c")
    nodes = clipboard(graph)["nodes"]
    assert nodes["sample"]["inputs"]["positive"] == {"from": "positive.conditioning"}
    assert nodes["decode"]["inputs"]["latent"] == {"from": "sample.latent"}


def test_with_nothing_left_to_undo_no_field_changes(graph: Hands) -> None:
    before = prompt(graph).input_value()
    prompt(graph).fill("a blue square")
    graph.page.mouse.click(*graph.on_canvas(0.5, 0.95))

    for _ in range(4):
        graph.press("ControlOrMeta+z")

    expect(prompt(graph)).to_have_value(before)


def test_typing_is_undone_at_once_and_done_again(graph: Hands) -> None:
    before = prompt(graph).input_value()
    prompt(graph).fill("")
    prompt(graph).press_sequentially("a blue square")
    graph.page.mouse.click(*graph.on_canvas(0.5, 0.95))

    graph.press("ControlOrMeta+z")
    expect(prompt(graph)).to_have_value(before)

    graph.press("ControlOrMeta+Shift+z")
    expect(prompt(graph)).to_have_value("a blue square")


def test_nodes_are_copied_into_another_tab_with_their_values(graph: Hands) -> None:
    select(graph, *COPIED)
    graph.press("ControlOrMeta+c")
    graph.page.get_by_label("Open documents").get_by_role("button", name="New document").click()
    expect(graph.nodes).to_have_count(0)
    graph.open_empty()
    graph.press("ControlOrMeta+v")

    expect(graph.nodes).to_have_count(2)
    assert sorted(graph.ids()) == sorted(COPIED)
    expect(prompt(graph)).to_have_value("a large red circle left of a small blue star on a white background")


def test_what_is_copied_is_a_workflow_that_the_server_takes(graph: Hands) -> None:
    graph.page.mouse.click(*graph.on_canvas(0.5, 0.95))
    graph.press("ControlOrMeta+a", "ControlOrMeta+c")

    answer = graph.server.call("POST", "/api/check", {"workflow": clipboard(graph)})

    assert answer.json["ok"], answer.json["problems"]


def test_pasting_with_links_feeds_the_copies_by_what_fed_the_originals(graph: Hands) -> None:
    select(graph, "positive")
    graph.press("ControlOrMeta+c", "ControlOrMeta+v", "ControlOrMeta+Shift+v")
    expect(graph.node("positive_3")).to_be_attached()
    graph.press("ControlOrMeta+a", "ControlOrMeta+c")
    nodes = clipboard(graph)["nodes"]

    assert "encoder" not in nodes["positive_2"]["inputs"]
    assert nodes["positive_3"]["inputs"]["encoder"] == {"from": "checkpoint.encoder"}


def test_a_reload_keeps_the_document_and_what_was_done_to_it(graph: Hands) -> None:
    prompt(graph).fill("a green triangle")
    select(graph, "negative")
    graph.press("Delete")
    expect(graph.node("negative")).to_have_count(0)

    def is_kept() -> bool:
        graph.page.reload()
        expect(graph.node("positive")).to_be_visible()
        return graph.node("negative").count() == 0

    eventually(is_kept)

    expect(prompt(graph)).to_have_value("a green triangle")
    graph.page.mouse.click(*graph.on_canvas(0.5, 0.95))
    graph.press("ControlOrMeta+z")
    expect(graph.node("negative")).to_be_visible()
