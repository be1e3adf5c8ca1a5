"""Image to image: what stays depends on how much is made anew."""

import torch
from workflow_runs import Desk, picture, seen_in, shown, size, small


def distance(result_image: torch.Tensor, drawing: torch.Tensor) -> float:
    """Mean difference of two pictures."""
    return float((result_image - drawing).abs().mean())


def test_the_drawing_is_a_disc_of_the_chosen_colour(tiny: Desk) -> None:
    drawing = picture(tiny.run("image-to-image", **small({"color": "#00ff00"})), "drawing")

    assert size(drawing) == (128, 128, 1)
    assert drawing.pixels_BHWC[0, 64, 64].tolist() == [0.0, 1.0, 0.0]
    assert drawing.pixels_BHWC[0, 2, 2].tolist() == [1.0, 1.0, 1.0]


def test_another_drawing_gives_another_picture(tiny: Desk) -> None:
    green = picture(tiny.run("image-to-image", **small({"color": "#00ff00", "denoise": 0.5})))
    black = picture(tiny.run("image-to-image", **small({"color": "#000000", "denoise": 0.5})))

    assert not green.pixels_BHWC.equal(black.pixels_BHWC)


def test_the_new_picture_shows_the_prompt_and_little_denoising_keeps_the_drawing(starter: Desk) -> None:
    new = starter.run("image-to-image")
    kept = starter.run("image-to-image", denoise=0.1)

    assert [colour for colour, _ in shown(seen_in(picture(new)))] == ["blue"]
    # The prompt already pulls at the colour of the disc, not yet at its shape.
    assert [shape for _, shape in shown(seen_in(picture(kept)))] == ["circle"]
    drawing = picture(new, "drawing").pixels_BHWC
    assert distance(picture(kept).pixels_BHWC, drawing) < distance(picture(new).pixels_BHWC, drawing)
