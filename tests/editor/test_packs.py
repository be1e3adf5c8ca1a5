"""A pack may bring fields, panels and commands to the editor; one that is broken breaks nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from editor.hands import DESK, Hands
from live_server import LiveServer, lay_out, live_server
from playwright.sync_api import Page, expect

PACK = '''"""A pack of words."""

from weft.sdk import node


@node("word.say", output="text")
def say(text: str = "quiet") -> str:
    """Say a word.

    Args:
        text: The word.
    """
    return text
'''

MODULE = """
import { defineCommand, defineField, definePanel, editor, html } from "weft";

defineField("words:word.say", "text", ({ id, label, value, onChange }) => {
  const shout = () => onChange("loud");
  return html`<button type="button" id=${id} onClick=${shout}>${label} is ${value ?? "unset"}</button>`;
});

definePanel({ id: "words:list", title: "Words", Body: () => html`<p>All the words there are.</p>` });

defineCommand({
  id: "words:shout",
  title: "Shout",
  run: async () => (await editor()).ui.toast("A pack shouts."),
});
"""

BROKEN = """
import { definePanel } from "weft";

definePanel({ id: "broken:panel", title: "Broken", Body: () => { throw new Error("it was made so"); } });
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with two packs that add to the editor."""
    folder = tmp_path_factory.mktemp("packs")
    lay_out(folder)
    for name, python, script in (("words", PACK, MODULE), ("broken", '"""Nothing."""\n', BROKEN)):
        pack: Path = folder / "custom_nodes" / name
        (pack / "web").mkdir(parents=True)
        (pack / "__init__.py").write_text(python)
        (pack / "web" / "main.js").write_text(script)
    with live_server(folder) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture
def editor(cleared: Hands) -> Iterator[Hands]:
    """The editor that the tests of this page share, in a window of its usual size."""
    yield cleared
    cleared.page.set_viewport_size(DESK)


@pytest.fixture
def page(editor: Hands) -> Page:
    """Its page."""
    return editor.page


def test_a_pack_adds_a_panel_and_a_command(editor: Hands, page: Page) -> None:
    page.get_by_role("navigation", name="Panels").get_by_role("button", name="Words").click()
    expect(page.get_by_text("All the words there are.")).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("shout")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A pack shouts.")).to_be_visible()


def test_a_phone_shows_the_panels_of_packs_in_its_bar(editor: Hands, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("navigation", name="Panels").get_by_role("button", name="Words").click()

    expect(page.get_by_text("All the words there are.")).to_be_visible()


def test_a_pack_brings_a_field_for_an_input_of_its_node(editor: Hands, page: Page) -> None:
    editor.open_empty()
    editor.canvas.dblclick()
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("say")
    page.keyboard.press("Enter")
    field = editor.nodes.get_by_text("Text is unset")
    field.click()

    expect(editor.nodes.get_by_text("Text is loud")).to_be_visible()


def test_a_panel_that_fails_says_so_and_the_editor_goes_on(editor: Hands, page: Page) -> None:
    page.get_by_role("navigation", name="Panels").get_by_role("button", name="Broken").click()
    expect(page.get_by_role("alert")).to_contain_text("broken:panel failed: Error: it was made so")

    editor.open_template("Draw something")
    expect(editor.nodes.first).to_be_visible()
