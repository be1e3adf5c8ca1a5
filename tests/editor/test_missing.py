"""Models and packs that a workflow asks for: the list shows those there are; what is missing is brought."""

from __future__ import annotations

import json
from collections.abc import Iterator
from secrets import token_hex

import numpy as np
import pytest
from editor.hands import Hands
from editor.test_documents import drop
from live_server import LiveServer
from playwright.sync_api import expect
from server.jobs.stand_in_hub import StandInHub, safetensors
from server.web.files.test_model_routes import listening, serving
from weft.pictures import encode_png

WASH = '''"""A pack that comes late."""

from weft.sdk import node


@node("paint.wash", output="text")
def wash(text: str = "thin") -> str:
    """Wash a word.

    Args:
        text: The word.
    """
    return text
'''


@pytest.fixture(scope="module")
def hub() -> Iterator[StandInHub]:
    """A hub of models."""
    with listening(StandInHub({"owner/model": {}})) as hub:
        yield hub


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hub: StandInHub) -> Iterator[LiveServer]:
    """A server with a model that has a picture beside it, one that has none, and none of those of its hub."""
    folder = tmp_path_factory.mktemp("models")
    models = folder / "models"
    models.mkdir()
    for name in ("ink", "plain"):
        (models / f"{name}.safetensors").write_bytes(safetensors())
    (models / "ink.preview.png").write_bytes(encode_png(np.full((60, 60, 3), 200, np.uint8)))
    with serving(folder, hub.url) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture
def editor(cleared: Hands) -> Hands:
    """The editor that the tests of this page share."""
    return cleared


def open_with(hands: Hands, type: str, **inputs: str) -> None:
    """Open a workflow of one node."""
    document = {"weft": 1, "nodes": {"only": {"type": type, "version": 1, "inputs": inputs}}}
    drop(hands, "file.json", "application/json", json.dumps(document).encode())
    expect(hands.node("only")).to_be_visible()


def open_problems(hands: Hands) -> None:
    """Open the list of problems."""
    hands.page.get_by_role("navigation", name="Panels").get_by_role("button", name="Problems").click()


def test_a_model_is_picked_by_its_picture_family_and_size(editor: Hands) -> None:
    open_with(editor, "toys:model.use", model="shipped")
    editor.field("only", "Model").click()

    ink = editor.page.get_by_role("option", name="ink.safetensors")
    expect(ink).to_contain_text("toy")
    picture = ink.locator("img")
    expect(picture).to_be_visible()
    picture.evaluate("image => image.decode()")
    plain = editor.page.get_by_role("option", name="plain.safetensors")
    expect(plain.locator("img")).to_have_count(0)
    ink.click()

    expect(editor.field("only", "Model")).to_have_text("ink.safetensors")


def test_a_missing_model_is_loaded_from_where_its_user_says(editor: Hands, hub: StandInHub) -> None:
    # What one try has loaded, the next would not miss.
    wanted = f"wanted-{token_hex(2)}.safetensors"
    hub.repos["owner/model"][wanted] = safetensors()
    open_with(editor, "toys:model.use", model=wanted)
    open_problems(editor)

    editor.button(f"Get {wanted}…").click()
    dialog = editor.page.get_by_role("dialog", name=f"Get {wanted}")
    place = dialog.get_by_role("textbox")
    place.fill(f"https://elsewhere.example/{wanted}")
    expect(dialog.get_by_role("alert")).to_contain_text("neither owner/model nor an address")
    place.fill("owner/other")
    dialog.get_by_role("button", name="Download").click()
    expect(dialog.get_by_role("alert")).to_contain_text("owner/other")
    place.fill("owner/model")
    dialog.get_by_role("button", name="Download").click()
    expect(dialog.get_by_text(f"Loaded: {wanted}")).to_be_visible()
    dialog.get_by_role("button", name="Close").first.click()

    expect(editor.page.get_by_text("Nothing is wrong.")).to_be_visible()


def test_a_missing_pack_is_named_and_found_once_it_is_there(editor: Hands, server: LiveServer) -> None:
    pack = f"watercolor{token_hex(2)}"
    open_with(editor, f"{pack}:paint.wash")
    open_problems(editor)
    expect(editor.page.get_by_text(f"The pack “{pack}” is not installed.")).to_be_visible()

    place = server.folder / "custom_nodes" / f"{pack}.py"
    place.write_text("import nowhere_to_be_found\n")
    editor.button("Reload packs").click()
    expect(editor.page.get_by_text(f"The pack “{pack}” is there, but did not load")).to_be_visible()
    place.write_text(WASH)
    editor.button("Reload packs").click()

    expect(editor.page.get_by_text("Nothing is wrong.")).to_be_visible()
