"""RealPLKSR: convolutions of a few channels over large squares (https://arxiv.org/abs/2404.11848).

Its last step is a plain one, or learns where to look in the small picture (https://arxiv.org/abs/2308.15085).
"""

from typing import ClassVar, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError, UpscaleNetwork

_GROUPS: Final = 4
# Follows from the scale and the groups.
_COMPUTED: Final = "to_img.init_pos"


class _LayerNorm(nn.Module):
    """A norm over the channels of each pixel."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.empty(features)) for _ in range(2))

    def forward(self, x_BChw: Tensor) -> Tensor:
        x_BhwC = functional.layer_norm(x_BChw.movedim(1, -1), self.weight.shape, self.weight, self.bias, 1e-6)
        return x_BhwC.movedim(-1, 1)


class _LargeConvolution(nn.Module):
    """A convolution over large squares, of the first channels alone."""

    def __init__(self, layout: Layout, place: str, features: int) -> None:
        super().__init__()
        some, _, side, _ = layout.shape(f"{place}.conv.weight", 4)
        if some > features or side % 2 == 0:
            raise LayoutError(f"{place}.conv has {some} channels of {features} and squares of {side}")
        self.conv = nn.Conv2d(some, some, side, padding=side // 2)

    def forward(self, x_BChw: Tensor) -> Tensor:
        some = self.conv.in_channels
        return torch.cat([self.conv(x_BChw[:, :some]), x_BChw[:, some:]], 1)


class _Weighing(nn.Module):
    """Tells how much each number counts."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.f = nn.Sequential(nn.Conv2d(features, features, 3, padding=1), nn.Sigmoid())

    def forward(self, x_BChw: Tensor) -> Tensor:
        return cast("Tensor", x_BChw * self.f(x_BChw))


class _Block(nn.Module):
    """Near neighbours, then far ones, then all channels of a pixel, added to what it reads."""

    def __init__(self, layout: Layout, place: str, features: int) -> None:
        super().__init__()
        inner = layout.shape(f"{place}.channel_mixer.0.weight", 4)[0]
        is_first = f"{place}.layer_norm.weight" in layout
        self.layer_norm = _LayerNorm(features) if is_first else nn.Identity()
        self.channel_mixer = nn.Sequential(
            nn.Conv2d(features, inner, 3, padding=1), nn.Mish(), nn.Conv2d(inner, features, 3, padding=1)
        )
        self.lk = _LargeConvolution(layout, f"{place}.lk", features)
        self.attn = _Weighing(features) if f"{place}.attn.f.0.weight" in layout else nn.Identity()
        self.refine = nn.Conv2d(features, features, 1)
        self.norm = nn.Identity() if is_first else nn.GroupNorm(_GROUPS, features)

    def forward(self, x_BChw: Tensor) -> Tensor:
        found = self.attn(self.lk(self.channel_mixer(self.layer_norm(x_BChw))))
        return cast("Tensor", x_BChw + self.norm(self.refine(found)))


class _Sampling(nn.Module):
    """Looks up each pixel of the large picture in the small one, at places that it learned (DySample)."""

    def __init__(self, layout: Layout, channels: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        places = layout.shape("to_img.offset.weight", 4)[0]
        self.groups = places // (2 * scale**2)
        if self.groups < 1 or channels % self.groups or places != 2 * self.groups * scale**2:
            raise LayoutError(f"to_img.offset.weight tells of {places} places for {channels} channels")
        self.offset = nn.Conv2d(channels, places, 1)
        self.scope = nn.Conv2d(channels, places, 1, bias=False)
        is_closed = "to_img.end_conv.weight" in layout
        self.end_conv = nn.Conv2d(channels, 3, 1) if is_closed else nn.Identity()

    def forward(self, x_BCHW: Tensor) -> Tensor:
        moved = self.offset(x_BCHW) * self.scope(x_BCHW).sigmoid() * 0.5
        # Half precision cannot tell the pixels of a large picture apart.
        places = self._places(moved.float())
        parts = torch.unflatten(x_BCHW.float(), 1, (self.groups, -1)).flatten(0, 1)
        found = functional.grid_sample(parts, places, padding_mode="border", align_corners=False)
        large = torch.unflatten(found, 0, (-1, self.groups)).flatten(1, 2).to(x_BCHW)
        return cast("Tensor", self.end_conv(large))

    def _places(self, moved: Tensor) -> Tensor:
        """Return where each pixel looks, from -1 to 1 across and down: [B * groups, H, W of the large, 2]."""
        height, width = moved.shape[-2:]
        large = torch.unflatten(functional.pixel_shuffle(moved, self.scale), 1, (2, self.groups))
        across, down = (
            (torch.arange(length * self.scale, device=moved.device) + 0.5) / self.scale
            for length in (width, height)
        )
        looks = torch.stack([(large[:, 0] + across) / width, (large[:, 1] + down[:, None]) / height], dim=-1)
        return (2 * looks - 1).flatten(0, 1)


class RealPlksr(UpscaleNetwork):
    """RealPLKSR, with either of its norms and either of its last steps.

    Args:
        layout: Its tensors.

    Raises:
        LayoutError: They are not those of a RealPLKSR.
    """

    kind: ClassVar[str] = "RealPLKSR"

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        features, read = layout.shape("feats.0.weight", 4)[:2]
        if read != 3 or features % _GROUPS:
            raise LayoutError(f"feats.0 reads {read} channels and writes {features}")
        blocks = [
            _Block(layout, f"feats.{index}", features) for index in range(1, layout.count("feats.") - 1)
        ]
        # Between the last block and the last convolution there was a layer of training, which has no weights.
        last = len(blocks) + 2
        self.scale = layout.factor(f"feats.{last}.weight", 3)
        self.suits_half = all(isinstance(block.norm, nn.Identity) for block in blocks)
        channels = 3 * self.scale**2
        self.feats = nn.Sequential(
            nn.Conv2d(3, features, 3, padding=1),
            *blocks,
            nn.Identity(),
            nn.Conv2d(features, channels, 3, padding=1),
        )
        is_learned = "to_img.offset.weight" in layout
        self.to_img = _Sampling(layout, channels, self.scale) if is_learned else nn.PixelShuffle(self.scale)

    @override
    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Leave out what is computed here."""
        return {name: tensor for name, tensor in tensors.items() if name != _COMPUTED}

    @override
    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1."""
        repeated = x_BCHW.repeat_interleave(self.scale**2, dim=1)
        return cast("Tensor", self.to_img(self.feats(x_BCHW) + repeated))
