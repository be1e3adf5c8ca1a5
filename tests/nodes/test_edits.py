"""Edits change what they say and nothing else, and never the pictures they were given."""

import pytest
import torch
from weft.sdk import Image, Mask
from weft_nodes import edits
from weft_nodes.pixels.errors import (
    ColorError,
    PictureAreaError,
    PictureCountError,
    PictureSizeError,
    PictureTooLargeError,
)
from weft_nodes.pixels.resizing import Fit


def noise(width: int = 8, height: int = 6, channels: int = 3, count: int = 1) -> Image:
    """Random pictures."""
    return Image(torch.rand(count, height, width, channels, generator=torch.Generator().manual_seed(5)))


def plain(value: float, width: int = 8, height: int = 6) -> Image:
    """One grey picture."""
    return Image(torch.full((1, height, width, 3), value))


def size(image: Image) -> tuple[int, int]:
    """Width and height."""
    return image.pixels_BHWC.shape[2], image.pixels_BHWC.shape[1]


@pytest.mark.parametrize(
    ("fit", "expected"),
    [("stretch", (20, 20)), ("inside", (20, 10)), ("cover", (20, 20)), ("pad", (20, 20))],
)
def test_the_new_size_depends_on_how_proportions_are_treated(fit: Fit, expected: tuple[int, int]) -> None:
    assert size(edits.resize_image(noise(40, 20), 20, 20, fit=fit)) == expected


def test_covering_cuts_off_the_sides_and_keeps_the_middle() -> None:
    pixels = torch.zeros(1, 10, 30, 3)
    pixels[:, :, 10:20] = 1

    covered = edits.resize_image(Image(pixels), 10, 10, fit="cover", method="nearest")

    assert covered.pixels_BHWC.eq(1).all()


def test_padding_puts_bars_of_the_colour_on_both_sides() -> None:
    padded = edits.resize_image(plain(0.5, 40, 20), 40, 40, fit="pad", color="#ff0000").pixels_BHWC

    assert padded[0, 20, 20].tolist() == [0.5, 0.5, 0.5]
    assert padded[0, 0, 0].tolist() == padded[0, 39, 39].tolist() == [1.0, 0.0, 0.0]
    assert padded[0, 9, 0].tolist() == padded[0, 30, 0].tolist() == [1.0, 0.0, 0.0]


def test_scaling_multiplies_both_sides_and_never_vanishes() -> None:
    assert size(edits.scale_image(noise(8, 6), 1.5)) == (12, 9)
    assert size(edits.scale_image(noise(8, 6), 0.01)) == (1, 1)


def test_an_area_is_reached_in_multiples_with_kept_proportions() -> None:
    width, height = size(edits.scale_image_to_area(noise(64, 32), 0.02, 8))

    assert (width, height) == (200, 96)
    assert width % 8 == height % 8 == 0


def test_a_crop_is_the_part_itself() -> None:
    image = noise()

    part = edits.crop_image(image, 2, 1, width=3, height=4)

    assert part.pixels_BHWC.equal(image.pixels_BHWC[:, 1:5, 2:5])


def test_a_crop_that_leaves_the_picture_is_an_error() -> None:
    with pytest.raises(PictureAreaError, match=r"8x8 at \(0, 0\) does not lie within a picture of 8x6"):
        edits.crop_image(noise(), width=8, height=8)


def test_padding_and_cropping_gives_the_picture_back() -> None:
    image = noise()
    padded = edits.pad_image(image, 1, 2, right=3, bottom=4)

    back = edits.crop_image(padded.image, 1, 2, width=8, height=6)

    assert size(padded.image) == (12, 12)
    assert back.pixels_BHWC.equal(image.pixels_BHWC)


def test_the_mask_of_a_padding_selects_what_is_new() -> None:
    padded = edits.pad_image(plain(0.5), 2, color="#ff0000")

    new = padded.mask.values_BHW.bool()
    assert int(new.sum()) == 2 * 6
    assert padded.image.pixels_BHWC[new].eq(torch.tensor([1.0, 0.0, 0.0])).all()


def test_the_room_around_a_picture_can_carry_its_edge_on() -> None:
    image = noise()

    padded = edits.pad_image(image, 2, right=1, top=3, fill="edge")

    pixels = padded.image.pixels_BHWC
    assert pixels[:, 3:, 2:-1].equal(image.pixels_BHWC)
    assert pixels[0, 0, 0].equal(image.pixels_BHWC[0, 0, 0])
    assert pixels[0, -1, -1].equal(image.pixels_BHWC[0, -1, -1])
    assert int(padded.mask.values_BHW.sum()) == pixels.shape[1] * pixels.shape[2] - 6 * 8


