"""Strengths of a LoRA: each is a picture, the first is without it, and no order is sampled again."""

from weft.errors import JSON
from workflow_runs import Desk, picture, pictures, ran

VALUES: dict[str, JSON] = {
    "prompt": "a large purple triangle on a white background",
    "seed": 3,
    "steps": 2,
    "guidance_scale": 2.0,
}


def test_each_strength_is_a_picture_and_none_is_the_one_without_the_lora(starter: Desk) -> None:
    result = starter.run("lora-strengths", **VALUES, strengths="0, 1")

    none, full = (image.pixels_BHWC for image in pictures(result))
    alone = picture(starter.run("text-to-image", **VALUES)).pixels_BHWC
    assert float((none - alone).abs().max()) < 1e-4
    assert float((full - alone).abs().max()) > 0.01
    assert "sample" not in ran(starter.run("lora-strengths", **VALUES, strengths="1, 0"))
