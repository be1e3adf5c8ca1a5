"""Masks: which part of a picture or a latent something applies to."""

from typing import Annotated, Literal, TypeAlias

import torch
from torch import Tensor
from weft.sdk import Image, Mask, Number, Slider, node

from weft_nodes.pixels.colors import brightness_of
from weft_nodes.pixels.conversion import check_area, same_count, same_size, with_alpha
from weft_nodes.pixels.filters import blur_planes, grow_planes
from weft_nodes.pixels.resizing import Method, resize_mask

_LARGEST = 16384

Direction: TypeAlias = Literal["right", "left", "down", "up"]
"""A side of a picture."""

Operation: TypeAlias = Literal["union", "intersection", "difference", "either"]
"""How two selections become one."""


@node("mask.solid")
def solid_mask(
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    value: Annotated[float, Slider(0, 1)] = 1.0,
) -> Mask:
    """Select everything alike.

    Args:
        width: Width in pixels, 1..16384.
        height: Height in pixels, 1..16384.
        value: How much is selected, 0 (nothing) .. 1 (everything).

    Returns:
        One mask of that size.

    Raises:
        PictureTooLargeError: The mask has more than 512 megapixels.
    """
    check_area(width, height)
    return Mask(torch.full((1, height, width), float(value)))


@node("mask.rectangle")
def rectangle_mask(
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    *,
    left: Annotated[float, Slider(0, 1)] = 0.0,
    top: Annotated[float, Slider(0, 1)] = 0.0,
    right: Annotated[float, Slider(0, 1)] = 0.5,
    bottom: Annotated[float, Slider(0, 1)] = 1.0,
) -> Mask:
    """Select a rectangle, given in shares of the picture so that it fits every size.

    Args:
        width: Width of the mask in pixels, 1..16384.
        height: Height of the mask in pixels, 1..16384.
        left: Left edge, 0 (left of the picture) .. 1 (right of it).
        top: Upper edge, 0 (top) .. 1 (bottom).
        right: Right edge, 0..1.
        bottom: Lower edge, 0..1.

    Returns:
        One mask; pixels that an edge cuts are selected by the share that lies inside.

    Raises:
        PictureTooLargeError: The mask has more than 512 megapixels.
    """
    check_area(width, height)
    along = _overlap(width, left * width, right * width)
    down = _overlap(height, top * height, bottom * height)
    return Mask((down[:, None] * along)[None])


@node("mask.ellipse")
def ellipse_mask(
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    *,
    center_x: Annotated[float, Slider(0, 1)] = 0.5,
    center_y: Annotated[float, Slider(0, 1)] = 0.5,
    diameter_x: Annotated[float, Slider(0, 2)] = 0.5,
    diameter_y: Annotated[float, Slider(0, 2)] = 0.5,
) -> Mask:
    """Select an ellipse, given in shares of the picture so that it fits every size.

    Args:
        width: Width of the mask in pixels, 1..16384.
        height: Height of the mask in pixels, 1..16384.
        center_x: Middle, 0 (left) .. 1 (right).
        center_y: Middle, 0 (top) .. 1 (bottom).
        diameter_x: Width of the ellipse as a share of the picture's width, 0..2.
        diameter_y: Height of the ellipse as a share of the picture's height, 0..2.

    Returns:
        One mask with a smooth edge about one pixel wide.

    Raises:
        PictureTooLargeError: The mask has more than 512 megapixels.
    """
    check_area(width, height)
    radius_x = max(diameter_x * width / 2, 1e-6)
    radius_y = max(diameter_y * height / 2, 1e-6)
    x = (torch.arange(width) + 0.5 - center_x * width) / radius_x
    y = (torch.arange(height) + 0.5 - center_y * height) / radius_y
    reach = (x[None, :] ** 2 + y[:, None] ** 2).sqrt()
    # Along the radius, one pixel is one part in `radius`: the edge fades over that distance.
    inside = (0.5 + (1 - reach) * min(radius_x, radius_y)).clamp(0, 1)
    return Mask(inside[None].to(torch.float32))


@node("mask.gradient")
def gradient_mask(
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    direction: Direction = "right",
) -> Mask:
    """Select more and more towards one side.

    Args:
        width: Width in pixels, 1..16384.
        height: Height in pixels, 1..16384.
        direction: The side where everything is selected.

    Returns:
        One mask that goes evenly from 0 to 1.

    Raises:
        PictureTooLargeError: The mask has more than 512 megapixels.
    """
    check_area(width, height)
    is_across = direction in ("right", "left")
    ramp = torch.linspace(0, 1, width if is_across else height)
    ramp = ramp.flip(0) if direction in ("left", "up") else ramp
    plane = ramp[None, :] if is_across else ramp[:, None]
    return Mask(plane.expand(height, width)[None].clone())


