"""Filters that look at a pixel's neighbours."""

import torch
from torch import Tensor
from torch.nn import functional


def blur_planes(planes_BChw: Tensor, radius: float) -> Tensor:
    """Blur planes with a Gaussian; the edge pixels go on beyond the edge.

    Args:
        planes_BChw: Planes of any number of channels.
        radius: Standard deviation of the Gaussian in pixels; 0 changes nothing.

    Returns:
        Planes of the same shape; a constant plane stays as it is.
    """
    if radius <= 0:
        return planes_BChw
    reach = max(1, round(3 * radius))
    offsets = torch.arange(-reach, reach + 1, device=planes_BChw.device, dtype=planes_BChw.dtype)
    kernel = torch.exp(-0.5 * (offsets / radius) ** 2)
    kernel = kernel / kernel.sum()
    batch, channels, height, width = planes_BChw.shape
    # A Gaussian is separable: along rows, then along columns.
    rows = planes_BChw.reshape(batch * channels, 1, height, width)
    rows = functional.pad(rows, (reach, reach, 0, 0), mode="replicate")
    rows = functional.conv2d(rows, kernel.reshape(1, 1, 1, -1))
    columns = functional.pad(rows, (0, 0, reach, reach), mode="replicate")
    blurred = functional.conv2d(columns, kernel.reshape(1, 1, -1, 1))
    return blurred.reshape(batch, channels, height, width)


def grow_planes(planes_BChw: Tensor, pixels: int) -> Tensor:
    """Grow what is bright by a round margin, or shrink it.

    Args:
        planes_BChw: Planes 0..1.
        pixels: Margin in pixels; negative shrinks; 0 changes nothing.

    Returns:
        Planes of the same shape.
    """
    if pixels < 0:
        return 1 - grow_planes(1 - planes_BChw, -pixels)
    height, width = planes_BChw.shape[-2:]
    grown = planes_BChw
    # A disc is the union of its rows; each row is one maximum over a horizontal window.
    for down in range(-pixels, pixels + 1):
        reach = int((pixels * pixels - down * down) ** 0.5)
        spread = functional.max_pool2d(planes_BChw, (1, 2 * reach + 1), stride=1, padding=(0, reach))
        if abs(down) >= height:
            continue
        into = slice(max(0, down), height + min(0, down))
        out_of = slice(max(0, -down), height + min(0, -down))
        shifted = torch.zeros_like(planes_BChw)
        shifted[..., into, :width] = spread[..., out_of, :]
        grown = torch.maximum(grown, shifted)
    return grown


def sharpen_planes(planes_BChw: Tensor, *, radius: float, amount: float) -> Tensor:
    """Add what a blur takes away (unsharp masking).

    Args:
        planes_BChw: Planes 0..1.
        radius: Standard deviation of the blur in pixels.
        amount: How much of the difference is added; 0 changes nothing.

    Returns:
        Planes of the same shape, 0..1.
    """
    return (planes_BChw + amount * (planes_BChw - blur_planes(planes_BChw, radius))).clamp(0, 1)
