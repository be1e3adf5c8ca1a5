"""The canvas: nodes with names and roles, what runs and checks bring to them, and the graph from afar."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from editor.hands import Hands
from playwright.sync_api import Locator, expect

IS_SELECTED = re.compile(r"\bselected\b")
IS_HIDDEN = re.compile(r"\bhidden\b")


def document(nodes: dict[str, Any], looks: dict[str, Any] | None = None, **view: Any) -> dict[str, Any]:
    """Return a workflow of nodes in a row, each given as its type and its inputs."""
    entries = {name: {"type": kind, "version": 1, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    places = {name: {"at": [at * 320, 0], **(looks or {}).get(name, {})} for at, name in enumerate(nodes)}
    return {
        "weft": 1,
        "inputs": {},
        "outputs": {},
        "nodes": entries,
        "view": {"nodes": places, "frames": [], "notes": [], **view},
    }


def open_document(editor: Hands, workflow: dict[str, Any]) -> None:
    """Open a workflow as a file."""
    with editor.page.expect_file_chooser() as chooser:
        editor.page.get_by_role("button", name="Open a file").first.click()
    content = json.dumps(workflow).encode()
    chooser.value.set_files({"name": "graph.json", "mimeType": "application/json", "buffer": content})
    # Files are read a little later than they are chosen.
    expect(editor.button("Empty canvas")).to_be_hidden()


def layer(editor: Hands) -> Locator:
    """The layer of the nodes that are on the page."""
    return editor.canvas.locator("> .layer")


def zoom_out(editor: Hands) -> None:
    """Turn the wheel until the nodes are drawn by the canvas."""
    editor.page.mouse.move(*editor.on_canvas(0.5, 0.5))
    for _ in range(100):
        editor.page.mouse.wheel(0, 240)
        if IS_HIDDEN.search(layer(editor).get_attribute("class") or ""):
            return
        editor.page.wait_for_timeout(30)


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def test_nodes_are_groups_with_the_names_they_show(template: Hands) -> None:
    expect(template.titled("Sample latent")).to_have_attribute("aria-roledescription", "node")
    expect(template.titled("Encode prompt")).to_have_count(2)
    assert sorted(template.ids()) == ["checkpoint", "decode", "negative", "positive", "sample", "size"]


def test_sockets_are_buttons_that_say_their_side_their_type_and_whether_they_are_connected(
    template: Hands,
) -> None:
    sample, decode = template.node("sample"), template.node("decode")

    expect(sample.get_by_role("button", name="Model, input, model, connected", exact=True)).to_be_attached()
    expect(sample.get_by_role("button", name="Latent, output, latent, connected")).to_be_attached()
    expect(decode.get_by_role("button", name="Image, output, image, not connected")).to_be_attached()


def test_a_linked_input_has_no_field(template: Hands) -> None:
    expect(template.field("sample", "Steps")).to_be_visible()
    assert template.node("sample").get_by_label("Positive", exact=True).count() == 0


def test_what_is_typed_into_a_node_is_in_the_document_and_undone_in_one_step(template: Hands) -> None:
    text = template.field("positive", "Text")
    before = text.input_value()

    text.click()
    template.press("ControlOrMeta+a")
    template.page.keyboard.type("a small green star")
    expect(text).to_have_value("a small green star")
    template.page.evaluate("document.activeElement.blur()")
    template.press("ControlOrMeta+z")

    expect(text).to_have_value(before)


def test_a_node_says_what_a_run_would_do_and_then_what_it_did(template: Hands) -> None:
    decode = template.node("decode")
    expect(decode).to_contain_text(re.compile("Would run|Ready"))

    with template.run():
        template.press("ControlOrMeta+Enter")

    expect(template.picture("decode")).to_be_visible()
    expect(decode.get_by_role("button", name=re.compile("Picture 1 of 1 of Decode latent"))).to_be_visible()
    expect(decode).not_to_contain_text("Would run")
    # A picture of the starter model: 128 x 128 pixels of three numbers of four bytes each.
    expect(decode.locator(".time")).to_have_text(re.compile("s · 197 kB$"))
    template.field("positive", "Text").fill("a large blue circle")
    expect(template.node("positive")).to_contain_text("Would run: Text changed")
    expect(template.button("Run")).to_have_attribute("data-tip", re.compile(r"takes about .+s · \d.* kB"))
    expect(template.picture("decode")).to_be_visible()


def test_enter_on_a_picture_opens_it_large(template: Hands) -> None:
    with template.run():
        template.press("ControlOrMeta+Enter")
    picture = template.node("decode").get_by_role("button", name=re.compile("^Picture 1"))

    picture.focus()
    template.press("Enter")

    expect(template.page.get_by_role("dialog")).to_be_visible()


def test_from_afar_the_canvas_draws_the_nodes_and_the_selection_stays(template: Hands) -> None:
    template.page.mouse.click(*template.title_of("sample"))
    expect(template.node("sample")).to_have_class(IS_SELECTED)

    zoom_out(template)
    expect(layer(template)).to_have_class(IS_HIDDEN)
    template.press("Home")
    template.page.evaluate("document.activeElement.blur()")

    expect(template.node("sample")).to_have_class(IS_SELECTED)


def test_a_problem_is_written_on_its_node_and_marked_at_its_input(editor: Hands) -> None:
    open_document(editor, document({"wrong": ("image.empty", {"width": -5, "height": 64})}))
    node = editor.node("wrong")

    expect(node).to_contain_text("-5")
    expect(node).to_contain_text(re.compile("Cannot run"))
    marked = node.locator(".row.faulty")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("Width")
    expect(marked.get_by_role("button", name=re.compile("Width, input.*-5"))).to_be_attached()


def test_inputs_that_are_not_connected_are_counted_without_a_row(editor: Hands) -> None:
    open_document(editor, document({"decode": ("latent.decode", {})}))

    expect(editor.node("decode")).to_contain_text("2 inputs are not connected")
    expect(editor.node("decode").locator(".row.missing")).to_have_count(2)


def test_a_node_of_an_unknown_type_keeps_its_sockets_and_its_values(editor: Hands) -> None:
    nodes = {
        "source": ("image.empty", {}),
        "odd": ("pack:thing.do", {"image": {"from": "source.image"}, "amount": 3}),
        "after": ("image.invert", {"image": {"from": "odd.result"}}),
    }
    open_document(editor, document(nodes))
    odd = editor.titled("pack:thing.do")

    expect(odd.get_by_role("button", name=re.compile("^Image, input"))).to_be_attached()
    expect(odd.get_by_role("button", name=re.compile("^Result, output.*connected"))).to_be_attached()
    expect(odd).to_contain_text("3")


def test_a_node_folds_to_its_header_and_unfolds_by_undo(template: Hands) -> None:
    sample = template.node("sample")
    height = sample.evaluate("node => node.offsetHeight")

    sample.get_by_role("button", name="Show content").click()
    expect(template.field("sample", "Steps")).to_have_count(0)
    assert sample.evaluate("node => node.offsetHeight") < height / 4
    expect(sample.get_by_role("button", name=re.compile("^Latent, output"))).to_be_attached()
    template.page.evaluate("document.activeElement.blur()")
    template.press("ControlOrMeta+z")

    expect(template.field("sample", "Steps")).to_be_visible()


def test_a_note_is_markdown_until_it_is_edited(editor: Hands) -> None:
    note = {"id": "n", "at": [0, 300], "size": [280, 160], "text": "# Plan\n\nA **bold** one."}
    open_document(editor, document({"plain": ("image.empty", {})}, notes=[note]))
    paper = editor.page.get_by_role("complementary", name="Note")
    expect(paper.get_by_role("heading", name="Plan")).to_be_visible()

    paper.dblclick()
    editor.page.get_by_role("textbox", name="Text of the note").fill("Changed.")
    editor.press("Escape")

    expect(paper).to_contain_text("Changed.")
    expect(editor.page.get_by_role("textbox", name="Text of the note")).to_have_count(0)


def test_the_outline_reads_the_graph_and_goes_to_its_nodes(template: Hands) -> None:
    tree = template.page.get_by_role("tree", name="Outline")
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    expect(tree.get_by_role("treeitem").first).to_have_text("Load checkpoint")

    tree.get_by_role("treeitem").first.focus()
    template.press("ArrowRight")
    expect(tree.get_by_role("treeitem", name="Model to Sample latent: Model")).to_be_visible()
    template.press("ArrowLeft", "End", "Enter")

    expect(template.node("decode")).to_have_class(IS_SELECTED)
    expect(tree.get_by_role("treeitem", name="Decode latent")).to_have_attribute("aria-selected", "true")


def test_the_focus_is_brought_into_sight_wherever_it_goes(template: Hands) -> None:
    zoom_out(template)

    template.field("decode", "Tile").focus()

    expect(layer(template)).not_to_have_class(IS_HIDDEN)
    expect(template.field("decode", "Tile")).to_be_in_viewport(ratio=1)
    template.page.mouse.move(*template.on_canvas(0.5, 0.5))
    template.page.mouse.wheel(4000, 0)
    template.field("sample", "Steps").focus()
    expect(template.field("sample", "Steps")).to_be_in_viewport(ratio=1)
    assert template.canvas.evaluate("canvas => canvas.scrollLeft") == 0


def test_a_press_on_the_map_goes_there(template: Hands) -> None:
    before = layer(template).get_attribute("style")
    box = template.canvas.locator(".minimap").bounding_box()
    assert box is not None

    template.page.mouse.click(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)

    expect(layer(template)).not_to_have_attribute("style", before or "")


def test_the_zoom_is_shown_and_changed_by_buttons(template: Hands) -> None:
    bar = template.canvas.locator(".zoom-bar")

    bar.get_by_role("button", name="Zoom in").click()
    bar.get_by_role("button", name="Zoom in").click()
    bar.get_by_role("button", name="Full size").click()

    expect(bar).to_contain_text("100 %")
    expect(layer(template).locator("> .scaled")).to_have_attribute("style", re.compile(r"scale\(1\)"))


def test_of_many_nodes_only_those_in_sight_are_on_the_page(editor: Hands) -> None:
    nodes: dict[str, Any] = {f"n{number}": ("image.empty", {}) for number in range(400)}
    looks = {name: {"at": [number % 20 * 320, number // 20 * 320]} for number, name in enumerate(nodes)}
    open_document(editor, document(nodes, looks))
    expect(layer(editor)).to_have_class(IS_HIDDEN)
    assert editor.nodes.count() == 0

    editor.page.mouse.move(*editor.on_canvas(0.5, 0.5))
    for _ in range(100):
        editor.page.mouse.wheel(0, -240)
        editor.page.wait_for_timeout(30)
        if not IS_HIDDEN.search(layer(editor).get_attribute("class") or ""):
            break

    expect(editor.nodes.first).to_be_visible()
    assert 0 < editor.nodes.count() <= 160
