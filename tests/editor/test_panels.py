"""What lies around the canvas: inspector, problems, list of edits, uploads, widths; and all can use it."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import pytest
from editor.axe import violations
from editor.hands import Hands
from PIL import Image
from playwright.sync_api import Locator, expect

PASTE = """([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  window.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def open_panel(hands: Hands, name: str) -> Locator:
    """Open a panel at the left."""
    hands.page.get_by_role("navigation", name="Panels").get_by_role("button", name=name).click()
    return hands.page.get_by_role("region", name=name, exact=True)


def inspector(hands: Hands) -> Locator:
    """The inspector at the right."""
    return hands.page.get_by_role("complementary", name="Inspector")


def test_a_problem_leads_to_its_node_and_input(editor: Hands) -> None:
    editor.open_template("Edit an image")
    open_panel(editor, "Problems").get_by_role("button", name=re.compile("is missing")).press("Enter")

    expect(editor.node("load")).to_have_class(re.compile("selected"))
    expect(editor.node("load").locator(":focus")).to_have_count(1)


def test_the_inspector_shows_a_node_with_its_help_and_what_a_run_would_do(template: Hands) -> None:
    template.page.mouse.click(*template.title_of("sample"))
    shown = inspector(template)

    expect(shown.get_by_label("Title of the node")).to_have_value("Sample latent")
    expect(shown.get_by_text("Next run")).to_be_visible()
    expect(shown.get_by_role("region", name="Help")).to_contain_text("NonFiniteLatentError")
    shown.get_by_label("Title of the node").fill("The painter")
    shown.get_by_label("Title of the node").press("Enter")
    expect(template.titled("The painter")).to_have_count(1)
    shown.get_by_role("button", name="Encode prompt · Conditioning").first.click()
    expect(shown.get_by_label("Title of the node")).to_have_value("Encode prompt")


def test_an_earlier_edit_is_gone_back_to(template: Hands) -> None:
    title = inspector(template).get_by_label("Title of the document")
    for text in ("First", "Second"):
        title.fill(text)
        title.blur()
    edits = inspector(template).get_by_role("region", name="Edits")
    expect(edits.get_by_role("button")).to_have_count(3)

    edits.get_by_role("button").nth(1).click()
    expect(title).to_have_value("First")
    edits.get_by_role("button").last.click()
    expect(title).to_have_value("Text to image")
    edits.get_by_role("button").first.click()
    expect(title).to_have_value("Second")


def test_a_panel_is_as_wide_as_its_user_made_it_also_after_a_reload(editor: Hands) -> None:
    panel = open_panel(editor, "Queue")
    before = panel.bounding_box()
    editor.page.get_by_role("separator").first.focus()
    editor.press("ArrowRight", "ArrowRight")
    editor.page.reload()
    after = panel.bounding_box()

    assert before is not None
    assert after is not None
    assert after["width"] > before["width"] + 20


def test_a_dropped_picture_without_a_workflow_is_uploaded_and_deleted(editor: Hands) -> None:
    file = BytesIO()
    Image.new("RGB", (16, 16), "teal").save(file, "PNG")
    editor.page.evaluate(PASTE, ["teal.png", "image/png", base64.b64encode(file.getvalue()).decode()])
    editor.button("Upload it").click()
    expect(editor.page.get_by_text("teal.png is uploaded")).to_be_visible()

    gallery = open_panel(editor, "Gallery")
    gallery.get_by_role("button", name="Uploaded").click()
    picture = gallery.get_by_role("button", name="teal.png, 16 by 16")
    expect(picture).to_be_visible()
    gallery.get_by_role("button", name="More for this picture").first.click()
    editor.page.get_by_role("menuitem", name="Delete picture").click()
    asked = editor.page.get_by_role("dialog", name="Delete teal.png for good?")
    asked.get_by_role("button", name="Delete picture").click()

    expect(picture).to_have_count(0)


@pytest.mark.parametrize("name", ["Form", "Queue", "Gallery", "Workflows", "Problems", "Outline"])
def test_axe_finds_no_serious_violation_in_a_panel(template: Hands, name: str) -> None:
    template.page.get_by_role("button", name=name, exact=True).first.click()
    panel = template.page.get_by_role("region", name=name, exact=True)
    expect(panel).to_be_visible()

    assert violations(template.page, panel) == []
