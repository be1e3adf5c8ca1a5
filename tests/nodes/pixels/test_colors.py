"""Colours are read as written, and light scales are each other's inverses."""

import pytest
import torch
from weft_nodes.pixels.colors import brightness_of, color_of, from_linear_light, to_linear_light
from weft_nodes.pixels.errors import ColorError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("#ff0000", (1.0, 0.0, 0.0)),
        ("#0f0", (0.0, 1.0, 0.0)),
        ("#FFFFFF", (1.0, 1.0, 1.0)),
        ("#33669980", (0.2, 0.4, 0.6, 128 / 255)),
    ],
)
def test_a_colour_is_read_in_all_three_forms(text: str, values: tuple[float, ...]) -> None:
    torch.testing.assert_close(color_of(text), torch.tensor(values))


@pytest.mark.parametrize("text", ["", "red", "ff0000", "#ff00", "#ggg", "#ff00000", " #fff"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ColorError):
        color_of(text)


def test_linear_light_and_back_changes_nothing() -> None:
    pixels = torch.linspace(0, 1, 256).reshape(1, 16, 16, 1).repeat(1, 1, 1, 4)

    torch.testing.assert_close(from_linear_light(to_linear_light(pixels)), pixels, atol=1e-6, rtol=0)


def test_linear_light_keeps_the_ends_and_the_alpha_channel() -> None:
    pixels = torch.tensor([0.0, 1.0, 0.5, 0.5]).reshape(1, 1, 1, 4)

    light = to_linear_light(pixels)

    torch.testing.assert_close(light[..., :2], pixels[..., :2])
    assert 0.21 < float(light[0, 0, 0, 2]) < 0.22
    assert float(light[0, 0, 0, 3]) == 0.5


def test_white_is_brightest_and_green_is_brighter_than_blue() -> None:
    white, green, blue = (color_of(text)[None, None, None] for text in ("#fff", "#0f0", "#00f"))

    torch.testing.assert_close(brightness_of(white), torch.ones(1, 1, 1))
    assert float(brightness_of(green)) > float(brightness_of(blue)) > 0
