"""DAT (https://arxiv.org/abs/2308.03364): attention among pixels of windows and among channels, by turns."""

import math
from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.transformer import Transformer, closing, convolved, sharing
from weft_nodes.models.upscale_networks.windows import Size, attend_in_windows, biases, distances

_FIRST: Final = "layers.0.blocks.0.attn.attns.0"
# The narrowest layer has a sixteenth of the channels.
_NARROWEST: Final = 16


class _FixedNorm(nn.Module):
    """What batch normalisation is after training."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.empty(features)) for _ in range(2))
        self.register_buffer("running_mean", torch.empty(features))
        self.register_buffer("running_var", torch.empty(features))

    def forward(self, x_BChw: Tensor) -> Tensor:
        return functional.batch_norm(x_BChw, self.running_mean, self.running_var, self.weight, self.bias)


class _Offsets(nn.Module):
    """A small network that tells from a distance how much two pixels look at each other."""

    def __init__(self, layout: Layout, place: str, features: int) -> None:
        super().__init__()
        width = layout.shape(f"{place}.pos_proj.weight", 2)[0]
        heads = sharing(layout.shape(f"{place}.pos3.2.weight", 2)[0], features)
        self.pos_proj = nn.Linear(2, width)
        self.pos1, self.pos2, self.pos3 = (
            nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, written))
            for written in (width, width, heads)
        )

    def forward(self, window: Size) -> Tensor:
        """Return a table with a row for each distance in a window, and a column for each head."""
        weight = self.pos_proj.weight
        down, across = (torch.arange(1 - side, side).to(weight) for side in window)
        apart = torch.stack(torch.meshgrid(down, across, indexing="ij"), -1).flatten(0, 1)
        return cast("Tensor", self.pos3(self.pos2(self.pos1(self.pos_proj(apart)))))


class _Windows(nn.Module):
    """Half of the channels, in windows that lie down or stand."""

    def __init__(self, layout: Layout, place: str, features: int, window: Size) -> None:
        super().__init__()
        self.window = window
        self.pos = _Offsets(layout, f"{place}.pos", features)

    def forward(self, qkv_BhwC: Tensor, *, is_shifted: bool) -> Tensor:
        bias_HNN = biases(self.pos(self.window), distances(self.window, self.window, qkv_BhwC.device))
        return attend_in_windows(qkv_BhwC, bias_HNN, self.window, is_shifted=is_shifted)


class _Attention(nn.Module):
    """Attention with a convolution beside it; each tells how much of the other counts."""

    def __init__(self, layout: Layout, place: str, features: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(features, 3 * features, bias=f"{place}.qkv.bias" in layout)
        self.proj = nn.Linear(features, features)
        self.dwconv = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1, groups=features), _FixedNorm(features), nn.GELU()
        )
        few, fewer = features // 8, features // _NARROWEST
        self.channel_interaction = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(features, few, 1),
            _FixedNorm(few),
            nn.GELU(),
            nn.Conv2d(few, features, 1),
        )
        self.spatial_interaction = nn.Sequential(
            nn.Conv2d(features, fewer, 1), _FixedNorm(fewer), nn.GELU(), nn.Conv2d(fewer, 1, 1)
        )

    def mixed(self, near_BhwC: Tensor, far_BhwC: Tensor) -> Tensor:
        """Join two answers: `far` tells which channels of `near` count, `near` which pixels of `far`."""
        of_near = near_BhwC * convolved(self.channel_interaction, far_BhwC).sigmoid()
        of_far = far_BhwC * convolved(self.spatial_interaction, near_BhwC).sigmoid()
        return cast("Tensor", self.proj(of_near + of_far))


class _SpatialAttention(_Attention):
    """Half of the channels look about in windows that lie down, half in such that stand."""

    def __init__(self, layout: Layout, place: str, features: int, window: Size, *, is_shifted: bool) -> None:
        super().__init__(layout, place, features)
        self.is_shifted, self.longest = is_shifted, max(window)
        self.attns = nn.ModuleList(
            _Windows(layout, f"{place}.attns.{index}", features // 2, size)
            for index, size in enumerate((window, window[::-1]))
        )

    def forward(self, x_BhwC: Tensor) -> Tensor:
        _, height, width, features = x_BhwC.shape
        qkv = self.qkv(x_BhwC)
        beside = convolved(self.dwconv, qkv[..., 2 * features :])
        # Windows reach over the edges, where all is zero.
        side = self.longest
        padded = functional.pad(qkv, (0, 0, 0, -width % side, 0, -height % side))
        halves = torch.unflatten(padded, -1, (3, 2, -1)).unbind(-2)
        found = [
            attend(half.flatten(-2), is_shifted=self.is_shifted)[:, :height, :width]
            for attend, half in zip(self.attns, halves, strict=True)
        ]
        return self.mixed(torch.cat(found, -1), beside)


class _ChannelAttention(_Attention):
    """Channels look at each other, over the whole picture."""

    def __init__(self, layout: Layout, place: str, features: int) -> None:
        super().__init__(layout, place, features)
        heads = sharing(layout.shape(f"{place}.temperature", 3)[0], features)
        self.temperature = nn.Parameter(torch.empty(heads, 1, 1))

    def forward(self, x_BhwC: Tensor) -> Tensor:
        qkv = self.qkv(x_BhwC)
        beside = convolved(self.dwconv, qkv[..., 2 * x_BhwC.shape[-1] :])
        parts = torch.unflatten(qkv.flatten(1, 2), -1, (3, len(self.temperature), -1))
        query, key, value = parts.permute(2, 0, 3, 4, 1)
        query, key = functional.normalize(query, dim=-1), functional.normalize(key, dim=-1)
        looks = (query @ key.transpose(-2, -1) * self.temperature).softmax(-1)
        found = (looks @ value).flatten(1, 2).transpose(1, 2).reshape(x_BhwC.shape)
        return self.mixed(beside, found)


class _Gate(nn.Module):
    """Half of the channels, which see their neighbours, tell how much the other half counts."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.conv = nn.Conv2d(features, features, 3, padding=1, groups=features)

    def forward(self, x_BhwC: Tensor) -> Tensor:
        kept, gate = x_BhwC.chunk(2, -1)
        return kept * convolved(self.conv, self.norm(gate))


