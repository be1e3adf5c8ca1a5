"""Everything by keyboard: from node to node, into nodes, links, and what is done to nodes."""

from __future__ import annotations

import json

import pytest
from editor.graph import TEXT_TO_IMAGE, Graph
from live_server import eventually
from playwright.sync_api import Locator, expect


@pytest.fixture
def keys(graph: Graph) -> Graph:
    """A graph before somebody who has only a keyboard."""
    graph.hands.canvas.focus()
    return graph


def focused(graph: Graph) -> Locator:
    """What has the focus."""
    return graph.page.locator(":focus")


# ---- from node to node ----


def test_tab_goes_through_the_nodes_in_reading_order_and_says_them(keys: Graph) -> None:
    visited: list[str] = []
    for number, title in enumerate(["Load checkpoint", "Encode prompt", "Empty latent"], start=1):
        keys.hands.press("Tab")
        visited += keys.selected
        expect(keys.page.get_by_text(f"{title}, node {number} of 5", exact=True)).to_be_attached()

    assert visited == ["model", "prompt", "size"]


def test_tab_leaves_the_canvas_behind_the_last_node(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("decode"))
    keys.hands.press("Tab")

    expect(keys.hands.canvas).not_to_be_focused()
    assert keys.inside("!document.querySelector('#canvas').contains(document.activeElement)")


def test_arrow_keys_go_to_neighbours(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("model"))
    visited: list[str] = []
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        keys.hands.press(key)
        visited += keys.selected

    assert visited == ["prompt", "size", "sample", "decode", "sample"]


