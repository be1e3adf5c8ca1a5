"""What floats over the editor: menus, dialogs, messages, tooltips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from editor.hands import Hands
from playwright.sync_api import expect

PROBE = """async (what) => {
    const base = document.querySelector("script[type=module]").src.replace(/[^/]*$/, "");
    const { createUi } = await import(`${base}ui/ui.js`);
    const { html } = await import(`${base}ui/html.js`);
    const host = document.body.appendChild(document.createElement("div"));
    const ui = createUi(host);
    window.away = [...(window.away ?? []), () => (ui.destroy(), host.remove())];
    window.answers = [];
    const tell = (answer) => window.answers.push(answer);
    ({
        menu: () => ui.menu([100, 100], [
            { group: "Fruit" },
            { title: "Apple", run: () => tell("apple") },
            { title: "Banana", disabled: true, run: () => tell("banana") },
            { title: "Cherry", checked: true, run: () => tell("cherry") },
        ]),
        confirm: () => ui.confirm("Shall it be?", "Do it").then(tell),
        ask: () => ui.ask("A name", { check: (text) => text === "bad" ? "Not this one." : null }).then(tell),
        toast: () => {
            ui.dialog({ title: "Open", body: () => html`<p data-tip="More of it" tabindex="0">Words</p>` });
            ui.toast("Gone wrong", { kind: "error", action: { words: "Again", run: () => tell("again") } });
        },
    })[what]();
}"""


@pytest.fixture
def probe(cleared: Hands) -> Iterator[Any]:
    """Show one thing that floats, beside an editor."""
    cleared.open_empty()

    def show(what: str) -> Hands:
        cleared.page.evaluate(PROBE, what)
        return cleared

    yield show
    cleared.page.evaluate("(window.away ?? []).splice(0).forEach((put) => put())")


def test_a_menu_is_walked_by_arrows_and_first_letters_and_leaves_out_what_is_disabled(probe: Any) -> None:
    editor = probe("menu")
    expect(editor.page.get_by_role("menuitem", name="Apple")).to_be_focused()

    editor.press("ArrowDown")
    expect(editor.page.get_by_role("menuitemcheckbox", name="Cherry")).to_be_focused()
    editor.press("a")
    expect(editor.page.get_by_role("menuitem", name="Apple")).to_be_focused()
    editor.press("End", "Enter")

    expect(editor.page.get_by_role("menu")).to_have_count(0)
    assert editor.page.evaluate("answers") == ["cherry"]


def test_a_menu_closes_by_escape_and_by_a_press_elsewhere(probe: Any) -> None:
    editor = probe("menu")

    editor.press("Escape")
    expect(editor.page.get_by_role("menu")).to_have_count(0)
    probe("menu")
    editor.page.mouse.click(600, 400)

    expect(editor.page.get_by_role("menu")).to_have_count(0)
    assert editor.page.evaluate("answers") == []


def test_a_question_is_answered_and_escape_means_no(probe: Any) -> None:
    editor = probe("confirm")
    dialog = editor.page.get_by_role("dialog", name="Shall it be?")
    expect(dialog.get_by_role("button", name="Do it")).to_be_focused()

    editor.press("Enter")
    expect(dialog).to_have_count(0)
    assert editor.page.evaluate("answers") == [True]
    probe("confirm")
    editor.press("Escape")

    expect(dialog).to_have_count(0)
    assert editor.page.evaluate("answers") == [False]


def test_a_text_that_is_asked_for_is_checked_before_it_is_taken(probe: Any) -> None:
    editor = probe("ask")
    dialog = editor.page.get_by_role("dialog", name="A name")

    dialog.get_by_role("textbox").fill("bad")
    editor.press("Enter")
    expect(dialog.get_by_text("Not this one.")).to_be_visible()
    dialog.get_by_role("textbox").fill("good")
    editor.press("Enter")

    expect(dialog).to_have_count(0)
    assert editor.page.evaluate("answers") == ["good"]


def test_a_message_over_a_dialog_can_be_read_and_acted_on(probe: Any) -> None:
    editor = probe("toast")
    message = editor.page.get_by_role("alert").filter(has_text="Gone wrong")

    expect(message).to_be_visible()
    message.get_by_role("button", name="Again").click()

    expect(message).to_have_count(0)
    assert editor.page.evaluate("answers") == ["again"]


def test_a_tooltip_comes_up_for_the_pointer_and_for_the_keyboard_and_goes_by_escape(probe: Any) -> None:
    editor = probe("toast")
    words = editor.page.get_by_text("Words", exact=True)
    tooltip = editor.page.get_by_role("tooltip").filter(has_text="More of it")

    words.hover()
    expect(tooltip.first).to_be_visible()
    editor.page.mouse.move(5, 5)
    expect(tooltip.filter(visible=True)).to_have_count(0)
    editor.press("Tab", "Shift+Tab")
    words.focus()
    expect(tooltip.first).to_be_visible()


def test_the_command_palette_runs_what_is_found_by_typing(template: Hands) -> None:
    editor = template

    editor.press("ControlOrMeta+k")
    editor.page.get_by_role("combobox", name="Search commands").fill("swap dark")
    editor.press("Enter")

    expect(editor.page.locator('html[data-theme="light"]')).to_be_attached()