def test_flipping_twice_changes_nothing() -> None:
    image = noise()
    for direction in ("left to right", "top to bottom"):
        once = edits.flip_image(image, direction)
        assert not once.pixels_BHWC.equal(image.pixels_BHWC)
        assert edits.flip_image(once, direction).pixels_BHWC.equal(image.pixels_BHWC)


def test_a_turn_to_the_right_moves_the_upper_left_to_the_upper_right() -> None:
    image = noise()

    turned = edits.rotate_image(image, "right")

    assert size(turned) == (6, 8)
    assert turned.pixels_BHWC[0, 0, -1].equal(image.pixels_BHWC[0, 0, 0])


def test_turns_undo_each_other() -> None:
    image = noise()

    there_and_back = edits.rotate_image(edits.rotate_image(image, "right"), "left")
    two_halves = edits.rotate_image(edits.rotate_image(image, "half"), "half")

    assert there_and_back.pixels_BHWC.equal(image.pixels_BHWC)
    assert two_halves.pixels_BHWC.equal(image.pixels_BHWC)


def test_a_blend_goes_from_one_picture_to_the_other() -> None:
    below, above = plain(0.2), plain(0.6)

    values = [float(edits.blend_images(below, above, amount).pixels_BHWC.mean()) for amount in (0, 0.5, 1)]

    assert values == pytest.approx([0.2, 0.4, 0.6])


def test_a_blend_applies_only_where_the_mask_selects() -> None:
    mask = Mask(torch.zeros(1, 6, 8))
    mask.values_BHW[:, :, :4] = 1

    mixed = edits.blend_images(plain(0.2), plain(0.6), 1.0, mask=mask).pixels_BHWC

    torch.testing.assert_close(mixed[:, :, :4], torch.full((1, 6, 4, 3), 0.6))
    torch.testing.assert_close(mixed[:, :, 4:], torch.full((1, 6, 4, 3), 0.2))


def test_pictures_that_do_not_fit_are_not_blended() -> None:
    with pytest.raises(PictureSizeError, match="below is 8x6 pixels, but above is 4x4"):
        edits.blend_images(noise(), noise(4, 4))
    with pytest.raises(PictureCountError):
        edits.blend_images(noise(count=2), noise(count=3))


def test_a_picture_is_put_down_at_its_place() -> None:
    result = edits.composite_images(plain(0.0), plain(1.0, 2, 2), 3, 1).pixels_BHWC

    assert result[0, 1:3, 3:5].eq(1).all()
    assert result.sum() == 2 * 2 * 3


@pytest.mark.parametrize(
    ("left", "top", "visible"), [(-1, -1, 1), (7, 5, 1), (-2, 0, 0), (8, 0, 0), (0, -5, 0)]
)
def test_what_hangs_over_the_edge_is_cut_off(left: int, top: int, visible: int) -> None:
    result = edits.composite_images(plain(0.0), plain(1.0, 2, 2), left, top).pixels_BHWC

    assert result.sum() == visible * 3


def test_only_the_selected_part_of_a_foreground_is_put_down() -> None:
    mask = Mask(torch.tensor([[[1.0, 0.0]]]))

    result = edits.composite_images(plain(0.0, 2, 1), plain(1.0, 2, 1), mask=mask).pixels_BHWC

    assert result[0, 0, :, 0].tolist() == [1.0, 0.0]
    assert result.shape[-1] == 3


def test_an_edit_never_writes_into_what_it_was_given() -> None:
    background, before = plain(0.0), plain(0.0)

    edits.composite_images(background, plain(1.0, 2, 2))
    edits.pad_image(background, 1)

    assert background.pixels_BHWC.equal(before.pixels_BHWC)


def test_a_mask_becomes_the_alpha_channel() -> None:
    mask = Mask(torch.rand(1, 6, 8))

    result = edits.set_alpha(noise(channels=4), mask).pixels_BHWC

    assert result.shape[-1] == 4
    assert result[..., 3].equal(mask.values_BHW)


def test_inverting_twice_changes_nothing_and_never_the_transparency() -> None:
    image = noise(channels=4)

    once = edits.invert_image(image)

    assert once.pixels_BHWC[..., 3].equal(image.pixels_BHWC[..., 3])
    torch.testing.assert_close(edits.invert_image(once).pixels_BHWC, image.pixels_BHWC)


