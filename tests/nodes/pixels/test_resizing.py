"""Resizing keeps what should stay: constants, averages, proportions, and the colour beside transparency."""

from typing import get_args

import pytest
import torch
from weft_nodes.pixels.errors import PictureTooLargeError
from weft_nodes.pixels.resizing import (
    Method,
    middle_of,
    resize_mask,
    resize_pixels,
    resize_planes,
    size_covering,
    size_inside,
)

every_method = pytest.mark.parametrize("method", get_args(Method))


@every_method
def test_a_constant_picture_stays_constant_at_every_size(method: Method) -> None:
    pixels = torch.full((2, 7, 9, 3), 0.3)

    resized = resize_pixels(pixels, width=13, height=4, method=method)

    torch.testing.assert_close(resized, torch.full((2, 4, 13, 3), 0.3))


@every_method
def test_the_same_size_changes_nothing(method: Method) -> None:
    pixels = torch.rand(1, 5, 6, 3)

    assert resize_pixels(pixels, width=6, height=5, method=method) is pixels


@pytest.mark.parametrize("method", [name for name in get_args(Method) if name != "nearest"])
def test_a_fine_checkerboard_shrinks_to_its_average(method: Method) -> None:
    rows = torch.arange(64)
    board = ((rows[:, None] + rows[None, :]) % 2).float()[None, :, :, None].repeat(1, 1, 1, 3)

    small = resize_pixels(board, width=8, height=8, method=method)

    torch.testing.assert_close(small[:, 1:-1, 1:-1], torch.full((1, 6, 6, 3), 0.5), atol=0.02, rtol=0)


def test_in_linear_light_a_checkerboard_keeps_its_amount_of_light() -> None:
    rows = torch.arange(64)
    board = ((rows[:, None] + rows[None, :]) % 2).float()[None, :, :, None].repeat(1, 1, 1, 3)

    small = resize_pixels(board, width=8, height=8, method="area", linear_light=True)

    # Half the light of white is sRGB 188 of 255, not 128.
    torch.testing.assert_close(small, torch.full((1, 8, 8, 3), 188 / 255), atol=0.002, rtol=0)


@every_method
def test_doubling_and_halving_keeps_a_smooth_picture(method: Method) -> None:
    ramp = torch.linspace(0.2, 0.8, 32)[None, None, :, None].repeat(1, 32, 1, 3)

    doubled = resize_pixels(ramp, width=64, height=64, method=method)
    back = resize_pixels(doubled, width=32, height=32, method=method)

    torch.testing.assert_close(back[:, 2:-2, 2:-2], ramp[:, 2:-2, 2:-2], atol=0.02, rtol=0)


@every_method
def test_the_colour_hidden_under_transparency_does_not_bleed(method: Method) -> None:
    pixels = torch.zeros(1, 16, 16, 4)
    pixels[..., 0] = 1.0
    pixels[:, :, 8:, :] = torch.tensor([0.0, 1.0, 0.0, 0.0])

    resized = resize_pixels(pixels, width=9, height=9, method=method)

    visible = resized[..., 3] > 0.05
    assert not visible.any()
    pixels[:, :, :8, 3] = 1.0
    resized = resize_pixels(pixels, width=9, height=9, method=method)
    visible = resized[..., 3] > 0.05
    torch.testing.assert_close(resized[..., 1][visible], torch.zeros(int(visible.sum())), atol=1e-5, rtol=0)
    assert visible.any()


@every_method
def test_pictures_and_masks_stay_within_their_range(method: Method) -> None:
    hard = (torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(1)) > 0.5).float()

    pixels = resize_pixels(hard, width=37, height=23, method=method)
    mask = resize_mask(hard[..., 0], width=37, height=23, method=method)

    for values in (pixels, mask):
        assert float(values.min()) >= 0
        assert float(values.max()) <= 1
    assert mask.shape == (1, 23, 37)


def test_planes_may_have_any_range_and_number_of_channels() -> None:
    planes = torch.full((2, 7, 4, 4), -3.0)

    torch.testing.assert_close(
        resize_planes(planes, width=8, height=6, method="lanczos"), torch.full((2, 7, 6, 8), -3.0)
    )


def test_a_picture_beyond_the_limit_is_refused_before_it_is_made() -> None:
    with pytest.raises(PictureTooLargeError):
        resize_pixels(torch.zeros(1, 1, 1, 3), width=200_000, height=200_000, method="nearest")


@pytest.mark.parametrize(
    ("size", "frame", "inside", "covering"),
    [
        ((100, 50), (50, 50), (50, 25), (100, 50)),
        ((50, 100), (50, 50), (25, 50), (50, 100)),
        ((10, 10), (30, 40), (30, 30), (40, 40)),
        ((1000, 1), (10, 10), (10, 1), (10000, 10)),
    ],
)
def test_proportions_are_kept_inside_a_frame_and_around_it(
    size: tuple[int, int], frame: tuple[int, int], inside: tuple[int, int], covering: tuple[int, int]
) -> None:
    assert size_inside(*size, most_width=frame[0], most_height=frame[1]) == inside
    assert size_covering(*size, least_width=frame[0], least_height=frame[1]) == covering


def test_the_middle_leaves_out_as_much_on_both_sides() -> None:
    pixels = torch.arange(25.0).reshape(1, 5, 5, 1)

    assert middle_of(pixels, width=1, height=3).flatten().tolist() == [7.0, 12.0, 17.0]
