"""A workflow as a form: on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from editor.hands import Hands
from editor.profiles import fresh_profile
from editor.witness import Witness
from live_server import LiveServer
from playwright.sync_api import Browser, Locator, expect


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


@pytest.fixture
def phone(browser: Browser, server: LiveServer) -> Iterator[Hands]:
    """The editor on a phone."""
    context = fresh_profile(browser, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    hands = Hands(context.new_page(), server)
    hands.open()
    yield hands
    context.close()
    assert Witness.of(context).unexpected() == []


def form(hands: Hands) -> Locator:
    """The inputs of the workflow."""
    return hands.page.get_by_role("region", name="Form", exact=True)


def results(hands: Hands) -> Locator:
    """What came of it."""
    return hands.page.get_by_role("region", name="Results", exact=True).last


def test_a_form_makes_the_picture_that_the_graph_makes(template: Hands) -> None:
    template.button("Form").click()
    form(template).get_by_label("Prompt", exact=True).fill("a large blue diamond")

    with template.run() as job:
        form(template).get_by_role("button", name="Run", exact=True).click()

    expect(results(template).get_by_role("img", name="Result")).to_be_visible()
    assert len(job["outputs"]) == 1
    template.button("Graph").click()
    expect(template.field("positive", "Text")).to_have_value("a large blue diamond")
    expect(template.picture("decode")).to_be_visible()


def test_what_the_form_asks_for_is_picked_and_put_in_order(template: Hands) -> None:
    template.button("Form").click()
    form(template).get_by_text("Choose inputs and results").click()
    titles = form(template).get_by_label("Title of")
    before = titles.count()

    form(template).get_by_role("button", name="Move Negative prompt up").click()
    expect(titles.first).to_have_value("Negative prompt")
    form(template).get_by_role("button", name="Remove Prompt", exact=True).click()
    expect(titles).to_have_count(before - 1)
    form(template).get_by_role("button", name="Add an input").click()
    template.page.get_by_role("menuitem", name="Denoise").click()

    expect(form(template).get_by_label("Denoise", exact=True).first).to_be_visible()
    template.press("ControlOrMeta+z", "ControlOrMeta+z", "ControlOrMeta+z")
    expect(titles.first).to_have_value("Prompt")


def test_a_problem_stands_in_the_form(editor: Hands) -> None:
    editor.open_template("Edit an image")
    editor.button("Form").click()

    expect(form(editor).get_by_role("alert").last).not_to_be_empty()


def test_a_phone_begins_with_forms_scrolls_not_sideways_and_shows_the_picture(phone: Hands) -> None:
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    phone.page.get_by_role("button", name="Text to image").first.tap()
    form(phone).get_by_label("Prompt", exact=True).fill("a small yellow square on a navy background")

    with phone.run():
        form(phone).get_by_role("button", name="Run", exact=True).tap()

    picture = results(phone).get_by_role("img", name="Result")
    expect(picture).to_be_in_viewport()
    bar = phone.page.get_by_role("navigation", name="Panels")
    bar.get_by_role("button", name="Outline").tap()
    expect(phone.page.get_by_role("region", name="Outline", exact=True)).to_be_visible()
    bar.get_by_role("button", name="Gallery").tap()
    expect(phone.page.get_by_role("region", name="Gallery").get_by_role("listitem").first).to_be_visible()
    bar.get_by_role("button", name="Graph").tap()
    expect(phone.canvas).to_be_visible()
