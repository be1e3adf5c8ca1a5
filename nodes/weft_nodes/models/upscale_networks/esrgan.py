"""ESRGAN and Real-ESRGAN: blocks of densely joined convolutions, in two layouts.

https://arxiv.org/abs/1809.00219, https://arxiv.org/abs/2107.10833
"""

import math
import re
from collections.abc import Mapping
from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError, UpscaleNetwork

_OLD_BLOCK: Final = re.compile(r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(weight|bias)")
_OLD_LAYER: Final = re.compile(r"model\.(\d+)\.(weight|bias)")
_OLD_END: Final = re.compile(r"model\.1\.sub\.(\d+)\.(weight|bias)")


class _DenseBlock(nn.Module):
    """Five convolutions, each of which reads what all before it found."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for index in range(4):
            setattr(self, f"conv{index + 1}", nn.Conv2d(features + index * growth, growth, 3, padding=1))
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, padding=1)

    def forward(self, x_BChw: Tensor) -> Tensor:
        found = [x_BChw]
        for index in range(1, 5):
            found.append(_leaky(getattr(self, f"conv{index}")(torch.cat(found, 1))))
        return cast("Tensor", self.conv5(torch.cat(found, 1)) * 0.2 + x_BChw)


class _ResidualBlock(nn.Module):
    """Three dense blocks in a row."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (_DenseBlock(features, growth) for _ in range(3))

    def forward(self, x_BChw: Tensor) -> Tensor:
        return cast("Tensor", self.rdb3(self.rdb2(self.rdb1(x_BChw))) * 0.2 + x_BChw)


class Esrgan(UpscaleNetwork):
    """ESRGAN: blocks of dense convolutions, then one doubling after the other.

    Args:
        layout: Its tensors, by the names of the newer layout.

    Raises:
        LayoutError: They are not those of an ESRGAN.
    """

    kind: ClassVar[str] = "ESRGAN"

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        features, read = layout.shape("conv_first.weight", 4)[:2]
        growth = layout.shape("body.0.rdb1.conv1.weight", 4)[0]
        written = layout.shape("conv_last.weight", 4)[0]
        self.doublings = layout.count("conv_up")
        if written != 3 or read not in [3 * 4**order for order in range(self.doublings + 1)]:
            raise LayoutError(f"conv_first reads {read} channels and conv_last writes {written}, not three")
        # Networks for small factors fold squares of pixels into channels first.
        self.multiple = math.isqrt(read // written)
        self.scale = 2**self.doublings // self.multiple
        self.conv_first = nn.Conv2d(read, features, 3, padding=1)
        blocks = layout.count("body.")
        self.body = nn.Sequential(*(_ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        for index in range(1, self.doublings + 1):
            setattr(self, f"conv_up{index}", nn.Conv2d(features, features, 3, padding=1))
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, written, 3, padding=1)

    @override
    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1, whose sides are multiples of `multiple`."""
        first = self.conv_first(functional.pixel_unshuffle(x_BCHW, self.multiple))
        found = first + self.conv_body(self.body(first))
        for index in range(1, self.doublings + 1):
            found = _leaky(getattr(self, f"conv_up{index}")(functional.interpolate(found, scale_factor=2)))
        return cast("Tensor", self.conv_last(_leaky(self.conv_hr(found))))


def renewed(names: Mapping[str, str]) -> Mapping[str, str]:
    """Rename the tensors of the layout of the first ESRGAN; others keep their names.

    Args:
        names: Names without what trainers put before them, by those of the file.

    Returns:
        Names of the newer layout, by those of the file.
    """
    if "model.0.weight" not in names.values():
        return names
    tail = sorted({int(found[1]) for name in names.values() if (found := _OLD_LAYER.fullmatch(name))})[1:]
    ends = dict(zip(tail[-2:], ("conv_hr", "conv_last"), strict=False))
    layers = {0: "conv_first", **{at: f"conv_up{order}" for order, at in enumerate(tail[:-2], 1)}, **ends}
    return {name: _renewed(old, layers) for name, old in names.items()}


def _renewed(old: str, layers: Mapping[int, str]) -> str:
    if block := _OLD_BLOCK.fullmatch(old):
        return f"body.{block[1]}.rdb{block[2]}.conv{block[3]}.{block[4]}"
    if end := _OLD_END.fullmatch(old):
        return f"conv_body.{end[2]}"
    if layer := _OLD_LAYER.fullmatch(old):
        return f"{layers[int(layer[1])]}.{layer[2]}"
    return old


def _leaky(x_BChw: Tensor) -> Tensor:
    return functional.leaky_relu(x_BChw, 0.2)
