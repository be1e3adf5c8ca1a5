"""The images dialect takes what it can honour, and nothing that it would have to forget."""

from typing import Any

import pytest
from pydantic import ValidationError
from weft.web.images.images_wire import GenerationsRequest


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"n": 10, "size": "1024x1024", "response_format": "url", "seed": 2**63 - 1},
        {"size": "auto", "quality": "auto", "background": "auto", "moderation": "auto", "stream": False},
        {"model": "gpt-image-1", "user": "somebody", "output_format": "png", "n": None},
    ],
)
def test_what_can_be_honoured_is_taken(given: dict[str, Any]) -> None:
    assert GenerationsRequest.model_validate({"prompt": "a red circle", **given}).prompt == "a red circle"


@pytest.mark.parametrize(
    "given",
    [
        {"n": 0},
        {"n": 11},
        {"n": "2"},
        {"n": True},
        {"size": "512"},
        {"size": "0x512"},
        {"size": "512X512"},
        {"size": "512x512\n"},
        {"quality": "hd"},
        {"style": "vivid"},
        {"background": "transparent"},
        {"output_format": "webp"},
        {"output_compression": 50},
        {"stream": True},
        {"partial_images": 2},
        {"moderation": "low"},
        {"seed": -1},
        {"seed": 2**63},
        {"prompt": ""},
        {"prompt": "x" * 32_001},
    ],
)
def test_what_cannot_be_honoured_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GenerationsRequest.model_validate({"prompt": "a red circle", **given}, strict=True)