class _Feedforward(nn.Module):
    """Two linear layers with a gate between them."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.sg = _Gate(hidden // 2)
        self.fc2 = nn.Linear(hidden // 2, features)

    def forward(self, x_BhwC: Tensor) -> Tensor:
        return cast("Tensor", self.fc2(self.sg(functional.gelu(self.fc1(x_BhwC)))))


class _Block(nn.Module):
    """Attention, then two linear layers, each added to what it reads."""

    def __init__(self, attention: nn.Module, features: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.attn = attention
        self.ffn = _Feedforward(features, hidden)

    def forward(self, x_BhwC: Tensor) -> Tensor:
        x_BhwC = x_BhwC + self.attn(self.norm1(x_BhwC))
        return cast("Tensor", x_BhwC + self.ffn(self.norm2(x_BhwC)))


class _Group(nn.Module):
    """Blocks with a convolution after them, added to what they read."""

    def __init__(self, layout: Layout, index: int, features: int, window: Size) -> None:
        super().__init__()
        blocks = []
        for block in range(layout.count(f"layers.{index}.blocks.")):
            place = f"layers.{index}.blocks.{block}"
            hidden = layout.shape(f"{place}.ffn.fc1.weight", 2)[0]
            if hidden % 2:
                raise LayoutError(f"{place}.ffn.fc1.weight writes {hidden} channels, which have no halves")
            attention: nn.Module
            if block % 2:
                attention = _ChannelAttention(layout, f"{place}.attn", features)
            else:
                # Every other one of these blocks is shifted: the second in even groups, the first in odd.
                is_shifted = block % 4 == (0 if index % 2 else 2)
                attention = _SpatialAttention(
                    layout, f"{place}.attn", features, window, is_shifted=is_shifted
                )
            blocks.append(_Block(attention, features, hidden))
        self.blocks = nn.Sequential(*blocks)
        self.conv = closing(layout, f"layers.{index}.conv", features)

    def forward(self, x_BhwC: Tensor) -> Tensor:
        return x_BhwC + convolved(self.conv, self.blocks(x_BhwC))


class Dat(Transformer):
    """DAT, in all sizes: groups of blocks that look about in windows and over channels by turns.

    Args:
        layout: Its tensors.

    Raises:
        LayoutError: They are not those of a DAT.
    """

    kind: ClassVar[str] = "DAT"

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        features = self.features
        if features < _NARROWEST or features % 2:
            raise LayoutError(f"{features} channels are too few or no even number")
        window = _window(layout)
        self.before_RG = nn.Sequential(nn.Identity(), nn.LayerNorm(features))
        groups = range(layout.count("layers."))
        self.layers = nn.Sequential(*(_Group(layout, index, features, window) for index in groups))
        self.norm = nn.LayerNorm(features)

    @override
    def found(self, x_BCHW: Tensor) -> Tensor:
        x_BhwC = self.before_RG(x_BCHW.movedim(1, -1))
        return cast("Tensor", self.norm(self.layers(x_BhwC)).movedim(-1, 1))

    @override
    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Leave out what is computed here, and read from it which windows stand."""
        windows = [module for module in self.modules() if isinstance(module, _Windows)]
        # Shapes tell both sides of a window, but not which is which; the last distance does.
        height = float(tensors[f"{_FIRST}.rpe_biases"][-1, 0]) + 1
        if height == windows[0].window[1]:
            for each in windows:
                each.window = each.window[::-1]
        return super().prepared(tensors)


def _window(layout: Layout) -> Size:
    """Read the sides of the windows, the shorter one first, from how many pixels and distances they have."""
    pixels = layout.shape(f"{_FIRST}.relative_position_index", 2)[0]
    apart = layout.shape(f"{_FIRST}.rpe_biases", 2)[0]
    # With sides a and b: pixels = a b, apart = (2a - 1)(2b - 1).
    both = (4 * pixels + 1 - apart) // 2
    short = (both - math.isqrt(max(0, both**2 - 4 * pixels))) // 2
    window = (short, both - short)
    if short < 1 or math.prod(window) != pixels or math.prod(2 * side - 1 for side in window) != apart:
        raise LayoutError(f"no window has {pixels} pixels that are {apart} distances apart")
    return window
