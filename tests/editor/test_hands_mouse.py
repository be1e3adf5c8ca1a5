"""What a mouse does on the canvas: what each gesture does to the document, and that it is one step."""

from __future__ import annotations

from copy import deepcopy

import pytest
from editor.graph import TEXT_TO_IMAGE, Graph
from playwright.sync_api import expect

POSITIVE = ("prompt", "conditioning"), ("sample", "positive")
LATENT = ("sample", "latent"), ("decode", "latent")


# ---- the view ----


def test_the_wheel_zooms_at_the_pointer(graph: Graph) -> None:
    before = graph.hands.point(graph.hands.output("model", "vae"))
    graph.page.mouse.move(*before)
    graph.page.mouse.wheel(0, -200)
    after = graph.hands.point(graph.hands.output("model", "vae"))

    assert graph.place["zoom"] > 0.8
    assert after == pytest.approx(before, abs=2)


def test_two_fingers_on_a_touchpad_pan(graph: Graph) -> None:
    # What follows a turn of a wheel at once is another turn of it.
    graph.page.wait_for_timeout(300)
    graph.page.mouse.wheel(14, 6)

    assert graph.place == pytest.approx({"x": 26, "y": 34, "zoom": 0.75})


def test_the_middle_button_pans(graph: Graph) -> None:
    x, y = graph.hands.on_canvas(0.5, 0.9)
    graph.hands.drag((x, y), (x + 60, y - 30), button="middle")

    assert graph.place == pytest.approx({"x": 100, "y": 10, "zoom": 0.75})


def test_space_and_a_drag_pan_and_open_no_palette(graph: Graph) -> None:
    x, y = graph.hands.on_canvas(0.5, 0.9)
    graph.page.mouse.click(x, y)
    graph.hands.drag((x, y), (x + 60, y - 30), keys=[" "])

    assert graph.place == pytest.approx({"x": 100, "y": 10, "zoom": 0.75})
    expect(graph.page.get_by_role("dialog")).to_have_count(0)


# ---- selecting ----


def test_a_click_selects_and_a_click_on_the_ground_selects_nothing(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("prompt"))
    one = graph.selected
    graph.page.mouse.click(*graph.hands.on_canvas(0.5, 0.95))

    assert (one, graph.selected) == ({"prompt"}, set())


def test_shift_and_a_click_select_beside(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("prompt"))
    graph.page.keyboard.down("Shift")
    graph.page.mouse.click(*graph.hands.title_of("size"))
    both = graph.selected
    graph.page.mouse.click(*graph.hands.title_of("prompt"))
    graph.page.keyboard.up("Shift")

    assert (both, graph.selected) == ({"prompt", "size"}, {"size"})


def test_a_marquee_selects_adds_with_shift_and_removes_with_control(graph: Graph) -> None:
    graph.hands.drag(graph.at(340, -30), graph.at(700, 600))
    drawn = graph.selected
    graph.hands.drag(graph.at(740, -30), graph.at(1500, 600), keys=["Shift"])
    added = graph.selected
    graph.hands.drag(graph.at(740, -30), graph.at(1100, 600), keys=["Control"])

    assert drawn == {"prompt", "size"}
    assert added == {"prompt", "size", "sample", "decode"}
    assert graph.selected == {"prompt", "size", "decode"}


def test_escape_takes_a_marquee_back(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("decode"))
    with graph.hands.dragging(graph.at(340, -30), graph.at(700, 600)):
        graph.hands.press("Escape")

    assert graph.selected == {"decode"}


# ---- moving ----


def test_dragging_a_title_moves_the_node_in_one_step(graph: Graph) -> None:
    x, y = graph.hands.title_of("decode")
    graph.hands.drag((x, y), (x + 90, y + 300))
    moved = graph.look("decode")["at"]
    graph.hands.press("ControlOrMeta+z")

    assert moved[0] == pytest.approx(1320, abs=9)
    assert moved[1] == pytest.approx(400, abs=9)
    assert graph.look("decode")["at"] == [1200, 0]


