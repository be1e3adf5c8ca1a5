"""Changing pictures: size, frame, colours, sharpness, and laying one over another."""

from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from weft.sdk import ColorPicker, Image, Mask, Number, Slider, node

from weft_nodes.pixels.blending import Mode, blend, lay_over
from weft_nodes.pixels.colors import brightness_of, color_of
from weft_nodes.pixels.conversion import (
    check_area,
    same_channels,
    same_count,
    same_size,
    size_text,
    weights_of,
    with_alpha,
)
from weft_nodes.pixels.errors import PictureAreaError
from weft_nodes.pixels.filters import blur_planes, sharpen_planes
from weft_nodes.pixels.resizing import Fit, Method, middle_of, resize_pixels, size_covering, size_inside

_LARGEST = 16384


class PaddedImage(NamedTuple):
    """Pictures with room added around them.

    Attributes:
        image: The larger pictures.
        mask: What is new: 1 in the added room, 0 where the old pictures lie.
    """

    image: Image
    mask: Mask


@node("image.resize")
def resize_image(
    image: Image,
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
    *,
    fit: Fit = "stretch",
    method: Method = "lanczos",
    color: Annotated[str, ColorPicker()] = "#000000",
    linear_light: bool = False,
) -> Image:
    """Give pictures another size.

    Args:
        image: Pictures of any size.
        width: New width in pixels, 1..16384.
        height: New height in pixels, 1..16384.
        fit: What happens when the proportions differ. stretch: the picture is distorted; inside: it keeps its
            proportions and one side may become shorter than asked; cover: it fills the frame and what hangs
            over is cut off; pad: it lies inside the frame, with bars around it.
        method: How new pixels are made of old ones. All but nearest average when they shrink.
        color: Colour of the bars.
        linear_light: Average amounts of light instead of sRGB values, so that fine detail keeps its
            brightness.

    Returns:
        Pictures of the new size.

    Raises:
        PictureTooLargeError: The new pictures have more than 512 megapixels.
        ColorError: Bars are needed, and their colour is not written as #rrggbb.
    """
    pixels = image.pixels_BHWC
    old = {"width": pixels.shape[2], "height": pixels.shape[1]}
    new = (width, height)
    if fit in ("inside", "pad"):
        new = size_inside(**old, most_width=width, most_height=height)
    elif fit == "cover":
        new = size_covering(**old, least_width=width, least_height=height)
    resized = resize_pixels(pixels, width=new[0], height=new[1], method=method, linear_light=linear_light)
    if fit == "cover":
        return Image(middle_of(resized, width=width, height=height).contiguous())
    if fit == "pad":
        left, top = (width - new[0]) // 2, (height - new[1]) // 2
        return Image(_framed(resized, _canvas(resized, (width, height), color), (left, top)))
    return Image(resized)


@node("image.scale")
def scale_image(
    image: Image,
    factor: Annotated[float, Slider(0.01, 8, step=0.01)] = 2.0,
    method: Method = "lanczos",
    *,
    linear_light: bool = False,
) -> Image:
    """Make pictures larger or smaller by a factor.

    Args:
        image: Pictures of any size.
        factor: 0.01..8; 2 doubles both sides, 0.5 halves them.
        method: How new pixels are made of old ones.
        linear_light: Average amounts of light instead of sRGB values.

    Returns:
        Pictures whose sides are rounded to whole pixels, at least 1.

    Raises:
        PictureTooLargeError: The new pictures have more than 512 megapixels.
    """
    height, width = image.pixels_BHWC.shape[1:3]
    new_width, new_height = max(1, round(width * factor)), max(1, round(height * factor))
    return Image(
        resize_pixels(
            image.pixels_BHWC, width=new_width, height=new_height, method=method, linear_light=linear_light
        )
    )


