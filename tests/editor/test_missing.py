"""What a workflow asks for and is not there: the problem says what, and brings it where that can be done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from editor.hands import Hands
from editor.test_documents import drop
from live_server import LiveServer
from playwright.sync_api import expect
from server.jobs.stand_in_hub import StandInHub, safetensors
from server.web.files.test_model_routes import listening, serving

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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server with a hub of its own, and none of the models that the hub has."""
    hub = StandInHub({"owner/model": {"wanted.safetensors": safetensors()}})
    with listening(hub), serving(tmp_path, hub.url) as server:
        server.wait_until_ready()
        yield server


def open_with(hands: Hands, type: str, **inputs: str) -> None:
    """Open a workflow of one node, and the list of its problems."""
    document = {"weft": 1, "nodes": {"only": {"type": type, "version": 1, "inputs": inputs}}}
    drop(hands, "file.json", "application/json", json.dumps(document).encode())
    expect(hands.node("only")).to_be_visible()
    hands.page.get_by_role("navigation", name="Panels").get_by_role("button", name="Problems").click()


def test_a_missing_model_is_loaded_from_where_its_user_says(editor: Hands) -> None:
    open_with(editor, "toys:model.use", model="wanted.safetensors")

    editor.button("Get wanted.safetensors…").click()
    dialog = editor.page.get_by_role("dialog", name="Get wanted.safetensors")
    place = dialog.get_by_role("textbox")
    place.fill("https://elsewhere.example/wanted.safetensors")
    expect(dialog.get_by_role("alert")).to_contain_text("neither owner/model nor an address")
    place.fill("owner/other")
    dialog.get_by_role("button", name="Download").click()
    expect(dialog.get_by_role("alert")).to_contain_text("owner/other")
    place.fill("owner/model")
    dialog.get_by_role("button", name="Download").click()
    expect(dialog.get_by_text("Loaded: wanted.safetensors")).to_be_visible()
    dialog.get_by_role("button", name="Close").first.click()

    expect(editor.page.get_by_text("Nothing is wrong.")).to_be_visible()


def test_a_missing_pack_is_named_and_found_once_it_is_there(editor: Hands, server: LiveServer) -> None:
    open_with(editor, "watercolor:paint.wash")
    expect(editor.page.get_by_text("The pack “watercolor” is not installed.")).to_be_visible()

    place = server.folder / "custom_nodes" / "watercolor.py"
    place.write_text("import nowhere_to_be_found\n")
    editor.button("Reload packs").click()
    expect(editor.page.get_by_text("The pack “watercolor” is there, but did not load")).to_be_visible()
    place.write_text(WASH)
    editor.button("Reload packs").click()

    expect(editor.page.get_by_text("Nothing is wrong.")).to_be_visible()
