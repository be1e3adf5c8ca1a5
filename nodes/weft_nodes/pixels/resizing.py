"""Other sizes for pictures, masks and latents, without the jagged edges of dropped pixels."""

from typing import Literal, TypeAlias

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor
from torch.nn import functional

from weft_nodes.pixels.colors import from_linear_light, to_linear_light
from weft_nodes.pixels.conversion import check_area

Method: TypeAlias = Literal["nearest", "area", "bilinear", "bicubic", "lanczos"]
"""How a new pixel is made of old ones. All but `nearest` average when they shrink."""

Fit: TypeAlias = Literal["stretch", "inside", "cover", "pad"]
"""What happens to a picture whose proportions are not those of the new size."""


def resize_planes(planes_BChw: Tensor, *, width: int, height: int, method: Method) -> Tensor:
    """Resize any stack of planes.

    Args:
        planes_BChw: Planes of any number of channels and any range of values.
        width: New width, 1 or more.
        height: New height, 1 or more.
        method: How a new value is made of old ones; bicubic and lanczos may overshoot the old range.

    Returns:
        Planes (B, C, height, width) of the same type on the same device.
    """
    if planes_BChw.shape[-2:] == (height, width):
        return planes_BChw
    size = (height, width)
    if method == "nearest":
        return functional.interpolate(planes_BChw, size, mode="nearest-exact")
    if method == "area":
        return functional.interpolate(planes_BChw, size, mode="area")
    if method == "lanczos":
        return _lanczos(planes_BChw, width=width, height=height)
    return functional.interpolate(planes_BChw, size, mode=method, antialias=True)


def resize_pixels(
    pixels_BHWC: Tensor, *, width: int, height: int, method: Method, linear_light: bool = False
) -> Tensor:
    """Resize pictures; transparent pixels lend no colour to their neighbours.

    Args:
        pixels_BHWC: Pictures with 3 or 4 channels, 0..1.
        width: New width in pixels.
        height: New height in pixels.
        method: How a new pixel is made of old ones.
        linear_light: Average amounts of light rather than sRGB values, as a lens would.

    Returns:
        Pictures (B, height, width, C), 0..1.

    Raises:
        PictureTooLargeError: The new pictures have more than 512 megapixels.
    """
    if pixels_BHWC.shape[1:3] == (height, width):
        return pixels_BHWC
    check_area(width, height, count=pixels_BHWC.shape[0])
    source = to_linear_light(pixels_BHWC) if linear_light else pixels_BHWC
    has_alpha = source.shape[-1] == 4
    if has_alpha:
        source = torch.cat([source[..., :3] * source[..., 3:], source[..., 3:]], dim=-1)
    planes = resize_planes(source.movedim(-1, 1), width=width, height=height, method=method)
    result = planes.movedim(1, -1).clamp(0, 1)
    if has_alpha:
        alpha = result[..., 3:]
        result = torch.cat([result[..., :3] / alpha.clamp_min(1e-6), alpha], dim=-1)
    return (from_linear_light(result) if linear_light else result).clamp(0, 1).contiguous()


def resize_mask(values_BHW: Tensor, *, width: int, height: int, method: Method) -> Tensor:
    """Resize masks: (B, height, width), 0..1."""
    check_area(width, height, count=values_BHW.shape[0])
    return resize_planes(values_BHW[:, None], width=width, height=height, method=method)[:, 0].clamp(0, 1)


def size_inside(width: int, height: int, *, most_width: int, most_height: int) -> tuple[int, int]:
    """The largest size of the same proportions that lies within a frame, at least 1x1."""
    factor = min(most_width / width, most_height / height)
    return max(1, min(most_width, round(width * factor))), max(1, min(most_height, round(height * factor)))


def size_covering(width: int, height: int, *, least_width: int, least_height: int) -> tuple[int, int]:
    """The smallest size of the same proportions that covers a frame."""
    factor = max(least_width / width, least_height / height)
    return max(least_width, round(width * factor)), max(least_height, round(height * factor))


def middle_of(pixels_BHWC: Tensor, *, width: int, height: int) -> Tensor:
    """Cut the middle out of pictures or masks that are at least as large."""
    top = (pixels_BHWC.shape[1] - height) // 2
    left = (pixels_BHWC.shape[2] - width) // 2
    return pixels_BHWC[:, top : top + height, left : left + width]


def _lanczos(planes_BChw: Tensor, *, width: int, height: int) -> Tensor:
    """Resize through Pillow, whose Lanczos filter is antialiased; torch has none."""
    flat = planes_BChw.detach().to("cpu", torch.float32).reshape(-1, *planes_BChw.shape[-2:]).numpy()
    resized = [
        np.asarray(Pillow.fromarray(plane, mode="F").resize((width, height), Pillow.Resampling.LANCZOS))
        for plane in flat
    ]
    stacked = torch.from_numpy(np.stack(resized)).reshape(*planes_BChw.shape[:2], height, width)
    return stacked.to(planes_BChw)
