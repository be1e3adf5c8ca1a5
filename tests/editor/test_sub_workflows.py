"""A selection becomes a workflow that stands as one node, runs as one, and comes apart again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from editor.hands import Hands
from editor.test_documents import drop, tabs, title_in_front
from live_server import LiveServer
from playwright.sync_api import expect

PARTS = ("positive", "negative", "size", "sample")


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


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


def test_a_selection_becomes_a_node_that_runs_like_what_is_inside(template: Hands) -> None:
    make(template, "sampling")

    expect(template.output("sampling", "latent")).to_be_visible()
    expect(template.input("sampling", "model")).to_be_visible()
    with template.run():
        template.button("Run").first.click()
    expect(template.picture("decode")).to_be_visible()
    expect(template.field("sampling", "Prompt")).to_have_value(
        "a large red circle left of a small blue star on a white background"
    )


def test_unpacking_the_node_gives_the_graph_it_was_made_of(template: Hands) -> None:
    before = document(template)
    make(template, "unpacked")

    select(template, "unpacked")
    template.page.mouse.click(*template.title_of("unpacked"), button="right")
    template.page.get_by_role("menuitem", name="Unpack").click()

    expect(template.node("sample")).to_be_visible()
    after = document(template)
    assert after["nodes"] == before["nodes"]
    assert after["inputs"] == before["inputs"]
    assert after["outputs"] == before["outputs"]


def test_a_workflow_that_came_inside_a_document_is_published_and_used_in_another(
    editor: Hands, server: LiveServer
) -> None:
    carried = {
        "weft": 1,
        "title": "Red ground",
        "outputs": {"image": {"from": "empty.image"}},
        "inputs": {"width": {"to": ["empty.width"]}},
        "nodes": {
            "empty": {"type": "image.empty", "version": 1, "inputs": {"color": "#ff0000", "height": 8}}
        },
    }
    document = {
        "weft": 1,
        "nodes": {"ground": {"type": "workflow:ground", "version": 1, "inputs": {"width": 8}}},
        "workflows": {"ground": carried},
    }
    drop(editor, "file.json", "application/json", json.dumps(document).encode())

    select(editor, "ground")
    editor.page.mouse.click(*editor.title_of("ground"), button="right")
    editor.page.get_by_role("menuitem", name="Publish the workflow").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("red-ground")
    dialog.get_by_role("button", name="Save").click()
    expect(editor.page.get_by_text("Saved as red-ground.").first).to_be_visible()

    assert server.call("GET", "/api/workflows/red-ground").json["title"] == "Red ground"
    editor.button("New document").click()
    editor.open_empty()
    editor.page.mouse.dblclick(*editor.on_canvas(0.5, 0.5))
    editor.page.keyboard.type("red ground")
    editor.page.get_by_role("option", name="Red ground").first.click()
    expect(editor.field("red-ground", "width")).to_be_visible()
    editor.field("red-ground", "width").fill("8")
    editor.field("red-ground", "width").press("Enter")
    with editor.run():
        editor.button("Run").first.click()
    expect(editor.picture("red-ground")).to_be_visible()


def test_a_carried_workflow_is_changed_in_a_tab_of_its_own_and_put_back(editor: Hands) -> None:
    inner = {
        "weft": 1,
        "title": "Ground",
        "outputs": {"image": {"from": "empty.image"}},
        "nodes": {"empty": {"type": "image.empty", "version": 1, "inputs": {"width": 8, "height": 8}}},
    }
    document = {
        "weft": 1,
        "title": "Whole",
        "nodes": {"ground": {"type": "workflow:ground", "version": 1}},
        "workflows": {"ground": inner},
    }
    drop(editor, "file.json", "application/json", json.dumps(document).encode())

    select(editor, "ground")
    editor.press("ControlOrMeta+ArrowDown")
    part = editor.page.get_by_role("button", name="Whole › Ground")
    expect(part).to_have_attribute("aria-current", "page")
    editor.field("empty", "width").fill("16")
    editor.field("empty", "width").press("Enter")
    editor.press("ControlOrMeta+s")
    expect(editor.page.get_by_text("Ground is put back into Whole.").first).to_be_visible()

    tabs(editor.page).get_by_role("button", name="Whole").first.click()
    expect(title_in_front(editor.page)).not_to_contain_text("Ground")
    select(editor, "ground")
    editor.page.mouse.click(*editor.title_of("ground"), button="right")
    editor.page.get_by_role("menuitem", name="Unpack").click()
    expect(editor.field("empty", "width")).to_have_value("16")