def test_escape_leaves_what_is_dragged_where_it_was(graph: Graph) -> None:
    x, y = graph.hands.title_of("decode")
    with graph.hands.dragging((x, y), (x + 90, y + 300)):
        graph.hands.press("Escape")

    assert graph.look("decode")["at"] == [1200, 0]
    assert graph.steps == []


def test_all_that_is_selected_moves(graph: Graph) -> None:
    graph.hands.press("ControlOrMeta+a")
    x, y = graph.hands.title_of("prompt")
    graph.hands.drag((x, y), (x + 37, y + 61))

    offsets = {
        (x - at[0], y - at[1])
        for node, (x, y) in ((name, graph.look(name)["at"]) for name in graph.nodes)
        for at in [TEXT_TO_IMAGE["view"]["nodes"][node]["at"]]
    }
    assert len(offsets) == 1
    assert graph.steps == ["step.move"]


def test_nodes_snap_to_the_lines_of_their_neighbours(graph: Graph) -> None:
    x, y = graph.hands.title_of("size")
    with graph.hands.dragging((x, y), (x + 300 + 2, y + 160)):
        guides = graph.inside("editor.gesture.peek().guides.map(({axis}) => axis)")

    assert "x" in guides
    assert graph.look("size")["at"][0] == 800


def test_a_pinned_node_stays(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("decode"))
    graph.hands.press("p")
    x, y = graph.hands.title_of("decode")
    graph.hands.drag((x, y), (x, y + 300))

    assert graph.look("decode") == {"at": [1200, 0], "pinned": True}


def test_a_drag_with_control_duplicates(graph: Graph) -> None:
    x, y = graph.hands.title_of("decode")
    graph.hands.drag((x, y), (x, y + 330), keys=["Control"])

    assert set(graph.nodes) - set(TEXT_TO_IMAGE["nodes"]) == {"decode_2"}
    assert graph.nodes["decode_2"] == graph.nodes["decode"]
    assert graph.look("decode")["at"] == [1200, 0]
    assert graph.look("decode_2")["at"][1] > 300
    assert (graph.selected, graph.steps) == ({"decode_2"}, ["step.duplicate"])


def test_a_drag_with_alt_pulls_out_and_wires_heal(graph: Graph) -> None:
    x, y = graph.hands.title_of("sample")
    graph.hands.drag((x, y), (x, y + 300), keys=["Alt"])

    assert graph.given("decode", "latent") == {"from": "size.latent"}
    assert graph.nodes["sample"]["inputs"] == {"steps": 4}
    assert graph.steps == ["step.pull-out"]


def test_escape_takes_a_duplicate_back(graph: Graph) -> None:
    x, y = graph.hands.title_of("decode")
    with graph.hands.dragging((x, y), (x, y + 330), keys=["Control"]):
        graph.hands.press("Escape")

    assert set(graph.nodes) == set(TEXT_TO_IMAGE["nodes"])
    assert graph.steps == []


def test_the_edge_of_a_node_changes_its_width(graph: Graph) -> None:
    box = graph.hands.node("sample").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 1, box["y"] + box["height"] - 10
    graph.hands.drag((x, y), (x + 75, y))

    assert graph.look("sample")["width"] == pytest.approx(box["width"] / 0.75 + 100, abs=9)
    assert graph.steps == ["step.resize"]


# ---- links ----


def test_a_link_is_dragged_from_an_output_to_an_input(graph: Graph) -> None:
    graph.hands.link(("prompt", "conditioning"), ("sample", "negative"))

    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}
    assert graph.steps == ["step.connect"]


def test_a_link_is_dragged_from_an_input_to_an_output(graph: Graph) -> None:
    graph.hands.drag(graph.hands.input("sample", "negative"), graph.hands.output("prompt", "conditioning"))

    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}


