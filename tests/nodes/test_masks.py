"""Masks select the share of the picture they were asked to select."""

import math

import pytest
import torch
from weft.sdk import Image, Mask
from weft_nodes import masks
from weft_nodes.pixels.errors import PictureCountError, PictureSizeError, PictureTooLargeError


def half() -> Mask:
    """A mask that selects the left half."""
    return masks.rectangle_mask(16, 8)


def test_a_solid_mask_selects_everything_alike() -> None:
    assert masks.solid_mask(6, 4, 0.25).values_BHW.equal(torch.full((1, 4, 6), 0.25))


def test_a_rectangle_selects_its_share_of_the_picture() -> None:
    values = masks.rectangle_mask(10, 8, left=0.2, top=0.25, right=0.6, bottom=1.0).values_BHW

    assert values[0, 2:, 2:6].eq(1).all()
    assert float(values.sum()) == pytest.approx(24, abs=1e-4)


def test_an_edge_within_a_pixel_selects_that_share_of_it() -> None:
    values = masks.rectangle_mask(4, 1, left=0.125, right=1.0).values_BHW

    torch.testing.assert_close(values, torch.tensor([[[0.5, 1.0, 1.0, 1.0]]]))


def test_a_rectangle_turned_inside_out_selects_nothing() -> None:
    assert masks.rectangle_mask(8, 8, left=0.8, right=0.2).values_BHW.eq(0).all()


def test_an_ellipse_covers_its_area() -> None:
    values = masks.ellipse_mask(200, 100, diameter_x=0.5, diameter_y=0.8).values_BHW

    assert float(values.sum()) == pytest.approx(math.pi * 50 * 40, rel=0.01)
    assert values[0, 50, 100] == 1
    assert values[0, 0, 0] == 0


def test_an_ellipse_is_moved_by_its_centre() -> None:
    values = masks.ellipse_mask(64, 64, center_x=0.25, center_y=0.75, diameter_x=0.2, diameter_y=0.2)

    assert values.values_BHW[0, 48, 16] == 1
    assert values.values_BHW[0, 32, 32] == 0


@pytest.mark.parametrize(
    ("direction", "bright", "dark"),
    [
        ("right", (0, -1), (0, 0)),
        ("left", (0, 0), (0, -1)),
        ("down", (-1, 0), (0, 0)),
        ("up", (0, 0), (-1, 0)),
    ],
)
def test_a_gradient_is_brightest_on_its_side(
    direction: masks.Direction, bright: tuple[int, int], dark: tuple[int, int]
) -> None:
    values = masks.gradient_mask(5, 5, direction).values_BHW[0]

    assert values[bright] == 1
    assert values[dark] == 0
    assert values.mean() == 0.5


@pytest.mark.parametrize("make", [masks.solid_mask, masks.rectangle_mask, masks.ellipse_mask])
def test_no_mask_is_larger_than_the_limit(make: object) -> None:
    assert callable(make)
    with pytest.raises(PictureTooLargeError):
        make(100_000, 100_000)


def test_a_channel_of_a_picture_becomes_a_mask() -> None:
    pixels = torch.rand(2, 3, 4, 4)

    assert masks.mask_from_image(Image(pixels), "green").values_BHW.equal(pixels[..., 1])
    assert masks.mask_from_image(Image(pixels), "alpha").values_BHW.equal(pixels[..., 3])


def test_a_picture_without_transparency_is_opaque() -> None:
    assert masks.mask_from_image(Image(torch.rand(1, 3, 4, 3)), "alpha").values_BHW.eq(1).all()


def test_a_mask_shown_as_a_picture_and_read_back_is_the_same() -> None:
    mask = Mask(torch.rand(2, 5, 4))

    torch.testing.assert_close(masks.mask_from_image(masks.mask_to_image(mask)).values_BHW, mask.values_BHW)


def test_inverting_twice_changes_nothing() -> None:
    twice = masks.invert_mask(masks.invert_mask(half()))

    assert twice.values_BHW.equal(half().values_BHW)


def test_masks_combine_like_sets() -> None:
    left = half()
    top = masks.rectangle_mask(16, 8, right=1.0, bottom=0.5)

    def area(operation: masks.Operation) -> float:
        return float(masks.combine_masks(left, top, operation).values_BHW.sum()) / 128

    assert area("union") == 0.75
    assert area("intersection") == 0.25
    assert area("difference") == 0.25
    assert area("either") == 0.5


def test_masks_of_different_sizes_or_counts_do_not_combine() -> None:
    with pytest.raises(PictureSizeError):
        masks.combine_masks(half(), masks.solid_mask(8, 8))
    with pytest.raises(PictureCountError):
        masks.combine_masks(Mask(torch.ones(2, 4, 4)), Mask(torch.ones(3, 4, 4)))


def test_one_mask_combines_with_each_of_a_batch() -> None:
    combined = masks.combine_masks(Mask(torch.ones(3, 4, 4)), Mask(torch.zeros(1, 4, 4)), "difference")

    assert combined.values_BHW.equal(torch.ones(3, 4, 4))


def test_growing_moves_an_edge_by_the_margin_and_shrinking_moves_it_back() -> None:
    grown = masks.grow_mask(half(), 3)

    assert grown.values_BHW[0, 4].sum() == 11
    assert masks.grow_mask(half(), -3).values_BHW[0, 4].sum() == 5


def test_blurring_keeps_the_middle_of_an_edge_where_it_was() -> None:
    blurred = masks.blur_mask(masks.rectangle_mask(64, 8), 4.0).values_BHW

    assert float((blurred[0, 4, 31] + blurred[0, 4, 32]) / 2) == pytest.approx(0.5, abs=1e-4)
    assert 0 < float(blurred[0, 4, 36]) < 0.5


def test_a_threshold_makes_a_mask_hard() -> None:
    hard = masks.threshold_mask(Mask(torch.tensor([[[0.2, 0.5, 0.7]]])), 0.5)

    assert hard.values_BHW.tolist() == [[[0.0, 1.0, 1.0]]]


def test_a_mask_is_resized_and_keeps_its_share() -> None:
    resized = masks.resize_mask_to(half(), 32, 32)

    assert resized.values_BHW.shape == (1, 32, 32)
    assert float(resized.values_BHW.mean()) == pytest.approx(0.5, abs=0.01)
