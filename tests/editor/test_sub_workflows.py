"""A selection becomes a workflow that stands as one node, runs as one, and comes apart again."""

from __future__ import annotations

import json
from typing import Any

from editor.hands import Hands
from playwright.sync_api import expect

PARTS = ("positive", "negative", "size", "sample")


def select(hands: Hands, *nodes: str) -> None:
    """Click the heads of nodes, all but the first with Shift."""
    for index, node in enumerate(nodes):
        if index:
            hands.page.keyboard.down("Shift")
        hands.page.mouse.click(*hands.title_of(node))
        hands.page.keyboard.up("Shift")


def document(hands: Hands) -> Any:
    """The nodes of the document in front, as they are copied."""
    hands.page.mouse.click(*hands.on_canvas(0.5, 0.95))
    hands.press("ControlOrMeta+a", "ControlOrMeta+c")
    return json.loads(hands.page.evaluate("navigator.clipboard.readText()"))


def make(hands: Hands, name: str) -> None:
    """Turn the parts of the template into a workflow."""
    select(hands, *PARTS)
    hands.press("ControlOrMeta+Shift+g")
    dialog = hands.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(name)
    hands.page.keyboard.press("Enter")
    expect(hands.node(name)).to_be_visible()


def test_a_selection_becomes_a_node_that_runs_like_what_is_inside(editor: Hands) -> None:
    editor.open_template("Text to image")
    make(editor, "sampling")

    expect(editor.output("sampling", "latent")).to_be_visible()
    expect(editor.input("sampling", "model")).to_be_visible()
    with editor.run():
        editor.button("Run").first.click()
    expect(editor.picture("decode")).to_be_visible()
    expect(editor.field("sampling", "Prompt")).to_have_value(
        "a large red circle left of a small blue star on a white background"
    )


def test_unpacking_the_node_gives_the_graph_it_was_made_of(editor: Hands) -> None:
    editor.open_template("Text to image")
    before = document(editor)
    make(editor, "unpacked")

    select(editor, "unpacked")
    editor.page.mouse.click(*editor.title_of("unpacked"), button="right")
    editor.page.get_by_role("menuitem", name="Unpack").click()

    expect(editor.node("sample")).to_be_visible()
    after = document(editor)
    assert after["nodes"] == before["nodes"]
    assert after["inputs"] == before["inputs"]
    assert after["outputs"] == before["outputs"]