def test_only_sockets_that_fit_are_lit_while_a_link_is_dragged(graph: Graph) -> None:
    with graph.hands.dragging(graph.hands.output("prompt", "conditioning"), graph.at(750, 560)):
        lit = [each.get_attribute("data-socket") for each in graph.page.locator("button.socket.lit").all()]
        graph.hands.press("Escape")

    assert sorted(map(str, lit)) == ["in:negative", "in:positive"]
    expect(graph.page.locator(".layer.linking")).to_have_count(0)


def test_a_link_snaps_to_the_nearest_socket_that_fits(graph: Graph) -> None:
    x, y = graph.hands.point(graph.hands.input("sample", "negative"))
    graph.hands.drag(graph.hands.output("prompt", "conditioning"), (x - 25, y + 8))

    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}


def test_a_link_that_is_dropped_on_a_node_takes_the_socket_that_fits(graph: Graph) -> None:
    x, y = graph.hands.title_of("sample")
    graph.hands.drag(graph.hands.output("prompt", "conditioning"), (x + 60, y))

    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}


def test_a_link_that_is_dropped_on_the_ground_offers_what_fits_and_links_it(graph: Graph) -> None:
    graph.hands.drag(graph.hands.output("decode", "image"), graph.at(1000, 520))
    search = graph.page.get_by_role("dialog", name="Search nodes for Image")
    expect(search.get_by_role("option").first).to_be_visible()
    graph.choose("invert")

    added = set(graph.nodes) - set(TEXT_TO_IMAGE["nodes"])
    assert added == {"invert"}
    assert {"from": "decode.image"} in graph.nodes["invert"]["inputs"].values()
    assert (graph.steps, graph.selected) == (["step.add"], added)


def test_the_end_of_a_link_is_picked_up_and_dropped_on_the_ground(graph: Graph) -> None:
    graph.hands.drag(graph.hands.input("decode", "vae"), graph.at(1000, 520))

    assert graph.given("decode", "vae") is None
    assert graph.steps == ["step.disconnect"]
    expect(graph.page.get_by_role("dialog")).to_have_count(0)


def test_the_end_of_a_link_is_moved_to_another_input(graph: Graph) -> None:
    graph.hands.drag(graph.hands.input("sample", "positive"), graph.hands.input("sample", "negative"))

    assert graph.given("sample", "positive") is None
    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}
    assert graph.steps == ["step.move-links"]


def test_all_links_of_an_output_move_to_another(graph: Graph) -> None:
    document = deepcopy(TEXT_TO_IMAGE)
    document["nodes"]["other"] = deepcopy(document["nodes"]["model"])
    document["view"]["nodes"]["other"] = {"at": [0, 300]}
    graph.show(document)

    graph.hands.drag(
        graph.hands.output("model", "model"), graph.hands.output("other", "model"), keys=["Shift"]
    )

    assert [graph.given(node, "model") for node in ("size", "sample")] == [{"from": "other.model"}] * 2
    assert graph.steps == ["step.move-links"]


def test_a_refused_link_says_why_at_the_pointer(graph: Graph) -> None:
    with graph.hands.dragging(graph.hands.output("model", "vae"), graph.hands.input("sample", "positive")):
        expect(graph.page.locator(".hands-hint")).to_have_text("vae does not fit conditioning.")

    assert graph.given("sample", "positive") == {"from": "prompt.conditioning"}
    expect(graph.page.locator(".hands-hint")).to_be_hidden()


def test_a_circle_is_refused(graph: Graph) -> None:
    graph.hands.link(("decode", "image"), ("size", "model"))

    assert graph.steps == []


