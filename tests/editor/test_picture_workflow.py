"""Pictures that the server writes open in the browser as the workflows they carry."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from editor.hands import Hands
from weft.pictures import encode_jpeg, encode_png, encode_webp

PIXELS = np.zeros((3, 5, 3), dtype=np.uint8)
DOCUMENT: dict[str, Any] = {
    "weft": 1,
    "title": "Straße 🖌",
    "inputs": {},
    "outputs": {},
    "nodes": {"text": {"type": "text.value", "version": 1, "inputs": {"text": "a red circle"}}},
}
LARGE = {**DOCUMENT, "description": "word " * 300_000}
"""Too long for the server to compress it."""

READ = """async ([base, text]) => {
  const { readWorkflow } = await import(`${base}model/picture_workflow.js`);
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return await readWorkflow(new Blob([bytes]));
}"""


def opened(desk: Hands, modules: str, file: bytes) -> Any:
    """What a file opens as."""
    return desk.page.evaluate(READ, [modules, base64.b64encode(file).decode()])


@pytest.mark.parametrize("write", [encode_png, encode_jpeg, encode_webp])
@pytest.mark.parametrize("document", [DOCUMENT, LARGE], ids=["small", "large"])
def test_a_picture_opens_as_the_workflow_it_was_written_with(
    desk: Hands, modules: str, write: Callable[..., bytes], document: dict[str, Any]
) -> None:
    file = write(PIXELS, provenance={"weft": document, "workflow": "street", "seeds": {}})

    assert opened(desk, modules, file) == document


@pytest.mark.parametrize("write", [encode_png, encode_jpeg, encode_webp])
def test_a_picture_without_a_workflow_opens_as_none(
    desk: Hands, modules: str, write: Callable[..., bytes]
) -> None:
    assert opened(desk, modules, write(PIXELS)) is None
    assert opened(desk, modules, write(PIXELS, provenance={"seeds": {"a": 1}})) is None
