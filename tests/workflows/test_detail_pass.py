"""Working on a detail: a part is made anew at the size of the model, and goes back where it came from."""

import torch
from workflow_runs import Desk, picture, ran, seen_in, shown, size, small


def test_only_what_the_mask_selects_is_changed(tiny: Desk) -> None:
    result = tiny.run("detail-pass", **small())

    image, drawing = picture(result).pixels_BHWC, picture(result, "drawing").pixels_BHWC
    is_changed_HW = (image != drawing).any(dim=-1)[0]
    rows, columns = (is_changed_HW.any(dim=axis).nonzero().flatten() for axis in (1, 0))
    # The mask is an ellipse of 0.34 of the picture around (0.7, 0.3).
    assert 0.13 * 256 - 1 <= int(rows[0]) < int(rows[-1]) <= 0.47 * 256 + 1
    assert 0.53 * 256 - 1 <= int(columns[0]) < int(columns[-1]) <= 0.87 * 256 + 1
    assert size(picture(result, "part")) == (128, 128, 1)


def test_another_margin_cuts_the_same_drawing_anew(tiny: Desk) -> None:
    tiny.run("detail-pass", **small())

    again = ran(tiny.run("detail-pass", **small({"margin": 32})))

    assert again == {"cut", "encode", "masked", "sample", "decode", "paste"}


def test_the_part_becomes_what_the_prompt_asks_for_at_its_place(starter: Desk) -> None:
    result = starter.run("detail-pass", steps=10)

    before, after = seen_in(picture(result, "drawing")), seen_in(picture(result))
    assert shown(before) == [("red", "circle")]
    assert shown(after) == [("red", "heart")]
    assert abs(after.objects[0].x - before.objects[0].x) < 8
    assert abs(after.objects[0].y - before.objects[0].y) < 8
    assert torch.equal(picture(result).pixels_BHWC[:, 140:], picture(result, "drawing").pixels_BHWC[:, 140:])