def test_a_refused_link_offers_the_node_that_converts(graph: Graph) -> None:
    document = deepcopy(TEXT_TO_IMAGE)
    document["nodes"]["picture"] = {"type": "image.empty", "version": 1, "inputs": {}}
    document["view"]["nodes"]["picture"] = {"at": [0, 400]}
    graph.show(document)

    graph.hands.link(("picture", "image"), ("sample", "latent"))
    graph.page.get_by_role("menuitem", name="Encode latent").click()

    assert graph.given("sample", "latent") == {"from": "encode.latent"}
    assert graph.given("encode", "image") == {"from": "picture.image"}
    assert graph.steps == ["step.convert"]


def test_a_click_on_a_socket_and_a_click_on_another_link_them(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.point(graph.hands.output("prompt", "conditioning")))
    graph.page.mouse.click(*graph.hands.point(graph.hands.input("sample", "negative")))

    assert graph.given("sample", "negative") == {"from": "prompt.conditioning"}


# ---- wires ----


def test_a_wire_is_selected_by_a_click_and_cut_by_delete(graph: Graph) -> None:
    graph.page.mouse.click(*graph.middle(*POSITIVE))
    graph.hands.press("Delete")

    assert graph.given("sample", "positive") is None
    assert graph.steps == ["step.disconnect"]


def test_a_double_click_on_a_wire_adds_a_dot_that_is_dragged_and_removed(graph: Graph) -> None:
    middle = graph.middle(*POSITIVE)
    graph.page.mouse.dblclick(*middle)
    [[added]] = graph.document["view"]["routes"].values()
    graph.hands.drag(middle, (middle[0], middle[1] + 150))
    [[moved]] = graph.document["view"]["routes"].values()
    graph.page.mouse.dblclick(*graph.at(*moved))

    assert moved[1] - added[1] == pytest.approx(200, abs=9)
    assert graph.document["view"].get("routes", {}) == {}
    assert graph.steps == ["step.add-dot", "step.move-dot", "step.remove-dot"]


@pytest.mark.parametrize(("key", "button"), [("y", "left"), ("Control", "right")])
def test_a_stroke_of_the_knife_cuts_wires(graph: Graph, key: str, button: str) -> None:
    x, y = graph.middle(*POSITIVE)
    graph.hands.drag((x, y - 60), (x, y + 60), keys=[key], button=button)

    assert graph.given("sample", "positive") is None
    assert graph.steps == ["step.disconnect"]
    expect(graph.page.get_by_role("menu")).to_have_count(0)


def test_a_node_that_is_dropped_on_a_wire_is_put_into_it(graph: Graph) -> None:
    document = deepcopy(TEXT_TO_IMAGE)
    document["nodes"]["repeat"] = {"type": "latent.repeat", "version": 1, "inputs": {}}
    document["view"]["nodes"]["repeat"] = {"at": [1200, 400]}
    graph.show(document)

    with graph.hands.dragging(graph.hands.title_of("repeat"), graph.middle(*LATENT)):
        over = graph.inside("editor.gesture.peek().over")

    assert over == "decode.latent"
    assert graph.given("repeat", "latent") == {"from": "sample.latent"}
    assert graph.given("decode", "latent") == {"from": "repeat.latent"}
    assert graph.steps == ["step.insert"]


# ---- opening ----


def test_a_double_click_on_the_ground_searches_nodes_and_shows_their_help(graph: Graph) -> None:
    graph.page.mouse.dblclick(*graph.at(800, 520))
    search = graph.page.get_by_role("dialog", name="Search nodes")
    search.get_by_role("combobox").fill("image.blur")
    expect(search.get_by_role("complementary")).to_contain_text("Blur pictures.")
    graph.choose("image.blur")

    [added] = set(graph.nodes) - set(TEXT_TO_IMAGE["nodes"])
    assert graph.nodes[added]["type"] == "image.blur"
    assert graph.look(added)["at"] == pytest.approx([800, 520], abs=9)


def test_a_double_click_on_a_title_renames(graph: Graph) -> None:
    graph.page.mouse.dblclick(*graph.hands.title_of("decode"))
    graph.page.get_by_role("dialog").get_by_role("textbox").fill("Develop")
    graph.page.get_by_role("dialog").get_by_role("button", name="Rename").click()

    expect(graph.hands.titled("Develop")).to_be_visible()


