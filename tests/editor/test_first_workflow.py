"""A first picture from an empty canvas, by mouse alone and by keyboard alone, and what comes afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from secrets import randbelow

import pytest
from editor.graph import TEXT_TO_IMAGE, Graph
from editor.hands import Hands
from live_server import eventually
from playwright.sync_api import expect

LINKS = {
    ("encode", "encoder"): "checkpoint.encoder",
    ("empty", "model"): "checkpoint.model",
    ("sample", "model"): "checkpoint.model",
    ("sample", "positive"): "encode.conditioning",
    ("sample", "latent"): "empty.latent",
    ("decode", "latent"): "sample.latent",
    ("decode", "vae"): "checkpoint.vae",
}
"""Text to image as it is built here."""

WATCH = """(node) => {
    globalThis.seen = new Set();
    globalThis.watching = new MutationObserver(() => {
        const images = document.querySelectorAll(`article[data-node="${node}"] img`);
        for (const image of images) seen.add(image.src);
    });
    watching.observe(document.body, {childList: true, subtree: true, attributes: true});
}"""

DROP = """async (node) => {
    const editor = await (await import("weft")).editor();
    const [picture] = editor.runs.pictures(editor.tabs.current.peek().id, node).peek();
    const blob = await (await fetch(picture.url)).blob();
    const data = new DataTransfer();
    data.items.add(new File([blob], "picture.png", {type: blob.type}));
    for (const kind of ["dragover", "drop"]) {
        const event = new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true});
        document.querySelector("#canvas").dispatchEvent(event);
    }
}"""


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def begin(editor: Hands) -> Graph:
    """Open an empty canvas at a known place."""
    editor.open_empty()
    graph = Graph(editor)
    graph.inside("void editor.viewport.set({x: 40, y: 40, zoom: 0.75})")
    return graph


def run_and_see(editor: Hands, start: Callable[[], None]) -> None:
    """Run what was built; previews are seen before the picture is."""
    # With a seed that no run had before, nothing is reused.
    few = {("sample", "Seed"): randbelow(2**32), ("sample", "Steps"): 8}
    small = {("empty", "Width"): 64, ("empty", "Height"): 64}
    for field, value in {**few, **small}.items():
        editor.field(*field).fill(str(value))
    editor.page.evaluate(WATCH, "sample")
    with editor.run():
        start()
    expect(editor.picture("decode")).to_be_visible()
    assert editor.page.evaluate("(watching.disconnect(), seen.size)") > 0


def test_text_to_image_is_built_by_mouse_alone(editor: Hands) -> None:
    graph = begin(editor)
    search = editor.page.get_by_role("dialog")

    def pick(title: str) -> None:
        search.get_by_role("option", name=title).first.click()
        expect(search).to_have_count(0)

    editor.page.mouse.dblclick(*graph.at(0, 0))
    pick("Load checkpoint")
    editor.drag(editor.output("checkpoint", "encoder"), graph.at(400, 40))
    pick("Encode prompt")
    editor.drag(editor.output("checkpoint", "model"), graph.at(400, 400))
    pick("Empty latent")
    editor.drag(editor.output("checkpoint", "model"), graph.at(800, 40))
    pick("Sample latent")
    editor.link(("encode", "conditioning"), ("sample", "positive"))
    editor.link(("empty", "latent"), ("sample", "latent"))
    editor.drag(editor.output("sample", "latent"), graph.at(1200, 40))
    pick("Decode latent")
    editor.link(("checkpoint", "vae"), ("decode", "vae"))

    assert {ends: graph.given(*ends)["from"] for ends in LINKS} == LINKS
    run_and_see(editor, editor.button("Run").first.click)


def test_text_to_image_is_built_by_keyboard_alone(editor: Hands) -> None:
    graph = begin(editor)
    focused = editor.page.locator(":focus")

    def go_to_output(name: str) -> None:
        """Go to an output of the node that the keyboard is at."""
        expect(editor.canvas).to_be_focused()
        editor.press("l")
        expect(focused).to_have_attribute("data-socket", re.compile("^out:"))
        while focused.get_attribute("data-socket") != f"out:{name}":
            editor.press("ArrowDown")

    def add_for(output: str, query: str) -> None:
        """Add a node that takes an output of the node that the keyboard is at."""
        go_to_output(output)
        editor.press("l", "a")
        graph.choose(query)

    def link(output: str, target: str) -> None:
        """Link an output of the node that the keyboard is at with the socket that is announced so."""
        go_to_output(output)
        editor.press("Enter", "ArrowDown")
        while not editor.page.get_by_role("status").filter(has_text=target).count():
            editor.press("ArrowDown")
        editor.press("Enter")
        expect(focused).to_have_attribute("data-socket", f"out:{output}")
        editor.press("Escape")

    def go_to(title: str) -> None:
        editor.press("ControlOrMeta+f")
        editor.page.get_by_role("dialog").get_by_role("combobox").fill(title)
        editor.press("Enter")
        expect(editor.canvas).to_be_focused()

    editor.canvas.focus()
    editor.press("a")
    graph.choose("checkpoint.load")
    add_for("encoder", "prompt.encode")
    go_to("checkpoint")
    add_for("model", "latent.sample")
    go_to("checkpoint")
    add_for("model", "latent.empty")
    link("latent", "Sample latent, Latent")
    go_to("encode")
    link("conditioning", "Sample latent, Positive")
    go_to("sample")
    add_for("latent", "latent.decode")
    go_to("checkpoint")
    link("vae", "Decode latent, VAE")

    assert {ends: graph.given(*ends)["from"] for ends in LINKS} == LINKS
    run_and_see(editor, lambda: editor.press("ControlOrMeta+Enter"))


def test_a_picture_is_changed_undone_saved_and_opens_its_workflow_again(editor: Hands) -> None:
    graph = begin(editor)
    graph.show(TEXT_TO_IMAGE)
    with editor.run():
        editor.press("ControlOrMeta+Enter")
    expect(editor.picture("decode")).to_be_visible()

    # No run before had this prompt.
    other = f"a small blue star, number {randbelow(2**32)}"
    editor.field("prompt", "Text").fill(other)
    expect(editor.node("prompt")).to_contain_text("Would run: Text changed")
    with editor.run():
        editor.press("ControlOrMeta+Enter")
    expect(editor.node("prompt")).to_contain_text("Text changed")
    for reused in ("model", "size"):
        expect(editor.node(reused)).to_contain_text("Reused")
    changed = graph.document

    editor.page.mouse.click(*editor.on_canvas(0.5, 0.95))
    editor.press("ControlOrMeta+z")
    assert graph.nodes == TEXT_TO_IMAGE["nodes"]
    editor.press("ControlOrMeta+s")
    editor.page.get_by_role("dialog").get_by_role("textbox").fill(f"First picture {randbelow(2**32)}")
    editor.press("Enter")
    eventually(lambda: not graph.inside("editor.tabs.current.peek().isDirty.value"))
    before = graph.document
    editor.page.reload()
    expect(editor.picture("decode")).to_be_visible()
    assert graph.document == before

    editor.page.evaluate(DROP, "decode")
    eventually(lambda: graph.given("prompt", "text") == other)
    assert graph.nodes == changed["nodes"]
