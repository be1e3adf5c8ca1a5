"""Documents: tabs, saving, names, revisions, files that are dropped, and what runs them elsewhere."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest
from editor.hands import Hands
from live_server import LiveServer, eventually
from playwright.sync_api import Locator, Page, expect
from server.test_video_texts import VIDEOS

DROP = """([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  const target = document.getElementById("canvas");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def tabs(page: Page) -> Locator:
    """The open documents."""
    return page.get_by_role("navigation", name="Open documents").get_by_role("listitem")


def title_in_front(page: Page) -> Locator:
    """The title of the document in front."""
    return tabs(page).locator("[aria-current=page]")


def drop(hands: Hands, name: str, media_type: str, content: bytes) -> None:
    """Drop a file on the canvas."""
    hands.page.evaluate(DROP, [name, media_type, base64.b64encode(content).decode()])


def save_as(hands: Hands, name: str) -> None:
    """Save the document in front for the first time."""
    hands.press("ControlOrMeta+s")
    dialog = hands.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(name)
    dialog.get_by_role("button", name="Save").click()
    expect(hands.page.get_by_text(f"Saved as {name}.").first).to_be_visible()


def rename(hands: Hands, title: str) -> None:
    """Give the document in front a title, as a file manager does it."""
    title_in_front(hands.page).dblclick()
    field = hands.page.get_by_label("Title of the document").first
    field.fill(title)
    field.press("Enter")
    expect(title_in_front(hands.page)).to_contain_text(title)


def saved(server: LiveServer, name: str) -> dict[str, Any]:
    """What the server keeps under a name."""
    found: dict[str, Any] = server.call("GET", f"/api/workflows/{name}").json
    return found


def open_menu(hands: Hands, entry: str) -> None:
    """Choose from the main menu."""
    hands.button("Menu").click()
    hands.page.get_by_role("menuitem", name=entry).click()


def test_a_title_is_an_edit_and_saving_takes_the_mark_away(template: Hands, server: LiveServer) -> None:
    dirty = template.page.get_by_label("Has changes that are not saved")
    expect(dirty).to_have_count(0)

    rename(template, "My first picture")
    expect(dirty).to_have_count(1)
    save_as(template, "my-first-picture")

    expect(dirty).to_have_count(0)
    assert saved(server, "my-first-picture")["title"] == "My first picture"


def test_the_first_save_of_a_template_takes_a_name_that_is_free(template: Hands, server: LiveServer) -> None:
    template.press("ControlOrMeta+s")
    template.page.get_by_role("dialog").get_by_role("button", name="Save").click()

    message = template.page.get_by_text(re.compile(r"^Saved as text-to-image-\d+\.$")).first
    name = message.inner_text().removeprefix("Saved as ").rstrip(".")
    assert saved(server, name)["title"] == "Text to image"


def test_tabs_are_shown_closed_and_brought_back(template: Hands) -> None:
    rename(template, "The one that stays")
    template.button("New document").click()
    template.open_template("Prompt grid")
    rename(template, "The one that goes")

    template.button("Close The one that goes").click()
    expect(title_in_front(template.page)).to_contain_text("The one that stays")
    expect(template.node("sample")).to_be_visible()
    template.page.get_by_role("button", name="Reopen closed document").click()

    expect(title_in_front(template.page)).to_contain_text("The one that goes")
    expect(tabs(template.page)).to_have_count(2)


def test_a_revision_says_what_changed_since_and_comes_back(template: Hands, server: LiveServer) -> None:
    rename(template, "As it was")
    save_as(template, "with-a-past")
    rename(template, "As it is")
    template.press("ControlOrMeta+s")
    eventually(lambda: saved(server, "with-a-past")["title"] == "As it is")

    template.page.get_by_role("navigation", name="Panels").get_by_role("button", name="Workflows").click()
    template.button("More for with-a-past").click()
    template.page.get_by_role("menuitem", name="Revisions…").click()
    dialog = template.page.get_by_role("dialog", name="Revisions of with-a-past")
    dialog.get_by_role("button", name=re.compile("Revision 1")).click()
    expect(dialog.get_by_text("1 change since")).to_be_visible()
    dialog.get_by_role("button", name="Restore").click()

    expect(title_in_front(template.page)).to_contain_text("As it was")
    assert saved(server, "with-a-past")["title"] == "As it was"


def test_a_revision_shows_the_picture_that_it_made(editor: Hands, server: LiveServer) -> None:
    document = {"weft": 1, "nodes": {"ground": {"type": "image.empty", "version": 1, "inputs": {"width": 8}}}}
    drop(editor, "file.json", "application/json", json.dumps(document).encode())
    # A file is read a little later than it is dropped.
    expect(editor.node("ground")).to_be_visible()
    name = f"with-pictures-{secrets.token_hex(2)}"
    save_as(editor, name)
    with editor.run() as job:
        editor.button("Run").first.click()
    editor.field("ground", "Height").fill("16")
    editor.field("ground", "Height").press("Enter")
    editor.page.mouse.click(*editor.on_canvas(0.5, 0.95))
    editor.press("ControlOrMeta+s")
    eventually(lambda: "16" in str(saved(server, name)))

    editor.page.get_by_role("navigation", name="Panels").get_by_role("button", name="Workflows").click()
    editor.button(f"More for {name}").click()
    editor.page.get_by_role("menuitem", name="Revisions…").click()
    dialog = editor.page.get_by_role("dialog", name=f"Revisions of {name}")

    made = dialog.get_by_role("button", name=re.compile("Revision 1")).locator("img")
    expect(made).to_have_attribute("src", re.compile(job["outputs"][0]["asset"]["digest"]))
    expect(dialog.get_by_role("button", name=re.compile("Revision 2")).locator("img")).to_have_count(0)


def test_a_saved_workflow_gets_another_name_and_a_deleted_one_comes_back(
    template: Hands, server: LiveServer
) -> None:
    save_as(template, "named-badly")
    template.page.get_by_role("navigation", name="Panels").get_by_role("button", name="Workflows").click()

    template.button("More for named-badly").click()
    template.page.get_by_role("menuitem", name="Rename…").click()
    dialog = template.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("named-well")
    dialog.get_by_role("button", name="Save").click()
    eventually(lambda: server.call("GET", "/api/workflows/named-badly").status == 404)
    assert server.call("GET", "/api/workflows/named-well").status == 200

    template.button("More for named-well").click()
    template.page.get_by_role("menuitem", name="Delete").click()
    eventually(lambda: server.call("GET", "/api/workflows/named-well").status == 404)
    template.button("Restore").click()
    eventually(lambda: server.call("GET", "/api/workflows/named-well").status == 200)


def test_the_first_picture_takes_one_click_and_opens_when_it_is_dropped(
    editor: Hands, server: LiveServer
) -> None:
    editor.page.get_by_label("What the picture shall show").fill("a small green triangle")
    with editor.run() as job:
        editor.button("Make a picture").click()
    expect(editor.picture("decode")).to_be_visible()
    picture = server.call("GET", job["outputs"][0]["asset"]["url"]).body

    drop(editor, "found.png", "image/png", picture)

    expect(tabs(editor.page)).to_have_count(2)
    expect(editor.field("positive", "Text")).to_have_value("a small green triangle")


def test_a_dropped_document_opens_and_anything_else_says_what_it_is_not(editor: Hands) -> None:
    document = {"weft": 1, "title": "From a file", "nodes": {"words": {"type": "text.value", "version": 1}}}

    drop(editor, "file.json", "application/json", json.dumps(document).encode())
    expect(title_in_front(editor.page)).to_contain_text("From a file")
    drop(editor, "letter.pdf", "application/pdf", b"%PDF-1.7")

    expect(editor.page.get_by_text("letter.pdf is no workflow").first).to_be_visible()


def test_a_dropped_film_opens_and_one_of_another_kind_says_what_would(editor: Hands) -> None:
    drop(editor, "film.mp4", "video/mp4", (VIDEOS / "keys.mp4").read_bytes())
    expect(title_in_front(editor.page)).to_contain_text("Straße")
    drop(editor, "film.webm", "video/webm", bytes.fromhex("1a45dfa39f428681"))

    expect(editor.page.get_by_text("film.webm is no workflow: weft opens JSON files").first).to_be_visible()


@pytest.mark.parametrize("language", ["curl", "Python"])
def test_what_is_exported_runs_as_it_stands(editor: Hands, tmp_path: Path, language: str) -> None:
    document = {
        "weft": 1,
        "nodes": {
            "picture": {"type": "image.empty", "version": 1, "inputs": {"width": 8, "height": 8}},
            "loose": {"type": "image.empty", "version": 1, "inputs": {"width": 8, "height": 8}},
        },
        "outputs": {"picture": {"from": "picture.image"}},
    }
    drop(editor, "file.json", "application/json", json.dumps(document).encode())
    expect(editor.node("picture")).to_be_visible()
    open_menu(editor, "Run from elsewhere…")
    dialog = editor.page.get_by_role("dialog", name="Run it from elsewhere")
    dialog.get_by_role("button", name=language).click()
    dialog.get_by_role("button", name="Copy").click()
    text = str(editor.page.evaluate("navigator.clipboard.readText()"))

    command = ["sh"] if language == "curl" else ["python3", "-"]
    with editor.run() as job:
        subprocess.run(command, input=text, cwd=tmp_path, text=True, check=True, capture_output=True)

    # As in the editor, a picture that feeds nothing is shown too.
    assert sorted(output["output"] for output in job["outputs"]) == ["loose_image", "picture"]


def test_what_somebody_else_saved_is_not_saved_over_unasked(editor: Hands, server: LiveServer) -> None:
    editor.allow("412")
    editor.open_template("Text to image")
    save_as(editor, "shared")
    theirs = {**saved(server, "shared"), "title": "Theirs"}
    server.call("PUT", "/api/workflows/shared", theirs)
    rename(editor, "Mine")

    editor.press("ControlOrMeta+s")
    dialog = editor.page.get_by_role("dialog", name="shared was saved by somebody else")
    expect(dialog.get_by_role("heading", name="1 change from theirs to mine")).to_be_visible()
    expect(dialog).to_be_visible()
    assert saved(server, "shared")["title"] == "Theirs"
    dialog.get_by_role("button", name="Save mine over it").click()

    eventually(lambda: saved(server, "shared")["title"] == "Mine")
    assert server.call("GET", "/api/workflows/shared/revisions/2").json["title"] == "Theirs"