def test_a_node_is_replaced_and_keeps_its_links(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("sample"))
    graph.page.mouse.click(*graph.hands.title_of("sample"), button="right")
    graph.page.get_by_role("menuitem", name="Replace the node").click()
    graph.choose("latent.sample_steps")

    assert graph.nodes["sample"]["type"] == "latent.sample_steps"
    assert graph.given("sample", "positive") == {"from": "prompt.conditioning"}
    assert graph.given("decode", "latent") == {"from": "sample.latent"}
    assert graph.steps == ["step.replace"]


# ---- menus ----


def test_the_menu_of_a_socket_makes_it_an_output_of_the_workflow(graph: Graph) -> None:
    socket = graph.hands.point(graph.hands.output("sample", "latent"))
    graph.page.mouse.click(*socket, button="right")
    graph.page.get_by_role("menuitem", name="Make it an output of the workflow").click()
    exposed = graph.document["outputs"]
    graph.page.mouse.click(*socket, button="right")
    graph.page.get_by_role("menuitem", name="No longer an output of the workflow").click()

    assert exposed == {"latent": {"from": "sample.latent"}}
    assert graph.document["outputs"] == {}


def test_the_menu_of_a_wire_puts_a_node_into_it(graph: Graph) -> None:
    graph.page.mouse.click(*graph.middle(*LATENT), button="right")
    graph.page.get_by_role("menuitem", name="Insert a node").click()
    graph.choose("repeat")

    assert graph.given("decode", "latent") == {"from": "repeat.latent"}


def test_the_menu_of_a_node_switches_it_off(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("decode"), button="right")
    graph.page.get_by_role("menuitem", name="Switch off").click()

    assert graph.nodes["decode"]["mode"] == "off"


def test_the_menu_of_the_ground_adds_a_note(graph: Graph) -> None:
    graph.page.mouse.click(*graph.at(800, 520), button="right")
    graph.page.get_by_role("menuitem", name="Add a note").click()

    assert len(graph.document["view"]["notes"]) == 1


def test_nodes_are_painted_by_the_menu_of_colours(graph: Graph) -> None:
    graph.page.mouse.click(*graph.hands.title_of("decode"), button="right")
    graph.page.get_by_role("menuitem", name="Colour").click()
    graph.page.get_by_role("menuitemcheckbox", name="Teal").click()

    assert graph.look("decode")["color"] == "teal"


# ---- frames ----


def test_a_frame_is_put_around_nodes_carries_them_and_is_resized(graph: Graph) -> None:
    graph.hands.drag(graph.at(340, -30), graph.at(700, 600))
    graph.hands.press("ControlOrMeta+g")
    graph.page.get_by_role("dialog").get_by_role("textbox").fill("Prompts")
    graph.hands.press("Enter")
    expect(graph.page.get_by_role("dialog")).to_have_count(0)
    [frame] = graph.document["view"]["frames"]
    x, y = graph.at(frame["at"][0] + 60, frame["at"][1] + 12)
    graph.hands.drag((x, y), (x, y + 120))
    [moved] = graph.document["view"]["frames"]
    across, down = (moved["at"][axis] + moved["size"][axis] - 6 for axis in (0, 1))
    corner = graph.at(across, down)
    graph.hands.drag(corner, (corner[0] + 30, corner[1] + 30))
    [resized] = graph.document["view"]["frames"]

    assert frame["title"] == "Prompts"
    way = moved["at"][1] - frame["at"][1]
    assert way > 100
    assert [graph.look(node)["at"][1] for node in ("prompt", "size")] == [way, 288 + way]
    assert resized["size"][0] - frame["size"][0] == pytest.approx(40, abs=9)
    assert graph.look("sample")["at"] == [800, 0]