def test_factors_of_one_adjust_nothing() -> None:
    image = noise(channels=4)

    torch.testing.assert_close(edits.adjust_image(image).pixels_BHWC, image.pixels_BHWC)


def test_without_saturation_a_picture_is_grey() -> None:
    grey = edits.adjust_image(noise(), saturation=0.0).pixels_BHWC

    torch.testing.assert_close(grey[..., 0], grey[..., 1])
    torch.testing.assert_close(grey[..., 0], grey[..., 2])


def test_adjustments_reach_their_ends() -> None:
    assert edits.adjust_image(noise(), brightness=0.0).pixels_BHWC.eq(0).all()
    assert edits.adjust_image(noise(), contrast=0.0).pixels_BHWC.eq(0.5).all()
    assert float(edits.adjust_image(plain(0.25), gamma=2.0).pixels_BHWC[0, 0, 0, 0]) == 0.5


def test_blurring_and_sharpening_keep_a_constant_picture() -> None:
    torch.testing.assert_close(edits.blur_image(plain(0.3), 3.0).pixels_BHWC, plain(0.3).pixels_BHWC)
    torch.testing.assert_close(edits.sharpen_image(plain(0.3)).pixels_BHWC, plain(0.3).pixels_BHWC)


def test_blurring_lowers_contrast_and_sharpening_raises_it() -> None:
    spread = float(noise().pixels_BHWC.std())

    assert float(edits.blur_image(noise(), 1.0).pixels_BHWC.std()) < spread
    assert float(edits.sharpen_image(noise(), 1.0, 2.0).pixels_BHWC.std()) > spread


def test_a_colour_that_is_none_is_an_error() -> None:
    with pytest.raises(ColorError, match="orange"):
        edits.pad_image(noise(), 1, color="orange")


def test_a_picture_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PictureTooLargeError):
        edits.pad_image(noise(), 100_000, 100_000)


@pytest.mark.parametrize("left", [-3, 0, 5])
@pytest.mark.parametrize("top", [-2, 0, 4])
def test_what_was_put_down_is_found_by_cropping_there(left: int, top: int) -> None:
    background, foreground = Image(torch.zeros(1, 6, 8, 3)), noise(5, 4)

    result = edits.composite_images(background, foreground, left, top).pixels_BHWC

    for row in range(6):
        for column in range(8):
            is_inside = 0 <= row - top < 4 and 0 <= column - left < 5
            expected = foreground.pixels_BHWC[0, row - top, column - left] if is_inside else torch.zeros(3)
            torch.testing.assert_close(result[0, row, column], expected)


def test_transparency_made_of_a_mask_is_undone_by_laying_on_a_colour() -> None:
    image = noise()

    opaque = edits.flatten_image(edits.set_alpha(image, Mask(torch.ones(1, 6, 8))), "#123456")
    gone = edits.flatten_image(edits.set_alpha(image, Mask(torch.zeros(1, 6, 8))), "#ffffff")

    torch.testing.assert_close(opaque.pixels_BHWC, image.pixels_BHWC)
    assert gone.pixels_BHWC.eq(1).all()


def test_four_quarter_turns_change_nothing() -> None:
    image = noise()

    turned = image
    for _ in range(4):
        turned = edits.rotate_image(turned, "right")

    assert turned.pixels_BHWC.equal(image.pixels_BHWC)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_gamma_is_undone_by_its_inverse_and_keeps_black_and_white(gamma: float) -> None:
    image = noise()

    back = edits.adjust_image(edits.adjust_image(image, gamma=gamma), gamma=1 / gamma)

    torch.testing.assert_close(back.pixels_BHWC, image.pixels_BHWC)
    ends = Image(torch.tensor([0.0, 1.0]).reshape(1, 1, 2, 1).repeat(1, 1, 1, 3))
    assert edits.adjust_image(ends, gamma=gamma).pixels_BHWC.equal(ends.pixels_BHWC)


def test_an_area_outside_the_picture_is_told_with_both_sizes() -> None:
    with pytest.raises(PictureAreaError) as caught:
        edits.crop_image(noise(), 4, 0, width=5, height=6)

    assert "5x6 at (4, 0)" in caught.value.message
    assert "8x6" in caught.value.message
    assert "image.pad" in caught.value.hint
