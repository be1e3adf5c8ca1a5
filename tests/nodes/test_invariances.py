"""What holds for every node that turns pictures into pictures, or masks into masks."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from weft.sdk import Image, Mask
from weft_nodes import edits, masks

Change = Callable[[Image], Image]
Selection = Callable[[Mask], Mask]

CHANGES: dict[str, Change] = {
    "adjust": partial(edits.adjust_image, brightness=1.2, contrast=0.8, saturation=1.5, gamma=1.1),
    "blur": partial(edits.blur_image, radius=1.5),
    "crop": partial(edits.crop_image, left=1, top=2, width=7, height=5),
    "flip": edits.flip_image,
    "invert": edits.invert_image,
    "pad": lambda image: edits.pad_image(image, 1, 2, right=3, bottom=4).image,
    "resize": partial(edits.resize_image, width=9, height=13),
    "resize to cover": partial(edits.resize_image, width=9, height=13, fit="cover"),
    "resize with bars": partial(edits.resize_image, width=9, height=13, fit="pad"),
    "resize in linear light": partial(edits.resize_image, width=9, height=13, linear_light=True),
    "rotate": edits.rotate_image,
    "scale": partial(edits.scale_image, factor=1.7, method="bicubic"),
    "scale to area": partial(edits.scale_image_to_area, megapixels=0.01),
    "sharpen": partial(edits.sharpen_image, radius=1.0, amount=1.0),
}
SELECTIONS: dict[str, Selection] = {
    "blur": partial(masks.blur_mask, radius=1.5),
    "grow": partial(masks.grow_mask, pixels=2),
    "invert": masks.invert_mask,
    "resize": partial(masks.resize_mask_to, width=9, height=13),
    "shrink": partial(masks.grow_mask, pixels=-2),
    "threshold": masks.threshold_mask,
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
# The others tell sides apart, or divide an odd number of pixels between them.
EVEN = sorted(CHANGES.keys() - {"crop", "pad", "rotate", "resize to cover", "resize with bars"})
every_even_change = pytest.mark.parametrize("change", [CHANGES[name] for name in EVEN], ids=EVEN)
every_selection = pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS.keys())
both_kinds = pytest.mark.parametrize("channels", [3, 4])


def some(count: int = 2, channels: int = 3) -> Image:
    """Random pictures of 12 x 10 pixels."""
    return Image(torch.rand(count, 10, 12, channels, generator=torch.Generator().manual_seed(4)))


def some_masks(count: int = 2) -> Mask:
    """Random masks of 12 x 10 pixels."""
    return Mask(torch.rand(count, 10, 12, generator=torch.Generator().manual_seed(4)))


@every_change
@both_kinds
def test_a_picture_is_changed_the_same_alone_and_in_a_batch(change: Change, channels: int) -> None:
    together = change(some(3, channels)).pixels_BHWC

    alone = [change(Image(pixels_HWC[None])).pixels_BHWC for pixels_HWC in some(3, channels).pixels_BHWC]

    torch.testing.assert_close(together, torch.cat(alone))


@every_change
@both_kinds
def test_the_given_picture_stays_as_it_was(change: Change, channels: int) -> None:
    image, before = some(2, channels), some(2, channels)

    change(image)

    assert image.pixels_BHWC.equal(before.pixels_BHWC)


@every_change
@both_kinds
def test_values_stay_within_their_range(change: Change, channels: int) -> None:
    pixels = change(some(2, channels)).pixels_BHWC

    assert torch.isfinite(pixels).all()
    assert float(pixels.min()) >= 0
    assert float(pixels.max()) <= 1


@every_change
@both_kinds
def test_the_number_of_channels_stays(change: Change, channels: int) -> None:
    assert change(some(2, channels)).pixels_BHWC.shape[-1] == channels


@every_change
def test_the_same_change_twice_gives_the_same_bits(change: Change) -> None:
    assert change(some()).pixels_BHWC.equal(change(some()).pixels_BHWC)


@every_even_change
@pytest.mark.parametrize("turn", ["left to right", "top to bottom"])
def test_a_mirrored_picture_is_changed_to_a_mirrored_one(change: Change, turn: str) -> None:
    axis = 2 if turn == "left to right" else 1
    mirrored = change(Image(some().pixels_BHWC.flip(axis))).pixels_BHWC.flip(axis)

    torch.testing.assert_close(mirrored, change(some()).pixels_BHWC, atol=1e-5, rtol=0)


@every_selection
def test_a_mask_is_changed_the_same_alone_and_in_a_batch(selection: Selection) -> None:
    together = selection(some_masks(3)).values_BHW

    alone = [selection(Mask(values_HW[None])).values_BHW for values_HW in some_masks(3).values_BHW]

    torch.testing.assert_close(together, torch.cat(alone))


@every_selection
def test_the_given_mask_stays_as_it_was(selection: Selection) -> None:
    mask, before = some_masks(), some_masks()

    selection(mask)

    assert mask.values_BHW.equal(before.values_BHW)


@every_selection
def test_masks_stay_within_their_range(selection: Selection) -> None:
    values = selection(some_masks()).values_BHW

    assert torch.isfinite(values).all()
    assert float(values.min()) >= 0
    assert float(values.max()) <= 1


@every_selection
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_and_nothing_are_changed_evenly(selection: Selection, value: float) -> None:
    values = selection(Mask(torch.full((1, 10, 12), value))).values_BHW

    assert float(values.max() - values.min()) == 0
