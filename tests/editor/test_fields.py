"""Fields: each way of entering a value changes the document by one step that can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from editor.conftest import heard
from editor.graph import Graph
from editor.hands import Hands
from numpy.typing import NDArray
from playwright.sync_api import Locator, expect
from weft.pictures import encode_png, read_picture

MARGIN = 40
"""Graph pixels between the nodes that a test lays out."""


@pytest.fixture
def lay(desk: Hands) -> Iterator[Any]:
    """Open a workflow of unlinked nodes, given as type and values by their names, side by side."""

    def lay_out(**nodes: tuple[str, dict[str, Any]]) -> Hands:
        document = {
            "weft": 1,
            "inputs": {},
            "outputs": {},
            "nodes": {
                name: {"type": kind, "version": 1, "inputs": values} for name, (kind, values) in nodes.items()
            },
            "view": {
                "nodes": {name: {"at": [index * (272 + MARGIN), 0]} for index, name in enumerate(nodes)},
                "frames": [],
                "notes": [],
            },
        }
        Graph(desk).show(document, zoom=1)
        return desk

    with heard(desk):
        yield lay_out


def undo(editor: Hands) -> None:
    """Take the last step back, with the focus on no field."""
    editor.page.evaluate("document.activeElement.blur()")
    editor.press("ControlOrMeta+z")


def test_a_calculation_is_typed_into_a_number_and_undone_in_one_step(lay: Any) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    width = editor.field("plain", "Width")

    width.click()
    editor.page.keyboard.type("2*512 + 1")
    editor.press("Enter")
    expect(width).to_have_value("1025")
    editor.press("ControlOrMeta+z")

    expect(width).to_have_value("64")


@pytest.mark.parametrize(("name", "typed", "taken"), [("Width", "16", "16"), ("Color", "#0f0", "#00ff00")])
def test_what_is_typed_counts_even_if_enter_follows_before_the_page_is_drawn_again(
    lay: Any, name: str, typed: str, taken: str
) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    field = editor.field("plain", name)

    field.focus()
    field.evaluate(
        """(input, typed) => {
            input.value = typed;
            input.dispatchEvent(new InputEvent("input", { bubbles: true }));
            input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        }""",
        typed,
    )
    field.press("Escape")

    expect(field).to_have_value(taken)


def test_what_is_neither_a_number_nor_a_calculation_is_told_and_escape_takes_it_back(lay: Any) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    width = editor.field("plain", "Width")

    width.click()
    editor.page.keyboard.type("twelve")
    editor.press("Enter")
    expect(width).to_have_attribute("aria-invalid", "true")
    width.press("Escape")

    expect(width).to_have_value("64")
    expect(width).not_to_have_attribute("aria-invalid", "true")


def test_a_number_is_dragged_on_itself_and_on_its_label_each_drag_one_step(lay: Any) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    width = editor.field("plain", "Width")
    label = editor.node("plain").locator("label", has_text="Width").filter(visible=True)

    for place in (width, label):
        x, y = editor.point(place)
        editor.drag((x, y), (x + 40, y), (x + 80, y))
        expect(width).not_to_have_value("64")
        undo(editor)
        expect(width).to_have_value("64")
    x, y = editor.point(width)
    with editor.dragging((x, y), (x + 80, y)):
        expect(width).not_to_have_value("64")
        editor.press("Escape")

    expect(width).to_have_value("64")
    assert editor.ids() == ["plain"]


def test_arrow_keys_and_the_wheel_change_a_number_that_has_the_focus(lay: Any) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    width = editor.field("plain", "Width")

    width.hover()
    width.click()
    editor.press("ArrowUp", "Control+ArrowUp")
    expect(width).to_have_value("75")
    editor.page.mouse.wheel(0, 100)

    expect(width).to_have_value("74")


def test_a_number_outside_its_range_stays_and_its_problem_is_shown(lay: Any) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    width = editor.field("plain", "Width")

    width.fill("40000")
    width.press("Enter")

    expect(width).to_have_value("40000")
    expect(width).to_have_attribute("aria-invalid", "true")
    expect(editor.node("plain").get_by_text("40000").first).to_be_attached()


def test_a_value_goes_back_to_its_default(lay: Any) -> None:
    editor = lay(plain=("image.empty", {"width": 64}))
    width = editor.field("plain", "Width")

    width.hover()
    editor.node("plain").get_by_role("button", name="Reset Width").click()

    expect(width).to_have_value("512")
    undo(editor)
    expect(width).to_have_value("64")
    width.press("Alt+Backspace")

    expect(width).to_have_value("512")


def test_a_seed_is_drawn_and_told_to_change_from_run_to_run(lay: Any) -> None:
    editor = lay(seed=("seed.value", {"seed": 7}))
    seed = editor.field("seed", "Seed")

    editor.node("seed").get_by_role("button", name="Draw a new Seed").click()
    expect(seed).not_to_have_value("7")
    undo(editor)
    expect(seed).to_have_value("7")
    editor.node("seed").get_by_role("button", name="The same for every run").click()
    editor.page.get_by_role("menuitemcheckbox", name="One more for every run").click()

    expect(editor.node("seed").get_by_role("button", name="One more for every run")).to_be_visible()


def test_a_seed_that_changes_does_so_before_the_run_and_the_run_has_the_one_that_is_shown(
    template: Hands,
) -> None:
    node = template.node("sample")
    seed = template.field("sample", "Seed")
    before = int(seed.input_value())
    template.field("sample", "Steps").fill("2")
    template.press("Enter")
    node.get_by_role("button", name="The same for every run").click()
    template.page.get_by_role("menuitemcheckbox", name="One more for every run").click()

    with template.run() as job:
        template.button("Run").first.click()

    expect(seed).to_have_value(str(before + 1))
    document = template.server.call("GET", f"/api/jobs/{job['id']}/document").json["workflow"]
    assert document["nodes"]["sample"]["inputs"]["seed"] == before + 1


def test_typing_a_text_is_one_step_and_its_words_are_weighed_by_keys(lay: Any) -> None:
    editor = lay(prompt=("prompt.encode", {"text": "a circle"}))
    text = editor.field("prompt", "Text")

    text.click()
    text.press("End")
    text.press("ArrowLeft")
    editor.page.keyboard.type("s of wir", delay=0)
    expect(text).to_have_value("a circls of wire")
    editor.press("ControlOrMeta+z")
    expect(text).to_have_value("a circle")
    editor.page.keyboard.type("X")
    expect(text).to_have_value("a circlXe")
    editor.press("ControlOrMeta+z")
    expect(text).to_have_value("a circle")
    text.dblclick(position={"x": 30, "y": 12})
    text.press("Control+ArrowUp")

    expect(text).to_have_value("a (circle:1.05)")


def test_a_learned_word_is_completed_by_keys(lay: Any) -> None:
    editor = lay(
        words=("embedding.apply", {"embedding": "dusk.safetensors"}),
        more=("embedding.apply", {"embedding": "dawn.safetensors", "encoder": {"from": "words.encoder"}}),
        prompt=("prompt.encode", {"text": "", "encoder": {"from": "more.encoder"}}),
    )
    text = editor.field("prompt", "Text")
    offered = editor.page.get_by_role("listbox", name="Learned words").get_by_role("option")

    text.click()
    editor.page.keyboard.type("by em", delay=0)
    expect(offered).to_have_count(0)
    editor.page.keyboard.type("bedding:", delay=0)
    expect(offered).to_have_text(["embedding:dawn", "embedding:dusk"])
    text.press("ArrowDown")
    text.press("Enter")

    expect(text).to_have_value("by embedding:dusk")
    expect(offered).to_have_count(0)
    editor.page.keyboard.type(" (da", delay=0)
    expect(offered).to_have_text(["embedding:dawn"])
    text.press("Tab")
    editor.page.keyboard.type(")", delay=0)
    expect(text).to_have_value("by embedding:dusk (embedding:dawn)")


def test_a_choice_is_found_by_typing(lay: Any) -> None:
    editor = lay(load=("checkpoint.load", {}), sample=("latent.sample", {"sampler": "euler"}))
    sampler = editor.field("sample", "Sampler")

    sampler.click()
    editor.page.get_by_role("combobox", name="Search Sampler").fill("heun")
    editor.press("Enter")
    expect(sampler).to_contain_text("heun")
    undo(editor)
    expect(sampler).to_contain_text("euler")
    editor.field("load", "Checkpoint").click()

    starter = editor.page.get_by_role("option", name="starter")
    expect(starter).to_contain_text("built in")
    expect(starter).to_have_attribute("aria-selected", "true")


def test_words_switches_and_colours_are_chosen(lay: Any) -> None:
    editor = lay(resize=("image.resize", {"color": "#000000"}))
    color = editor.field("resize", "Color")
    switch = editor.field("resize", "Linear light")
    method = editor.field("resize", "Method")
    usual = method.input_value()

    method.select_option("lanczos")
    switch.click()
    color.fill("f80")
    color.press("Enter")
    expect(color).to_have_value("#ff8800")
    for shown, value in ((color, "#000000"), (switch, False), (method, usual)):
        undo(editor)
        if isinstance(value, bool):
            expect(shown).to_be_checked(checked=value)
        else:
            expect(shown).to_have_value(value)


def test_items_are_added_changed_moved_and_removed(lay: Any) -> None:
    editor = lay(join=("text.join", {"texts": ["one"]}))
    node = editor.node("join")

    node.get_by_role("button", name="Add").click()
    second = node.get_by_label("Texts, number 2", exact=True)
    second.fill("two")
    second.press("Alt+ArrowUp")
    expect(node.get_by_label("Texts, number 1", exact=True)).to_have_value("two")
    node.get_by_role("button", name="Remove Texts, number 2").click()

    expect(second).to_have_count(0)


def test_numbers_are_drawn_as_a_curve(lay: Any) -> None:
    editor = lay(least=("math.minimum", {"values": [3, 2, 1]}))
    node = editor.node("least")

    node.get_by_role("button", name="Curve").click()
    point = node.get_by_role("slider", name="Values, number 2")
    point.press("ArrowUp")
    expect(point).to_have_attribute("aria-valuenow", "2.1")
    x, y = editor.point(point)
    editor.drag((x, y), (x, y - 200))
    expect(point).to_have_attribute("aria-valuenow", "3")
    undo(editor)

    expect(point).to_have_attribute("aria-valuenow", "2.1")


def test_a_value_of_several_kinds_keeps_what_another_kind_can_read(lay: Any) -> None:
    editor = lay(fill=("text.template", {"a": "4.5"}))

    editor.field("fill", "Kind of A").select_option(label="Number")
    number = editor.node("fill").get_by_role("spinbutton", name="A", exact=True)
    expect(number).to_have_value("4.5")
    undo(editor)

    expect(editor.node("fill").get_by_role("textbox", name="A", exact=True)).to_have_value("4.5")


def picture() -> bytes:
    """A red picture, 64 pixels wide and 48 high."""
    return encode_png(np.full((48, 64, 3), (255, 0, 0), dtype=np.uint8))


def chosen(editor: Hands, image: Locator) -> NDArray[np.uint8]:
    """The pixels of the picture that a field shows, as the server has them."""
    url = str(image.get_attribute("src")).split("/thumbnail")[0]
    content = editor.server.call("GET", url.removeprefix(editor.server.url)).body
    return read_picture(content)


def test_a_picture_is_uploaded_masked_and_picked_again(lay: Any) -> None:
    editor = lay(load=("image.load", {}))
    node = editor.node("load")
    image = node.locator(".image-file img")
    with editor.page.expect_file_chooser() as chooser:
        node.get_by_role("button", name="Upload Image").click()
    chooser.value.set_files({"name": "red.png", "mimeType": "image/png", "buffer": picture()})
    expect(image).to_be_visible()
    assert chosen(editor, image).shape == (48, 64, 3)
    uploaded = image.get_attribute("src")

    node.get_by_role("button", name="Paint a mask").click()
    dialog = editor.page.get_by_role("dialog")
    surface = dialog.get_by_role("img", name="Picture with the painted mask")
    x, y = editor.point(surface)
    editor.drag((x - 60, y), (x + 60, y))
    dialog.get_by_role("button", name="Use mask").click()
    expect(dialog).to_be_hidden()
    expect(image).not_to_have_attribute("src", str(uploaded))

    pixels = chosen(editor, image)
    assert pixels.shape == (48, 64, 4)
    assert (pixels[..., :3] == (255, 0, 0)).all()
    assert (pixels[24, 32, 3], pixels[0, 0, 3]) == (255, 0)

    node.get_by_role("button", name="Pick from the gallery").click()
    dialog.get_by_role("button", name="red.png").first.click()
    expect(image).to_have_attribute("src", str(uploaded))


def test_a_mask_is_filled_cleared_undone_and_inverted_and_the_colors_below_it_stay(lay: Any) -> None:
    editor = lay(load=("image.load", {}))
    editor.server.call("POST", "/api/assets?name=red.png", data=picture())
    node = editor.node("load")
    image = node.locator(".image-file img")
    node.get_by_role("button", name="Pick from the gallery").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_role("button", name="red.png").first.click()
    plain = str(image.get_attribute("src"))
    node.get_by_role("button", name="Paint a mask").click()

    for tool in ("Select everything", "Select nothing", "Undo", "Invert"):
        dialog.get_by_role("button", name=tool).click()
    dialog.get_by_role("button", name="Use mask").click()
    expect(image).not_to_have_attribute("src", plain)

    pixels = chosen(editor, image)
    assert (pixels == (255, 0, 0, 0)).all()


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped_into_a_field_and_not_onto_the_canvas(lay: Any, way: str) -> None:
    editor = lay(load=("image.load", {}))
    node = editor.node("load")

    node.get_by_role("button", name="Upload Image").focus()
    editor.page.evaluate(
        """([way, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "red.png", {type: "image/png"}));
            const common = {bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(way === "paste"
                ? new ClipboardEvent("paste", {...common, clipboardData: data})
                : new DragEvent("drop", {...common, dataTransfer: data}));
        }""",
        [way, list(picture())],
    )

    expect(node.locator(".image-file img")).to_be_visible()
    assert editor.ids() == ["load"]
