"""The list of models shows each with its picture and with what is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from editor.hands import Hands
from editor.test_documents import drop
from live_server import LiveServer
from playwright.sync_api import expect
from server.jobs.stand_in_hub import safetensors
from server.web.files.test_model_routes import serving
from weft.pictures import encode_png


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server with a model that has a picture beside it, and others that have none."""
    models = tmp_path / "models"
    models.mkdir()
    for name in ("ink", "plain"):
        (models / f"{name}.safetensors").write_bytes(safetensors())
    (models / "ink.preview.png").write_bytes(encode_png(np.full((60, 60, 3), 200, np.uint8)))
    with serving(tmp_path) as server:
        server.wait_until_ready()
        yield server


def test_a_model_is_picked_by_its_picture_family_and_size(editor: Hands) -> None:
    inputs = {"model": "shipped"}
    document = {"weft": 1, "nodes": {"only": {"type": "toys:model.use", "version": 1, "inputs": inputs}}}
    drop(editor, "file.json", "application/json", json.dumps(document).encode())
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
