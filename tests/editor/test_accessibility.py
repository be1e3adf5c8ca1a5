"""For everybody: nothing serious that axe finds, a focus that is seen, words in one's own language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from editor.axe import THEMES, violations
from editor.hands import Hands
from playwright.sync_api import Page, expect

LOCALES = Path(__file__).resolve().parents[2] / "frontend" / "locales"


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


@pytest.mark.parametrize(("theme", "only"), THEMES)
def test_axe_finds_nothing_serious_in_dialogs_lists_and_fields(
    template: Hands, theme: Literal["dark", "light"], only: str | None
) -> None:
    template.page.emulate_media(color_scheme=theme)
    expect(template.page.locator(f'html[data-theme="{theme}"]')).to_be_attached()
    found: dict[str, list[str]] = {}

    for command in ("Keys", "Settings"):
        palette(template, command)
        expect(template.page.get_by_role("dialog", name=command)).to_be_visible()
        found[command] = violations(template.page, "dialog[open]", only=only)
        template.press("Escape")
    template.field("sample", "Sampler").click()
    listbox = template.page.get_by_role("listbox", name="Sampler")
    expect(listbox).to_be_visible()
    found["list"] = violations(template.page, listbox, only=only)
    template.press("Escape")
    template.field("sample", "Steps").fill("4000")
    template.press("Enter")
    found["node with a problem"] = violations(template.page, template.node("sample"), only=only)

    assert {place: faults for place, faults in found.items() if faults} == {}


def test_the_focus_is_seen_wherever_the_tab_key_goes(template: Hands) -> None:
    unseen = []
    visited = set()

    for _ in range(60):
        template.press("Tab")
        focus = seen(template.page)
        visited.add(focus["name"])
        if not focus["isBody"] and not focus["isSeen"]:
            unseen.append(focus["name"])

    assert unseen == []
    assert len(visited) > 15


def test_nothing_moves_for_who_wants_no_motion(template: Hands) -> None:
    durations = template.page.evaluate(
        "[...document.querySelectorAll('*')].map((element) => getComputedStyle(element).transitionDuration)"
    )

    assert {duration for entry in durations for duration in entry.split(", ")} == {"0s"}


def test_the_theme_and_the_language_are_kept_for_the_next_visit(template: Hands) -> None:
    palette(template, "Settings")
    template.page.get_by_label("Theme").select_option("light")
    template.page.get_by_label("Language").select_option("de")
    expect(template.page.get_by_role("dialog", name="Einstellungen")).to_be_visible()

    template.page.reload()

    expect(template.page.locator('html[lang="de"][data-theme="light"]')).to_be_attached()
    expect(template.page.get_by_role("button", name="Ausführen").first).to_be_visible()


def test_no_english_word_is_left_when_the_language_is_german(template: Hands) -> None:
    english, german = (json.loads((LOCALES / f"{name}.json").read_text()) for name in ("en", "de"))
    told = {text for key, text in english.items() if text != german[key]} - set(german.values())
    palette(template, "Settings")
    template.page.get_by_label("Language").select_option("de")
    expect(template.page.locator('html[lang="de"]')).to_be_attached()
    expect(template.page.get_by_role("dialog", name="Einstellungen")).to_be_visible()
    template.press("Escape")
    expect(template.page.get_by_role("dialog")).to_have_count(0)

    shown = template.page.evaluate(
        # Sockets are called as the server calls them.
        """() => [...document.querySelectorAll("body *:not(article .label)")].flatMap((element) => [
            ...[...element.childNodes].filter(({nodeType}) => nodeType === 3).map(({data}) => data.trim()),
            element.ariaLabel, element.getAttribute("data-tip"), element.getAttribute("placeholder"),
        ]).filter(Boolean)"""
    )

    assert sorted(set(shown) & told) == []


def test_keys_are_changed_and_taken_from_another_command(template: Hands) -> None:
    palette(template, "Keys")
    sheet = template.page.get_by_role("dialog", name="Keys")

    sheet.get_by_role("button", name="Swap dark and light").click()
    template.press("ControlOrMeta+k")
    expect(sheet.get_by_role("alert")).to_contain_text("Command palette")
    sheet.get_by_role("button", name="Take over").click()
    template.press("Escape")
    template.press("ControlOrMeta+k")

    expect(template.page.locator('html[data-theme="light"]')).to_be_attached()


def test_letters_run_no_command_while_a_text_is_typed(template: Hands) -> None:
    expect(template.nodes).to_have_count(6)
    prompt = template.page.get_by_role("textbox", name="Text", exact=True).first

    prompt.fill("")
    prompt.press_sequentially("a?tpcf")
    template.press("Backspace", "Delete")

    expect(prompt).to_have_value("a?tpc")
    expect(template.page.get_by_role("dialog")).to_have_count(0)
    expect(template.nodes).to_have_count(6)
