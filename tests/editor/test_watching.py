"""What is seen of a run while it goes on, and that an undo takes none of it away."""

from __future__ import annotations

import re

from editor.hands import Hands
from live_server import eventually
from playwright.sync_api import expect


def test_a_node_shows_its_steps_and_its_unfinished_picture_while_it_runs(template: Hands) -> None:
    steps = template.field("sample", "Steps")
    steps.fill("200")
    steps.press("Enter")
    template.press("ControlOrMeta+Enter")
    sample = template.node("sample")

    expect(sample.get_by_role("img", name="Preview of Sample latent")).to_be_visible()
    expect(sample).to_contain_text(re.compile(r"\d+\s*/\s*200|Step \d+ of 200"))
    expect(sample).to_contain_text("left")
    template.button("Cancel run").click()
    eventually(lambda: template.newest_job()["state"] in {"cancelled", "succeeded"})


def test_an_undo_keeps_the_pictures_and_says_that_they_are_ready_again(template: Hands) -> None:
    with template.run():
        template.press("ControlOrMeta+Enter")
    expect(template.picture("decode")).to_be_visible()
    shown = template.picture("decode").get_attribute("src")

    guidance = template.field("sample", "Guidance scale")
    guidance.fill("5")
    guidance.press("Enter")
    expect(template.node("decode")).to_contain_text("Would run")
    expect(template.picture("decode")).to_be_visible()
    template.canvas.focus()
    template.press("ControlOrMeta+z")

    expect(template.node("decode")).not_to_contain_text("Would run")
    expect(template.picture("decode")).to_have_attribute("src", str(shown))
