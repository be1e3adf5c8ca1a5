"""Colours as people write them, and the two scales on which light is counted."""

import re

import torch
from torch import Tensor

from weft_nodes.pixels.errors import ColorError

LUMA_C = (0.2126, 0.7152, 0.0722)
"""Share of red, green and blue in the brightness an eye sees (Rec. 709)."""

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


def color_of(text: str) -> Tensor:
    """Read a colour.

    Args:
        text: #rgb, #rrggbb or #rrggbbaa.

    Returns:
        Three values 0..1, or four where the text has an alpha.

    Raises:
        ColorError: The text is none of the three forms.
    """
    if not _HEX.fullmatch(text):
        raise ColorError(color=text)
    digits = text[1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return torch.tensor([int(digits[i : i + 2], 16) / 255 for i in range(0, len(digits), 2)])


def brightness_of(pixels_BHWC: Tensor) -> Tensor:
    """Weigh red, green and blue as an eye does: (B, H, W), 0..1."""
    luma_C = torch.tensor(LUMA_C, device=pixels_BHWC.device, dtype=pixels_BHWC.dtype)
    return (pixels_BHWC[..., :3] * luma_C).sum(-1)


def to_linear_light(pixels_BHWC: Tensor) -> Tensor:
    """Turn sRGB values into amounts of light (IEC 61966-2-1); an alpha channel stays."""
    rgb = pixels_BHWC[..., :3]
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)
    return torch.cat([linear, pixels_BHWC[..., 3:]], dim=-1)


def from_linear_light(pixels_BHWC: Tensor) -> Tensor:
    """Turn amounts of light into sRGB values; the inverse of `to_linear_light`."""
    rgb = pixels_BHWC[..., :3]
    encoded = 1.055 * rgb.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.cat([torch.where(rgb <= 0.0031308, rgb * 12.92, encoded), pixels_BHWC[..., 3:]], dim=-1)
