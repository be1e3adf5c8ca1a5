"""The ways in which one picture is laid over another."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Mode: TypeAlias = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "soft light",
    "hard light",
    "darken",
    "lighten",
    "difference",
    "add",
    "subtract",
]
"""Names as in W3C Compositing and Blending Level 1, where it knows the mode."""


def _screen(below: Tensor, above: Tensor) -> Tensor:
    return below + above - below * above


def _hard_light(below: Tensor, above: Tensor) -> Tensor:
    return torch.where(above <= 0.5, below * (2 * above), _screen(below, 2 * above - 1))


def _soft_light(below: Tensor, above: Tensor) -> Tensor:
    curve = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.clamp_min(0).sqrt())
    darker = below - (1 - 2 * above) * below * (1 - below)
    lighter = below + (2 * above - 1) * (curve - below)
    return torch.where(above <= 0.5, darker, lighter)


_MODES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {
        "normal": lambda _, above: above,
        "multiply": lambda below, above: below * above,
        "screen": _screen,
        "overlay": lambda below, above: _hard_light(above, below),
        "soft light": _soft_light,
        "hard light": _hard_light,
        "darken": torch.minimum,
        "lighten": torch.maximum,
        "difference": lambda below, above: (below - above).abs(),
        "add": lambda below, above: below + above,
        "subtract": lambda below, above: below - above,
    }
)


def blend(below_BHWC: Tensor, above_BHWC: Tensor, weight: Tensor | float, *, mode: Mode) -> Tensor:
    """Lay one picture over another.

    Args:
        below_BHWC: The lower picture, 0..1.
        above_BHWC: The upper picture, 0..1, as large and with as many channels.
        weight: Share of the upper picture, 0..1; a number or something that multiplies pictures.
        mode: How the colours of the two meet. An alpha channel is always mixed, in any mode.

    Returns:
        Pictures with the shape of the lower one, 0..1.
    """
    met = _MODES[mode](below_BHWC[..., :3], above_BHWC[..., :3]).clamp(0, 1)
    met = torch.cat([met, above_BHWC[..., 3:]], dim=-1)
    return below_BHWC + (met - below_BHWC) * weight


def lay_over(below_BHWC: Tensor, above_BHWC: Tensor) -> Tensor:
    """Lay a picture over another by its alpha channel; without one it covers everything.

    Args:
        below_BHWC: The lower picture, 0..1.
        above_BHWC: The upper picture, as large.

    Returns:
        Pictures with the channels of the lower one ("source over", Porter and Duff 1984).
    """
    if above_BHWC.shape[-1] == 3 and below_BHWC.shape[-1] == 3:
        return above_BHWC
    alpha = above_BHWC[..., 3:] if above_BHWC.shape[-1] == 4 else torch.ones_like(above_BHWC[..., :1])
    if below_BHWC.shape[-1] == 3:
        return below_BHWC + (above_BHWC[..., :3] - below_BHWC) * alpha
    below_alpha = below_BHWC[..., 3:] * (1 - alpha)
    total = alpha + below_alpha
    mixed = (above_BHWC[..., :3] * alpha + below_BHWC[..., :3] * below_alpha) / total.clamp_min(1e-6)
    return torch.cat([mixed, total], dim=-1)