@node("mask.from_image")
def mask_from_image(
    image: Image, channel: Literal["brightness", "red", "green", "blue", "alpha"] = "brightness"
) -> Mask:
    """Select by what a picture shows.

    Args:
        image: Any picture.
        channel: What counts as selected: brightness as an eye sees it, the amount of one colour, or
            opacity (a picture without transparency is opaque).

    Returns:
        Masks of the same size, one per picture.
    """
    pixels_BHWC = image.pixels_BHWC
    if channel == "brightness":
        return Mask(brightness_of(pixels_BHWC).clamp(0, 1))
    index = ("red", "green", "blue", "alpha").index(channel)
    return Mask(with_alpha(pixels_BHWC)[..., index].clone())


@node("mask.to_image")
def mask_to_image(mask: Mask) -> Image:
    """Show a mask as a picture.

    Args:
        mask: Any mask.

    Returns:
        Pictures in grey: white is selected, black is not.
    """
    return Image(mask.values_BHW[..., None].repeat(1, 1, 1, 3))


@node("mask.invert")
def invert_mask(mask: Mask) -> Mask:
    """Select what was not selected.

    Args:
        mask: Any mask.

    Returns:
        The opposite.
    """
    return Mask(1 - mask.values_BHW)


@node("mask.combine")
def combine_masks(a: Mask, b: Mask, operation: Operation = "union") -> Mask:
    """Join two masks.

    Args:
        a: First mask.
        b: Second mask, as large.
        operation: union: in a or b; intersection: in both; difference: in a but not in b; either: in one
            of them only.

    Returns:
        A mask of the same size.

    Raises:
        PictureSizeError: The masks differ in size.
        PictureCountError: The batches differ in length and neither is a single mask.
    """
    same_size(a.values_BHW, b.values_BHW, names=("a", "b"))
    first, second = same_count(a.values_BHW, b.values_BHW, names=("a", "b"))
    if operation == "union":
        return Mask(torch.maximum(first, second))
    if operation == "intersection":
        return Mask(torch.minimum(first, second))
    if operation == "difference":
        return Mask(torch.minimum(first, 1 - second))
    return Mask((first - second).abs())


@node("mask.grow")
def grow_mask(mask: Mask, pixels: Annotated[int, Slider(-256, 256)] = 4) -> Mask:
    """Grow a selection by a round margin, or shrink it.

    Args:
        mask: Any mask.
        pixels: Margin in pixels, -256..256; a negative one shrinks.

    Returns:
        A mask of the same size.
    """
    return Mask(grow_planes(mask.values_BHW[:, None], pixels)[:, 0])


@node("mask.blur")
def blur_mask(mask: Mask, radius: Annotated[float, Slider(0, 256, step=0.5)] = 4.0) -> Mask:
    """Soften the edge of a selection.

    Args:
        mask: Any mask.
        radius: Standard deviation of the Gaussian in pixels, 0 (unchanged) .. 256.

    Returns:
        A mask of the same size.
    """
    return Mask(blur_planes(mask.values_BHW[:, None], radius)[:, 0].clamp(0, 1))


@node("mask.threshold")
def threshold_mask(mask: Mask, threshold: Annotated[float, Slider(0, 1)] = 0.5) -> Mask:
    """Make a selection hard: each pixel is selected or not.

    Args:
        mask: Any mask.
        threshold: Pixels of at least this value are selected, 0..1.

    Returns:
        A mask of zeros and ones.
    """
    return Mask((mask.values_BHW >= threshold).to(torch.float32))


@node("mask.resize", title="Resize mask")
def resize_mask_to(
    mask: Mask,
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    *,
    method: Method = "bilinear",
) -> Mask:
    """Give a mask another size.

    Args:
        mask: Any mask.
        width: New width in pixels, 1..16384.
        height: New height in pixels, 1..16384.
        method: How new values are made of old ones.

    Returns:
        A mask of that size.

    Raises:
        PictureTooLargeError: The masks have more than 512 megapixels.
    """
    return Mask(resize_mask(mask.values_BHW, width=width, height=height, method=method))


def _overlap(count: int, start: float, stop: float) -> Tensor:
    """Share of each of `count` unit cells that lies between two places."""
    cells = torch.arange(count, dtype=torch.float32)
    return (torch.minimum(cells + 1, torch.tensor(stop)) - torch.maximum(cells, torch.tensor(start))).clamp(
        0, 1
    )
