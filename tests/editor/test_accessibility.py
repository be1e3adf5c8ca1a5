"""For everybody: nothing serious that axe finds, a focus that is seen, words in one's own language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from editor.axe import violations
from editor.hands import Hands
from playwright.sync_api import Page, expect

LOCALES = Path(__file__).resolve().parents[2] / "frontend" / "locales"

THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def palette(editor: Hands, command: str) -> None:
    """Run a command by its title in the command palette."""
    editor.press("ControlOrMeta+k")
    editor.page.get_by_role("combobox", name="Search commands").fill(command)
    editor.press("Enter")


def seen(page: Page) -> Any:
    """Whether the element that has the focus shows it, by its outline or by what it draws; and its name."""
    return page.evaluate(
        """() => {
            const element = document.activeElement;
            const style = getComputedStyle(element);
            return {
                isBody: element === document.body,
                name: element.ariaLabel || element.textContent.trim().slice(0, 40) || element.id,
                isSeen: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) ||
                    getComputedStyle(element, "::after").backgroundColor !== "rgba(0, 0, 0, 0)",
            };
        }"""
    )


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_serious_in_dialogs_lists_and_fields(
    editor: Hands, theme: Literal["dark", "light"]
) -> None:
    editor.page.emulate_media(color_scheme=theme)
    editor.open_template("Text to image")
    expect(editor.page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
    found: dict[str, list[str]] = {}

    for command in ("Keys", "Settings"):
        palette(editor, command)
        expect(editor.page.get_by_role("dialog", name=command)).to_be_visible()
        found[command] = violations(editor.page, "dialog[open]")
        editor.press("Escape")
    editor.field("sample", "Sampler").click()
    listbox = editor.page.get_by_role("listbox", name="Sampler")
    expect(listbox).to_be_visible()
    found["list"] = violations(editor.page, listbox) + violations(editor.page, editor.node("sample"))
    editor.press("Escape")
    editor.field("sample", "Steps").fill("4000")
    editor.press("Enter")
    found["problem"] = violations(editor.page, editor.node("sample"))

    assert {place: faults for place, faults in found.items() if faults} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_focus_is_seen_wherever_the_tab_key_goes(editor: Hands, theme: Literal["dark", "light"]) -> None:
    editor.page.emulate_media(color_scheme=theme)
    editor.open_template("Text to image")
    unseen = []
    visited = set()

    for _ in range(60):
        editor.press("Tab")
        focus = seen(editor.page)
        visited.add(focus["name"])
        if not focus["isBody"] and not focus["isSeen"]:
            unseen.append(focus["name"])

    assert unseen == []
    assert len(visited) > 15


def test_the_theme_and_the_language_are_kept_for_the_next_visit(editor: Hands) -> None:
    editor.open_template("Text to image")
    palette(editor, "Settings")
    editor.page.get_by_label("Theme").select_option("light")
    editor.page.get_by_label("Language").select_option("de")
    expect(editor.page.get_by_role("dialog", name="Einstellungen")).to_be_visible()

    editor.page.reload()

    expect(editor.page.locator('html[lang="de"][data-theme="light"]')).to_be_attached()
    expect(editor.page.get_by_role("button", name="Ausführen").first).to_be_visible()


def test_no_english_word_is_left_when_the_language_is_german(editor: Hands) -> None:
    english, german = (json.loads((LOCALES / f"{name}.json").read_text()) for name in ("en", "de"))
    told = {text for key, text in english.items() if text != german[key]} - set(german.values())
    editor.open_template("Text to image")
    palette(editor, "Settings")
    editor.page.get_by_label("Language").select_option("de")
    editor.press("Escape")

    shown = editor.page.evaluate(
        # Sockets are called as the server calls them.
        """() => [...document.querySelectorAll("body *:not(article .label)")].flatMap((element) => [
            ...[...element.childNodes].filter(({nodeType}) => nodeType === 3).map(({data}) => data.trim()),
            element.ariaLabel, element.getAttribute("data-tip"), element.getAttribute("placeholder"),
        ]).filter(Boolean)"""
    )

    assert sorted(set(shown) & told) == []


def test_keys_are_changed_and_taken_from_another_command(editor: Hands) -> None:
    editor.open_template("Text to image")
    palette(editor, "Keys")
    sheet = editor.page.get_by_role("dialog", name="Keys")

    sheet.get_by_role("button", name="Swap dark and light").click()
    editor.press("ControlOrMeta+k")
    expect(sheet.get_by_role("alert")).to_contain_text("Command palette")
    sheet.get_by_role("button", name="Take over").click()
    editor.press("Escape")
    editor.press("ControlOrMeta+k")

    expect(editor.page.locator('html[data-theme="light"]')).to_be_attached()


def test_letters_run_no_command_while_a_text_is_typed(editor: Hands) -> None:
    editor.open_template("Text to image")
    expect(editor.nodes).to_have_count(6)
    prompt = editor.page.get_by_role("textbox", name="Text", exact=True).first

    prompt.fill("")
    prompt.press_sequentially("a?tpcf")
    editor.press("Backspace", "Delete")

    expect(prompt).to_have_value("a?tpc")
    expect(editor.page.get_by_role("dialog")).to_have_count(0)
    expect(editor.nodes).to_have_count(6)
