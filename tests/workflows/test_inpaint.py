"""Inpainting a part: the prompt is painted inside the mask, and the rest stays as it was."""

import pytest
import torch
from workflow_runs import Desk, picture, ran, seen_in, shown, small


@pytest.mark.parametrize("edge", [0.5, 0.6])
def test_outside_the_mask_not_a_pixel_changes(tiny: Desk, edge: float) -> None:
    result = tiny.run("inpaint", **small({"left": edge}))

    image, drawing = picture(result).pixels_BHWC, picture(result, "drawing").pixels_BHWC
    first = round(128 * edge) - 1
    assert torch.equal(image[:, :, :first], drawing[:, :, :first])
    assert not torch.equal(image[:, :, first + 2 :], drawing[:, :, first + 2 :])


def test_another_mask_leaves_the_drawing_and_its_latent_as_they_were(tiny: Desk) -> None:
    tiny.run("inpaint", **small({"left": 0.5}))

    assert ran(tiny.run("inpaint", **small({"left": 0.7}))) == {
        "area",
        "masked",
        "sample",
        "decode",
        "restore",
    }


def test_what_the_prompt_asks_for_appears_beside_what_was_there(starter: Desk) -> None:
    result = starter.run("inpaint", steps=10)

    assert shown(seen_in(picture(result, "drawing"))) == [("red", "circle")]
    assert shown(seen_in(picture(result))) == [("red", "circle"), ("blue", "star")]