@node("image.scale_to_area")
def scale_image_to_area(
    image: Image,
    megapixels: Annotated[float, Slider(0.01, 64, step=0.01)] = 1.0,
    multiple: Annotated[int, Number(1, 256)] = 8,
    *,
    method: Method = "lanczos",
) -> Image:
    """Bring pictures to the area a model was made for, keeping their proportions.

    Args:
        image: Pictures of any size.
        megapixels: Area, 0.01..64 million pixels.
        multiple: Both sides become multiples of this number of pixels, 1..256.
        method: How new pixels are made of old ones.

    Returns:
        Pictures of about that area.

    Raises:
        PictureTooLargeError: The new pictures have more than 512 megapixels.
    """
    height, width = image.pixels_BHWC.shape[1:3]
    factor = (megapixels * 1_000_000 / (width * height)) ** 0.5
    new_width = max(1, round(width * factor / multiple)) * multiple
    new_height = max(1, round(height * factor / multiple)) * multiple
    return Image(resize_pixels(image.pixels_BHWC, width=new_width, height=new_height, method=method))


@node("image.crop")
def crop_image(
    image: Image,
    left: Annotated[int, Number(0, _LARGEST)] = 0,
    top: Annotated[int, Number(0, _LARGEST)] = 0,
    *,
    width: Annotated[int, Number(1, _LARGEST)] = 512,
    height: Annotated[int, Number(1, _LARGEST)] = 512,
) -> Image:
    """Cut a rectangle out of pictures.

    Args:
        image: Pictures of any size.
        left: Pixels to leave out on the left, 0..16384.
        top: Pixels to leave out above, 0..16384.
        width: Width of the part in pixels, 1..16384.
        height: Height of the part in pixels, 1..16384.

    Returns:
        The part, one per picture.

    Raises:
        PictureAreaError: The rectangle leaves the picture.
    """
    pixels = image.pixels_BHWC
    if left + width > pixels.shape[2] or top + height > pixels.shape[1]:
        raise PictureAreaError(
            area=f"{size_text(width, height)} at ({left}, {top})",
            size=size_text(pixels.shape[2], pixels.shape[1]),
        )
    return Image(pixels[:, top : top + height, left : left + width].contiguous())


@node("image.pad")
def pad_image(
    image: Image,
    left: Annotated[int, Number(0, _LARGEST)] = 0,
    top: Annotated[int, Number(0, _LARGEST)] = 0,
    *,
    right: Annotated[int, Number(0, _LARGEST)] = 0,
    bottom: Annotated[int, Number(0, _LARGEST)] = 0,
    color: Annotated[str, ColorPicker()] = "#808080",
    fill: Literal["color", "edge"] = "color",
) -> PaddedImage:
    """Add room around pictures, for example to paint beyond their edges (outpainting).

    Args:
        image: Pictures of any size.
        left: Pixels to add on the left, 0..16384.
        top: Pixels to add above, 0..16384.
        right: Pixels to add on the right, 0..16384.
        bottom: Pixels to add below, 0..16384.
        color: Colour of the new room.
        fill: What lies in the new room: the colour, or the pixels of the edge drawn out.

    Returns:
        Larger pictures, and a mask of what is new.

    Raises:
        PictureTooLargeError: The new pictures have more than 512 megapixels.
        ColorError: The colour is not written as #rrggbb.
    """
    pixels = image.pixels_BHWC
    height, width = pixels.shape[1:3]
    if fill == "edge":
        check_area(left + width + right, top + height + bottom, count=pixels.shape[0])
        planes = functional.pad(pixels.movedim(-1, 1), (left, right, top, bottom), mode="replicate")
        larger = planes.movedim(1, -1).contiguous()
    else:
        canvas = _canvas(pixels, (left + width + right, top + height + bottom), color)
        larger = _framed(pixels, canvas, (left, top))
    is_new = torch.ones(larger.shape[:3])
    is_new[:, top : top + height, left : left + width] = 0
    return PaddedImage(image=Image(larger), mask=Mask(is_new))


@node("image.flip")
def flip_image(image: Image, direction: Literal["left to right", "top to bottom"] = "left to right") -> Image:
    """Mirror pictures.

    Args:
        image: Pictures of any size.
        direction: Which sides change places.

    Returns:
        Mirrored pictures.
    """
    return Image(image.pixels_BHWC.flip(2 if direction == "left to right" else 1))


