"""Painting beyond the edges: the picture grows by the room asked for, and the old one stays as it was."""

import torch
from workflow_runs import Desk, picture, seen_in, shown, size, small


def test_the_old_picture_lies_unchanged_in_the_larger_one(tiny: Desk) -> None:
    result = tiny.run("outpaint", **small({"left": 16, "top": 24, "right": 8, "bottom": 32}))

    image, drawing = picture(result), picture(result, "drawing")
    assert size(image) == (128 + 24, 64 + 56, 1)
    assert torch.equal(image.pixels_BHWC[:, 24 : 24 + 64, 16 : 16 + 128], drawing.pixels_BHWC)


def test_what_the_prompt_asks_for_appears_in_the_room(starter: Desk) -> None:
    result = starter.run("outpaint", steps=10)

    objects = sorted(seen_in(picture(result)).objects, key=lambda seen: seen.y)
    assert [(seen.colour, seen.shape) for seen in objects] == [("green", "circle"), ("purple", "heart")]
    assert objects[1].y > 64
    assert len(shown(seen_in(picture(result, "drawing")))) == 1