def test_shift_and_an_arrow_key_select_beside(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("Shift+ArrowDown")

    assert keys.selected == {"prompt", "size"}


def test_alt_and_arrow_keys_move_what_is_selected_in_one_step(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("decode"))
    keys.hands.press("Alt+ArrowRight", "Alt+ArrowDown", "Alt+ArrowDown")

    assert keys.look("decode")["at"] == [1216, 32]
    assert set(keys.steps) == {"step.move"}


def test_control_and_arrow_keys_select_what_feeds_and_what_follows(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("size"))
    keys.hands.press("ControlOrMeta+ArrowLeft")
    before = keys.selected
    keys.page.mouse.click(*keys.hands.title_of("size"))
    keys.hands.press("ControlOrMeta+ArrowRight")

    assert before == {"model", "size"}
    assert keys.selected == {"size", "sample", "decode"}


# ---- into nodes ----


def test_enter_goes_into_a_node_and_escape_comes_back(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("Enter")
    visited = []
    for _ in range(5):
        keys.hands.press("Tab")
        visited.append(
            focused(keys).get_attribute("data-socket") or focused(keys).get_attribute("aria-label")
        )
    keys.hands.press("Escape")

    assert visited[:3] == ["out:conditioning", "in:encoder", "in:text"]
    assert "Text" in visited
    expect(keys.hands.canvas).to_be_focused()


# ---- links ----


def test_a_link_is_made_through_the_sockets_that_fit(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("l")
    expect(focused(keys)).to_have_attribute("data-socket", "out:conditioning")
    keys.hands.press("Enter")
    expect(keys.page.get_by_text("Linking Conditioning: 2 sockets fit.")).to_be_attached()
    keys.hands.press("ArrowDown", "ArrowDown")
    expect(keys.page.get_by_text("Sample latent, Negative, 2 of 2")).to_be_attached()
    keys.hands.press("Enter")

    assert keys.given("sample", "negative") == {"from": "prompt.conditioning"}
    assert keys.steps == ["step.connect"]
    expect(focused(keys)).to_have_attribute("data-socket", "out:conditioning")


def test_escape_gives_a_link_up(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("l")
    expect(focused(keys)).to_have_attribute("data-socket", "out:conditioning")
    keys.hands.press("l", "ArrowDown", "Escape")

    expect(focused(keys)).to_have_attribute("data-socket", "out:conditioning")
    assert keys.inside("editor.gesture.peek().kind") == "none"
    assert keys.steps == []


def test_a_new_node_is_searched_for_a_link_and_linked(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("decode"))
    keys.hands.press("l")
    expect(focused(keys)).to_have_attribute("data-socket", "out:image")
    keys.hands.press("l", "a")
    keys.choose("image.invert")

    assert keys.given("invert", "image") == {"from": "decode.image"}


def test_delete_at_a_socket_cuts_its_links(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("l")
    expect(focused(keys)).to_have_attribute("data-socket", "out:conditioning")
    keys.hands.press("Delete")

    assert keys.given("sample", "positive") is None
    assert "prompt" in keys.nodes


def test_a_screen_reader_begins_a_link_by_pressing_the_button_of_a_socket(keys: Graph) -> None:
    keys.hands.output("prompt", "conditioning").evaluate("button => button.click()")
    keys.hands.press("ArrowDown", "ArrowDown", "Enter")

    assert keys.given("sample", "negative") == {"from": "prompt.conditioning"}


# ---- menus and searches ----


def test_a_opens_the_search_for_nodes_and_the_new_one_lies_on_nothing(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("a")
    keys.choose("image.blur")

    assert keys.selected == {"blur"}
    seen = "[...editor.plane.boxes.peek().values()]"
    boxes = keys.inside(f"{seen}.map(({{id, x, y, width, height}}) => [id, x, y, width, height])")
    [(_, x, y, width, height)] = [box for box in boxes if box[0] == "blur"]
    for name, left, top, across, down in boxes:
        beside = left >= x + width or x >= left + across or top >= y + height or y >= top + down
        assert beside or name == "blur"
    expect(keys.hands.canvas).to_be_focused()


def test_a_short_press_of_space_opens_the_search_at_the_pointer(keys: Graph) -> None:
    keys.page.mouse.move(*keys.at(820, 520))
    keys.hands.press(" ")
    keys.choose("image.blur")

    assert keys.look("blur")["at"] == pytest.approx([820, 520], abs=9)


def test_arrow_keys_choose_in_the_search(keys: Graph) -> None:
    keys.hands.press("a")
    options = keys.page.get_by_role("dialog").get_by_role("option")
    expect(options.nth(1)).to_be_visible()
    second = options.nth(1)
    keys.hands.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    keys.hands.press("Escape")

    expect(keys.hands.canvas).to_be_focused()
    assert keys.steps == []


def test_control_f_finds_a_node_and_goes_there(keys: Graph) -> None:
    keys.hands.press("ControlOrMeta+f")
    keys.page.get_by_role("dialog").get_by_role("combobox").fill("empty lat")
    expect(keys.page.get_by_role("dialog").get_by_role("option")).to_have_count(1)
    keys.hands.press("Enter")
    expect(keys.page.get_by_role("dialog")).to_have_count(0)

    assert keys.selected == {"size"}


def test_the_menu_key_opens_the_menu_of_the_node(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("size"))
    keys.hands.press("Shift+F10")
    expect(keys.page.get_by_role("menuitem", name="Rename")).to_be_visible()
    keys.hands.press("Escape")

    expect(keys.page.get_by_role("menu")).to_have_count(0)


# ---- what is done to nodes ----


def test_delete_removes_and_undo_brings_back_with_all_links(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press("Delete")
    rest = set(keys.nodes)
    keys.hands.press("ControlOrMeta+z")

    assert rest == {"model", "prompt", "size", "decode"}
    assert keys.nodes == TEXT_TO_IMAGE["nodes"]


def test_shift_and_delete_heal_the_wires(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press("Shift+Delete")

    assert keys.given("decode", "latent") == {"from": "size.latent"}


def test_undone_steps_are_done_again(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press("Delete", "ControlOrMeta+z", "ControlOrMeta+Shift+z")

    assert "sample" not in keys.nodes


def test_copies_are_workflows_and_are_pasted_without_their_links(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("decode"))
    keys.hands.press("ControlOrMeta+c")
    keys.page.mouse.move(*keys.at(820, 520))
    keys.hands.press("ControlOrMeta+v")

    copied = json.loads(keys.page.evaluate("navigator.clipboard.readText()"))
    assert set(copied["nodes"]) == {"decode"}
    assert keys.nodes["decode_2"]["inputs"] == {}
    assert keys.look("decode_2")["at"] == pytest.approx([820, 520], abs=2)
    assert (keys.selected, keys.steps) == ({"decode_2"}, ["step.paste"])


def test_control_shift_v_pastes_with_links(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("decode"))
    keys.hands.press("ControlOrMeta+c", "ControlOrMeta+Shift+v")

    assert keys.nodes["decode_2"] == keys.nodes["decode"]


def test_cut_nodes_are_pasted_elsewhere(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("prompt"))
    keys.hands.press("ControlOrMeta+x")
    without = set(keys.nodes)
    keys.hands.press("ControlOrMeta+v")

    assert "prompt" not in without
    assert keys.given("prompt", "text") == "a red circle"


def test_text_is_copied_from_fields_and_not_the_node(keys: Graph) -> None:
    keys.hands.field("prompt", "Text").click()
    keys.hands.press("ControlOrMeta+a", "ControlOrMeta+c")

    assert keys.page.evaluate("navigator.clipboard.readText()") == "a red circle"


def test_control_d_duplicates_with_links(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("decode"))
    keys.hands.press("ControlOrMeta+d")

    assert keys.nodes["decode_2"] == keys.nodes["decode"]


@pytest.mark.parametrize(("key", "mode"), [("b", "bypass"), ("m", "off")])
def test_nodes_are_bypassed_and_switched_off_and_on_again(keys: Graph, key: str, mode: str) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press(f"ControlOrMeta+{key}")
    switched = keys.nodes["sample"].get("mode")
    keys.hands.press(f"ControlOrMeta+{key}")

    assert switched == mode
    assert "mode" not in keys.nodes["sample"]


def test_c_collapses_and_unfolds(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press("c")
    collapsed = keys.look("sample").get("collapsed")
    keys.hands.press("c")

    assert collapsed is True
    assert "collapsed" not in keys.look("sample")


def test_f2_renames(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press("F2")
    keys.page.get_by_role("dialog").get_by_role("textbox").fill("Dream")
    keys.hands.press("Enter")

    expect(keys.hands.titled("Dream")).to_be_visible()


def test_nodes_are_aligned_and_distributed(keys: Graph) -> None:
    keys.hands.press("ControlOrMeta+a", "Shift+l")
    keys.page.get_by_role("menuitem", name="Align top edges").click()
    tops = {keys.look(node)["at"][1] for node in keys.nodes}
    keys.hands.press("Shift+l")
    keys.page.get_by_role("menuitem", name="Distribute from left to right").click()

    assert tops == {0}
    assert keys.steps == ["step.align", "step.distribute"]


def test_t_tidies_up_in_one_step(keys: Graph) -> None:
    keys.hands.press("ControlOrMeta+a", "Alt+ArrowDown", "t")
    eventually(lambda: keys.steps[-1:] == ["step.tidy"])

    places = [tuple(keys.look(node)["at"]) for node in ("model", "size", "sample", "decode")]
    assert places == sorted(places)
    assert keys.steps == ["step.move", "step.tidy"]


def test_shift_n_adds_a_note(keys: Graph) -> None:
    keys.hands.press("Shift+n")

    assert len(keys.document["view"]["notes"]) == 1


def test_the_view_shows_everything_the_selection_and_full_size(keys: Graph) -> None:
    keys.hands.press("1")
    full = keys.place["zoom"]
    keys.hands.press("Home")
    everything = keys.place["zoom"]
    keys.page.mouse.click(*keys.hands.title_of("size"))
    keys.hands.press("f")

    assert full == pytest.approx(1)
    assert everything < 1 == pytest.approx(keys.place["zoom"])


def test_nodes_become_a_workflow_that_opens_and_unpacks(keys: Graph) -> None:
    keys.page.mouse.click(*keys.hands.title_of("sample"))
    keys.hands.press("Shift+ArrowRight", "ControlOrMeta+Shift+g")
    keys.page.get_by_role("dialog").get_by_role("textbox").fill("Paint by keys")
    keys.hands.press("Enter")
    made = keys.page.locator('article[data-node="Paint_by_keys"]')
    expect(made).to_be_visible()
    expect(made).not_to_have_class("unknown")
    inside = set(keys.nodes)
    keys.hands.canvas.focus()
    keys.hands.press("ControlOrMeta+ArrowDown")
    expect(keys.hands.nodes).to_have_count(2)
    opened = set(keys.nodes)
    keys.inside("void editor.tabs.close(editor.tabs.current.peek().id)")
    keys.inside("void editor.commands.run('edit.unpack')")
    expect(keys.hands.node("sample")).to_be_visible()

    assert inside == {"model", "prompt", "size", "Paint_by_keys"}
    assert opened == {"sample", "decode"}
    assert keys.given("sample", "latent") == {"from": "size.latent"}
