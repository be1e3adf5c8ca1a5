"""Image to image: what stays depends on how much is made anew."""

import pytest
import torch
from weft.sdk import Image
from workflow_runs import Desk, picture, seen_in, shown, size, small

# What the drawing shows; the workflow's own prompt asks for a blue diamond.
OWN_PROMPT = "a medium red circle on a white background"


def distance(result_image: torch.Tensor, drawing: torch.Tensor) -> float:
    """Mean difference of two pictures."""
    return float((result_image - drawing).abs().mean())


def disc_of(image: Image) -> torch.Tensor:
    """Mean colour of the middle of the disc, 0..1."""
    return image.pixels_BHWC[0, 56:72, 56:72].mean(dim=(0, 1))


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
    new = starter.run("image-to-image", steps=10)
    kept = starter.run("image-to-image", denoise=0.1, steps=10)

    assert [colour for colour, _ in shown(seen_in(picture(new)))] == ["blue"]
    assert [shape for _, shape in shown(seen_in(picture(kept)))] == ["circle"]
    drawing = picture(new, "drawing").pixels_BHWC
    assert distance(picture(kept).pixels_BHWC, drawing) < distance(picture(new).pixels_BHWC, drawing)


@pytest.mark.parametrize("prompt", [OWN_PROMPT, ""])
def test_little_denoising_keeps_the_colour_where_the_prompt_does_not_ask_for_another(
    starter: Desk, prompt: str
) -> None:
    result = starter.run("image-to-image", denoise=0.1, steps=10, prompt=prompt)

    assert shown(seen_in(picture(result))) == [("red", "circle")]
    difference = (disc_of(picture(result)) - disc_of(picture(result, "drawing"))).abs().max()
    assert difference < 0.1


def test_the_prompt_pulls_at_the_colour_from_the_first_tenth_and_guidance_pulls_harder(starter: Desk) -> None:
    own = starter.run("image-to-image", denoise=0.1, steps=10, prompt=OWN_PROMPT)
    plain = starter.run("image-to-image", denoise=0.1, steps=10, guidance_scale=1.0)
    guided = starter.run("image-to-image", denoise=0.1, steps=10)

    # Of a red disc, blue asks less red, and the model mixes what it sees with what it is told.
    reds = [float(disc_of(picture(result))[0]) for result in (own, plain, guided)]
    assert reds == sorted(reds, reverse=True)
    assert reds[0] - reds[2] > 0.1