@node("image.rotate")
def rotate_image(image: Image, turn: Literal["right", "half", "left"] = "right") -> Image:
    """Turn pictures by quarter turns.

    Args:
        image: Pictures of any size.
        turn: A quarter turn to the right (clockwise), half a turn, or a quarter turn to the left.

    Returns:
        Turned pictures; quarter turns swap width and height.
    """
    quarters = {"right": -1, "half": 2, "left": 1}[turn]
    return Image(torch.rot90(image.pixels_BHWC, quarters, dims=(1, 2)).contiguous())


@node("image.blend")
def blend_images(
    below: Image,
    above: Image,
    amount: Annotated[float, Slider(0, 1)] = 0.5,
    *,
    mode: Mode = "normal",
    mask: Mask | None = None,
) -> Image:
    """Mix two pictures.

    Args:
        below: Pictures returned unchanged when `amount` is 0.
        above: Pictures of the same size.
        amount: Share of `above`, 0..1.
        mode: How the colours of the two meet, under the names known from paint programs.
        mask: Where `above` applies; everywhere when nothing is connected.

    Returns:
        Pictures of the same size.

    Raises:
        PictureSizeError: The pictures, or the mask, differ in size.
        PictureCountError: Two batches differ in length and neither is a single picture.
    """
    same_size(below.pixels_BHWC, above.pixels_BHWC, names=("below", "above"))
    first, second = same_channels(below.pixels_BHWC, above.pixels_BHWC)
    first, second = same_count(first, second, names=("below", "above"))
    weight: Tensor | float = amount
    if mask is not None:
        same_size(first, mask.values_BHW, names=("below", "mask"))
        first, weights = same_count(first, weights_of(mask), names=("below", "mask"))
        weight = weights * amount
    return Image(blend(first, second, weight, mode=mode))


