"""Pictures as bytes and back, and the checks that two pictures may be joined."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from weft.sdk import Image, Mask

from weft_nodes.pixels.errors import PictureCountError, PictureSizeError, PictureTooLargeError

MOST_MEGAPIXELS = 512
"""More pixels than this in one value is taken for a slip of the pen, not for a wish."""


def bytes_of(image: Image) -> list[NDArray[np.uint8]]:
    """Turn a batch of pictures into bytes.

    Args:
        image: Pictures with values 0..1.

    Returns:
        One array (height, width, channels) per picture, rounded to the nearest of 0..255.
    """
    bytes_BHWC = image.pixels_BHWC.detach().to("cpu", torch.float32).clamp(0, 1).mul(255).round()
    return list(bytes_BHWC.to(torch.uint8).numpy())


def image_of(bytes_HWC: NDArray[np.uint8]) -> Image:
    """Turn bytes into one picture.

    Args:
        bytes_HWC: Array (height, width, 3 or 4), 0..255.

    Returns:
        A batch of one picture with values 0..1.
    """
    pixels_HWC = torch.from_numpy(np.array(bytes_HWC, dtype=np.float32)).div(255)
    return Image(pixels_HWC[None])


def size_text(width: int, height: int) -> str:
    """Write a size as people do, for example 640x480."""
    return f"{width}x{height}"


def size_of(tensor_BHW: Tensor) -> str:
    """Write the size of a picture (B, H, W, C) or a mask (B, H, W) as people do."""
    return size_text(tensor_BHW.shape[2], tensor_BHW.shape[1])


def check_area(width: int, height: int, *, count: int = 1) -> None:
    """Refuse sizes that nobody means.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        count: Pictures of this size.

    Raises:
        PictureTooLargeError: All pictures together have more than 512 megapixels.
    """
    if width * height * count > MOST_MEGAPIXELS * 1_000_000:
        raise PictureTooLargeError(size=size_text(width, height), most_megapixels=MOST_MEGAPIXELS)


def same_size(first_BHW: Tensor, second_BHW: Tensor, *, names: tuple[str, str]) -> None:
    """Refuse two pictures or masks whose widths or heights differ.

    Args:
        first_BHW: Picture (B, H, W, C) or mask (B, H, W).
        second_BHW: Picture or mask that should be as large.
        names: What the two are called in the error.

    Raises:
        PictureSizeError: Width or height differ.
    """
    if first_BHW.shape[1:3] != second_BHW.shape[1:3]:
        raise PictureSizeError(
            first=names[0],
            first_size=size_of(first_BHW),
            second=names[1],
            second_size=size_of(second_BHW),
        )


def same_count(first_B: Tensor, second_B: Tensor, *, names: tuple[str, str]) -> tuple[Tensor, Tensor]:
    """Repeat the single one of two batches, so that both have one length.

    Args:
        first_B: A batch along its first axis.
        second_B: A batch along its first axis.
        names: What the two are called in the error.

    Returns:
        Both, with equal first axes, on the device of the first.

    Raises:
        PictureCountError: The lengths differ and neither is 1.
    """
    first_count, second_count = first_B.shape[0], second_B.shape[0]
    second_B = second_B.to(first_B.device)
    if first_count == second_count:
        return first_B, second_B
    if 1 not in (first_count, second_count):
        raise PictureCountError(
            first=names[0], first_count=first_count, second=names[1], second_count=second_count
        )
    count = max(first_count, second_count)
    return first_B.expand(count, *first_B.shape[1:]), second_B.expand(count, *second_B.shape[1:])


def with_alpha(pixels_BHWC: Tensor) -> Tensor:
    """Give pictures an opaque alpha channel where they have none: (B, H, W, 4)."""
    if pixels_BHWC.shape[-1] == 4:
        return pixels_BHWC
    return torch.cat([pixels_BHWC, torch.ones_like(pixels_BHWC[..., :1])], dim=-1)


def same_channels(first_BHWC: Tensor, second_BHWC: Tensor) -> tuple[Tensor, Tensor]:
    """Give both pictures an alpha channel if one of them has it."""
    if first_BHWC.shape[-1] == second_BHWC.shape[-1]:
        return first_BHWC, second_BHWC
    return with_alpha(first_BHWC), with_alpha(second_BHWC)


def weights_of(mask: Mask) -> Tensor:
    """Shape a mask so that it multiplies pictures: (B, H, W, 1)."""
    return mask.values_BHW[..., None]
