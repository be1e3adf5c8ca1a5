"""Workflows of ComfyUI open by being dropped, and a list says what became of their nodes."""

from __future__ import annotations

import pytest
from comfy_files import as_text, image_to_image, node, saved_text_to_image
from editor.hands import Hands
from editor.test_documents import drop, title_in_front
from playwright.sync_api import expect


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def test_a_dropped_workflow_opens_where_its_nodes_stood(editor: Hands) -> None:
    drop(editor, "portrait.json", "application/json", as_text(saved_text_to_image()).encode())

    expect(title_in_front(editor.page)).to_contain_text("portrait")
    expect(editor.node("3")).to_be_visible()
    expect(editor.page.get_by_text("Opened the workflow of portrait.json.").first).to_be_visible()


def test_what_is_different_or_unknown_stands_in_one_list(editor: Hands) -> None:
    tree = {**image_to_image(), "20": node("FancyUpscale", "My own", images=("8", 0))}

    drop(editor, "inpaint.json", "application/json", as_text(tree).encode())

    dialog = editor.page.get_by_role("dialog", name="inpaint.json comes from ComfyUI")
    expect(dialog.get_by_role("heading", name="Unknown here, kept as they are: 1")).to_be_visible()
    expect(dialog.get_by_text("My own")).to_be_visible()
    expect(dialog.get_by_text("LoadImage: Where the picture is transparent")).to_be_visible()
    expect(dialog.get_by_role("heading", name="Taken over: 10")).to_be_visible()
    editor.press("Escape")
    expect(dialog).to_be_hidden()
    expect(editor.node("20")).to_be_visible()