@node("image.composite")
def composite_images(
    background: Image,
    foreground: Image,
    left: Annotated[int, Number(-_LARGEST, _LARGEST)] = 0,
    top: Annotated[int, Number(-_LARGEST, _LARGEST)] = 0,
    *,
    mask: Mask | None = None,
) -> Image:
    """Put one picture on another, at a place.

    Args:
        background: Pictures that give the size of the result.
        foreground: Pictures to put on them; transparent parts let the background through, and what hangs
            over the edge is cut off.
        left: Where the left edge of the foreground lies, in pixels, -16384..16384.
        top: Where its upper edge lies, in pixels, -16384..16384.
        mask: Which part of the foreground is put down, as large as the foreground; all of it by default.

    Returns:
        Pictures of the size of the background.

    Raises:
        PictureSizeError: The mask is not as large as the foreground.
        PictureCountError: Two batches differ in length and neither is a single picture.
    """
    above = foreground.pixels_BHWC
    if mask is not None:
        same_size(above, mask.values_BHW, names=("foreground", "mask"))
        above, weights = same_count(with_alpha(above), weights_of(mask), names=("foreground", "mask"))
        above = torch.cat([above[..., :3], above[..., 3:] * weights], dim=-1)
    below, above = same_count(background.pixels_BHWC, above, names=("background", "foreground"))
    result = below.clone()
    rows = slice(max(0, top), max(0, min(below.shape[1], top + above.shape[1])))
    columns = slice(max(0, left), max(0, min(below.shape[2], left + above.shape[2])))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return Image(result)
    part = above[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    result[:, rows, columns] = lay_over(below[:, rows, columns], part)
    return Image(result)


@node("image.set_alpha")
def set_alpha(image: Image, mask: Mask) -> Image:
    """Make parts of pictures transparent.

    Args:
        image: Pictures of any kind.
        mask: What stays opaque, as large as the pictures.

    Returns:
        Pictures with four channels.

    Raises:
        PictureSizeError: The mask differs in size.
        PictureCountError: The batches differ in length and neither is single.
    """
    same_size(image.pixels_BHWC, mask.values_BHW, names=("image", "mask"))
    rgb, alpha = same_count(image.pixels_BHWC[..., :3], weights_of(mask), names=("image", "mask"))
    return Image(torch.cat([rgb, alpha], dim=-1))


@node("image.flatten")
def flatten_image(image: Image, color: Annotated[str, ColorPicker()] = "#ffffff") -> Image:
    """Lay pictures with transparency on a colour, so that they have none.

    Args:
        image: Any pictures.
        color: What shows through.

    Returns:
        Pictures with three channels.

    Raises:
        ColorError: The colour is not written as #rrggbb.
    """
    pixels = image.pixels_BHWC
    below = color_of(color)[:3].to(pixels).expand(*pixels.shape[:3], 3)
    return Image(lay_over(below, pixels).contiguous())


@node("image.invert")
def invert_image(image: Image) -> Image:
    """Turn the colours of pictures into their opposites; transparency stays.

    Args:
        image: Any pictures.

    Returns:
        Negatives.
    """
    pixels = image.pixels_BHWC
    return Image(torch.cat([1 - pixels[..., :3], pixels[..., 3:]], dim=-1))


@node("image.adjust")
def adjust_image(
    image: Image,
    brightness: Annotated[float, Slider(0, 4, step=0.01)] = 1.0,
    contrast: Annotated[float, Slider(0, 4, step=0.01)] = 1.0,
    *,
    saturation: Annotated[float, Slider(0, 4, step=0.01)] = 1.0,
    gamma: Annotated[float, Slider(0.1, 5, step=0.01)] = 1.0,
) -> Image:
    """Change brightness, contrast, saturation and gamma, in this order; 1 changes nothing.

    Args:
        image: Any pictures.
        brightness: Factor on every value, 0 (black) .. 4.
        contrast: Factor on the distance from middle grey, 0 (grey) .. 4.
        saturation: Factor on the distance from grey of the same brightness, 0 (grey) .. 4.
        gamma: Values are raised to 1 / gamma, 0.1..5; above 1 lightens the dark parts.

    Returns:
        Pictures of the same size; values beyond 0..1 are cut off.
    """
    rgb = image.pixels_BHWC[..., :3] * brightness
    rgb = (rgb - 0.5) * contrast + 0.5
    grey = brightness_of(rgb)[..., None]
    rgb = (grey + (rgb - grey) * saturation).clamp(0, 1)
    return Image(torch.cat([rgb ** (1 / gamma), image.pixels_BHWC[..., 3:]], dim=-1))


@node("image.blur")
def blur_image(image: Image, radius: Annotated[float, Slider(0, 256, step=0.5)] = 4.0) -> Image:
    """Blur pictures.

    Args:
        image: Any pictures.
        radius: Standard deviation of the Gaussian in pixels, 0 (unchanged) .. 256.

    Returns:
        Pictures of the same size.
    """
    return Image(blur_planes(image.pixels_BHWC.movedim(-1, 1), radius).movedim(1, -1).clamp(0, 1))


@node("image.sharpen")
def sharpen_image(
    image: Image,
    radius: Annotated[float, Slider(0.1, 64, step=0.1)] = 1.0,
    amount: Annotated[float, Slider(0, 5, step=0.05)] = 0.5,
) -> Image:
    """Sharpen pictures by an unsharp mask; transparency stays.

    Args:
        image: Any pictures.
        radius: Size of the detail to strengthen, in pixels, 0.1..64.
        amount: How much, 0 (unchanged) .. 5.

    Returns:
        Pictures of the same size.
    """
    pixels = image.pixels_BHWC
    sharp = sharpen_planes(pixels[..., :3].movedim(-1, 1), radius=radius, amount=amount).movedim(1, -1)
    return Image(torch.cat([sharp, pixels[..., 3:]], dim=-1))


def _canvas(pixels_BHWC: Tensor, size: tuple[int, int], color: str) -> Tensor:
    """Fill pictures of another size, with as many channels, with one colour."""
    width, height = size
    batch, channels = pixels_BHWC.shape[0], pixels_BHWC.shape[-1]
    check_area(width, height, count=batch)
    color_C = torch.cat([color_of(color), torch.ones(1)])[:channels].to(pixels_BHWC)
    return color_C.expand(batch, height, width, channels).clone()


def _framed(pixels_BHWC: Tensor, canvas_BHWC: Tensor, at: tuple[int, int]) -> Tensor:
    """Put pictures on a canvas made for them."""
    left, top = at
    height, width = pixels_BHWC.shape[1:3]
    canvas_BHWC[:, top : top + height, left : left + width] = pixels_BHWC
    return canvas_BHWC
