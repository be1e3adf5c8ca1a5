"""HAT (https://arxiv.org/abs/2205.04437): SwinIR with weights for channels and with windows that overlap."""

import math
from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.swinir import Block, Blocks, SwinIr
from weft_nodes.models.upscale_networks.transformer import convolved, sharing
from weft_nodes.models.upscale_networks.windows import (
    Feedforward,
    attend,
    biases,
    distances,
    joined,
    windowed,
)

# How much channels count beside windows; files do not tell, and none is known that has another.
_SHARE: Final = 0.01


class _Weighing(nn.Module):
    """Tells from the whole picture how much each channel counts."""

    def __init__(self, features: int, few: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(features, few, 1),
            nn.ReLU(),
            nn.Conv2d(few, features, 1),
            nn.Sigmoid(),
        )

    def forward(self, x_BChw: Tensor) -> Tensor:
        return cast("Tensor", x_BChw * self.attention(x_BChw))


class _Channels(nn.Module):
    """Two convolutions with fewer channels between them, then weights for the channels."""

    def __init__(self, layout: Layout, place: str, features: int) -> None:
        super().__init__()
        inner = layout.shape(f"{place}.cab.0.weight", 4)[0]
        few = layout.shape(f"{place}.cab.3.attention.1.weight", 4)[0]
        self.cab = nn.Sequential(
            nn.Conv2d(features, inner, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(inner, features, 3, padding=1),
            _Weighing(features, few),
        )

    def forward(self, x_BChw: Tensor) -> Tensor:
        return cast("Tensor", self.cab(x_BChw))


class _Block(Block):
    """Attention in windows and over channels at once, then two linear layers."""

    def __init__(self, layout: Layout, place: str, features: int, side: int, *, is_shifted: bool) -> None:
        super().__init__(layout, place, features, side, is_shifted=is_shifted)
        self.conv_block = _Channels(layout, f"{place}.conv_block", features)

    @override
    def forward(self, x_BhwC: Tensor) -> Tensor:
        normed = self.norm1(x_BhwC)
        near = self.attn(normed, is_shifted=self.is_shifted)
        x_BhwC = x_BhwC + near + _SHARE * convolved(self.conv_block, normed)
        return cast("Tensor", x_BhwC + self.mlp(self.norm2(x_BhwC)))


class _Overlap(nn.Module):
    """Attention of windows to larger ones around them, then two linear layers."""

    def __init__(self, layout: Layout, place: str, features: int, side: int) -> None:
        super().__init__()
        apart, heads = layout.shape(f"{place}.relative_position_bias_table", 2)
        # With the sides of both windows: apart = (side + seen - 1)^2.
        self.side, self.seen = side, math.isqrt(apart) + 1 - side
        if (side + self.seen - 1) ** 2 != apart or not 1 < side <= self.seen or (self.seen - side) % 2:
            raise LayoutError(f"no window around one of {side} pixels has {apart} distances")
        self.relative_position_bias_table = nn.Parameter(torch.empty(apart, sharing(heads, features)))
        self.norm1, self.norm2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.qkv = nn.Linear(features, 3 * features, bias=f"{place}.qkv.bias" in layout)
        self.proj = nn.Linear(features, features)
        self.mlp = Feedforward(features, layout.shape(f"{place}.mlp.fc1.weight", 2)[0])

    def forward(self, x_BhwC: Tensor) -> Tensor:
        features = x_BhwC.shape[-1]
        query, both = self.qkv(self.norm1(x_BhwC)).split((features, 2 * features), -1)
        # Where larger windows reach over the edges they see zeros.
        around = functional.unfold(
            both.movedim(-1, 1), self.seen, stride=self.side, padding=(self.seen - self.side) // 2
        )
        heads = self.relative_position_bias_table.shape[1]
        pairs = torch.unflatten(around, 1, (2, heads, features // heads, -1))
        key, value = pairs.permute(1, 0, 5, 2, 4, 3).flatten(1, 2)
        queries = torch.unflatten(windowed(query, (self.side, self.side)), -1, (heads, -1)).transpose(1, 2)
        found_WNC = attend(queries, key, value, self._offsets())
        height, width = x_BhwC.shape[1:3]
        found = joined(found_WNC, (self.side, self.side), (height, width))
        x_BhwC = x_BhwC + self.proj(found)
        return cast("Tensor", x_BhwC + self.mlp(self.norm2(x_BhwC)))

    def _offsets(self) -> Tensor:
        """Return what is added by where pixels of a window and of the one around it lie."""
        table, window, seen = self.relative_position_bias_table, (self.side,) * 2, (self.seen,) * 2
        places = distances(seen, window, table.device).transpose(0, 1)
        # Published networks were trained with rows counted from the middle of the table; what comes before
        # its beginning is counted from its end.
        return biases(table, places - (2 * self.seen - self.side - 2) * (self.seen + self.side))


class _Blocks(Blocks):
    """The blocks of a group, and the one whose windows overlap."""

    block = _Block

    def __init__(self, layout: Layout, place: str, features: int, side: int) -> None:
        super().__init__(layout, place, features, side)
        self.overlap_attn = _Overlap(layout, f"{place}.overlap_attn", features, side)

    @override
    def forward(self, x_BhwC: Tensor) -> Tensor:
        return cast("Tensor", self.overlap_attn(super().forward(x_BhwC)))


class Hat(SwinIr):
    """HAT, in all sizes: a SwinIR whose groups have more in their blocks, and one more block.

    Args:
        layout: Its tensors.

    Raises:
        LayoutError: They are not those of a HAT.
    """

    kind: ClassVar[str] = "HAT"
    blocks = _Blocks
