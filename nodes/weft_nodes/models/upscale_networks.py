"""Networks that enlarge pictures, built from the names and shapes in their files.

ESRGAN (https://arxiv.org/abs/1809.00219) in its two layouts, the compact networks of Real-ESRGAN
(https://arxiv.org/abs/2107.10833), and both as their trainers wrap them.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft_nodes.models.errors import CheckpointUnknownError

Shape = Sequence[int]

# Trainers keep averaged weights beside the last ones; the averaged ones are those that are meant.
_WRAPPERS: Final = ("params_ema.", "params.", "module.")
_DOUBLING: Final = r"conv_up(\d+)\.weight"
_ROW: Final = r"body\.(\d+)\.weight"
_OLD_BLOCK: Final = re.compile(r"model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.(weight|bias)")
_OLD_LAYER: Final = re.compile(r"model\.(\d+)\.(weight|bias)")
_OLD_END: Final = re.compile(r"model\.1\.sub\.(\d+)\.(weight|bias)")


class UpscaleNetwork(nn.Module):
    """A network that enlarges pictures.

    Attributes:
        scale: How many times larger both sides become.
        multiple: Sides of what it reads are multiples of this number of pixels.
    """

    scale: int
    multiple: int = 1


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
        shapes: Shapes of its tensors by name, in the newer layout.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        super().__init__()
        features, read = shapes["conv_first.weight"][:2]
        written, growth = shapes["conv_last.weight"][0], shapes["body.0.rdb1.conv1.weight"][0]
        self.doublings = _count(shapes, _DOUBLING)
        # Networks for small factors fold squares of pixels into channels first.
        self.multiple = math.isqrt(read // written)
        self.scale = 2**self.doublings // self.multiple
        self.conv_first = nn.Conv2d(read, features, 3, padding=1)
        blocks = _count(shapes, r"body\.(\d+)\..+")
        self.body = nn.Sequential(*(_ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        for index in range(1, self.doublings + 1):
            setattr(self, f"conv_up{index}", nn.Conv2d(features, features, 3, padding=1))
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, written, 3, padding=1)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1, whose sides are multiples of `multiple`."""
        first = self.conv_first(functional.pixel_unshuffle(x_BCHW, self.multiple))
        found = first + self.conv_body(self.body(first))
        for index in range(1, self.doublings + 1):
            found = _leaky(getattr(self, f"conv_up{index}")(functional.interpolate(found, scale_factor=2)))
        return cast("Tensor", self.conv_last(_leaky(self.conv_hr(found))))


class Compact(UpscaleNetwork):
    """The compact network of Real-ESRGAN: convolutions at the small size, added to the enlarged picture.

    Args:
        shapes: Shapes of its tensors by name.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        super().__init__()
        last = _count(shapes, _ROW) - 1
        features, read = shapes["body.0.weight"][:2]
        self.scale = math.isqrt(shapes[f"body.{last}.weight"][0] // read)
        layers: list[nn.Module] = [nn.Conv2d(read, features, 3, padding=1), nn.PReLU(features)]
        for _ in range(last // 2 - 1):
            layers += [nn.Conv2d(features, features, 3, padding=1), nn.PReLU(features)]
        self.body = nn.Sequential(*layers, nn.Conv2d(features, read * self.scale**2, 3, padding=1))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1."""
        detail = functional.pixel_shuffle(self.body(x_BCHW), self.scale)
        return detail + functional.interpolate(x_BCHW, scale_factor=self.scale)


def unwrapped(names: Sequence[str]) -> Mapping[str, str]:
    """Map the names of a file to those of our networks.

    Args:
        names: Names of its tensors.

    Returns:
        New names by those of the file; weights that a trainer keeps beside the averaged ones are left out.
    """
    wrapper = next((found for found in _WRAPPERS if any(name.startswith(found) for name in names)), "")
    plain = {name: name.removeprefix(wrapper) for name in names if name.startswith(wrapper)}
    if "model.0.weight" not in plain.values():
        return plain
    tail = sorted({int(found[1]) for name in plain.values() if (found := _OLD_LAYER.fullmatch(name))})[1:]
    ends = dict(zip(tail[-2:], ("conv_hr", "conv_last"), strict=False))
    layers = {0: "conv_first", **{at: f"conv_up{order}" for order, at in enumerate(tail[:-2], 1)}, **ends}
    return {name: _renewed(old, layers) for name, old in plain.items()}


def network_of(path: Path, shapes: Mapping[str, Shape]) -> Callable[[], UpscaleNetwork]:
    """Recognise an upscaler by its tensors.

    Args:
        path: The file, for the error.
        shapes: Shapes of its tensors by our names; see `unwrapped`.

    Returns:
        What builds the network.

    Raises:
        CheckpointUnknownError: It is of no architecture that is known here.
    """
    if _is_esrgan(shapes):
        return lambda: Esrgan(shapes)
    if _is_compact(shapes):
        return lambda: Compact(shapes)
    examples = ", ".join(sorted(shapes)[:3]) or "none"
    raise CheckpointUnknownError(
        path=path,
        seen=f"{len(shapes)} tensors ({examples}) of no upscaler known here",
        tried=(
            "ESRGAN reads pictures of three channels with conv_first and has dense blocks",
            "a compact network is a row of convolutions with PReLUs between them",
        ),
    )


def _is_esrgan(shapes: Mapping[str, Shape]) -> bool:
    first, last, block = (
        shapes.get(f"{name}.weight", ()) for name in ("conv_first", "conv_last", "body.0.rdb1.conv1")
    )
    if not (len(first) == len(last) == len(block) == 4 and last[0] == 3):
        return False
    return first[1] in [3 * 4**order for order in range(_count(shapes, _DOUBLING) + 1)]


def _is_compact(shapes: Mapping[str, Shape]) -> bool:
    layers = _count(shapes, _ROW)
    first, second, last = (shapes.get(f"body.{index}.weight", ()) for index in (0, 1, layers - 1))
    is_row = layers % 2 == 1 and len(first) == len(last) == 4 and len(second) == 1
    return is_row and first[1] == 3 and last[0] == 3 * max(1, math.isqrt(last[0] // 3)) ** 2


def _renewed(old: str, layers: Mapping[int, str]) -> str:
    if block := _OLD_BLOCK.fullmatch(old):
        return f"body.{block[1]}.rdb{block[2]}.conv{block[3]}.{block[4]}"
    if end := _OLD_END.fullmatch(old):
        return f"conv_body.{end[2]}"
    if layer := _OLD_LAYER.fullmatch(old):
        return f"{layers[int(layer[1])]}.{layer[2]}"
    return old


def _count(shapes: Mapping[str, Shape], pattern: str) -> int:
    """Count the layers of a kind by the numbers in their names."""
    return len({found[1] for name in shapes if (found := re.fullmatch(pattern, name))})


def _leaky(x_BChw: Tensor) -> Tensor:
    return functional.leaky_relu(x_BChw, 0.2)
