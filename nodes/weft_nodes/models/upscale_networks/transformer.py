"""What SwinIR, DAT and HAT have in common: how they begin, how they end, and what is kept of their files."""

import re
from abc import ABC, abstractmethod
from typing import Final, cast

from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError, UpscaleNetwork

# Of the pictures that they were trained with.
_MEAN: Final = (0.4488, 0.4371, 0.4040)
# Files keep what can be computed from sizes.
_COMPUTED: Final = re.compile(
    r"(.+\.)?(relative_position_index(_SA|_OCA)?|attn_mask(_[01])?|rpe_biases|num_batches_tracked)"
)


class Transformer(UpscaleNetwork, ABC):
    """A network that adds what its layers find to what one convolution sees, then enlarges it.

    Attributes:
        features: Channels between beginning and end.
        reach: The largest value of pictures as the layers know them.

    Args:
        layout: Its tensors.

    Raises:
        LayoutError: They are not those of such a network.
    """

    # Published ones find numbers that half precision has no room for.
    suits_half = False
    reach: float = 1.0

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.features, read = layout.shape("conv_first.weight", 4)[:2]
        if read != 3:
            raise LayoutError(f"conv_first reads {read} channels, not three")
        self.conv_first = nn.Conv2d(3, self.features, 3, padding=1)
        self.conv_after_body = closing(layout, "conv_after_body", self.features)
        self.doublings = layout.count("conv_up")
        self.is_direct = "upsample.0.weight" in layout and "conv_last.weight" not in layout
        self.is_kept_in_size = not self.is_direct and "conv_before_upsample.0.weight" not in layout
        if self.is_direct:
            self.scale = layout.factor("upsample.0.weight", 3)
            self.upsample = _spread(self.features, 3, (self.scale,))
        elif self.is_kept_in_size:
            self.scale = 1
            self.conv_last = nn.Conv2d(self.features, 3, 3, padding=1)
        else:
            self._end(layout)

    @abstractmethod
    def found(self, x_BCHW: Tensor) -> Tensor:
        """Return what the layers find in features [B, C, H, W]."""

    @override
    def prepared(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Leave out what is computed here."""
        return {name: tensor for name, tensor in tensors.items() if not _COMPUTED.fullmatch(name)}

    @override
    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Enlarge pictures [B, C, H, W], 0..1, whose sides are multiples of `multiple`."""
        mean = x_BCHW.new_tensor(_MEAN).view(3, 1, 1)
        x_BCHW = (x_BCHW - mean) * self.reach
        first = self.conv_first(x_BCHW)
        found = self.conv_after_body(self.found(first)) + first
        return self._enlarged(found, x_BCHW) / self.reach + mean

    def _end(self, layout: Layout) -> None:
        """Make the end that has a convolution before and after it grows."""
        width = layout.shape("conv_before_upsample.0.weight", 4)[0]
        self.conv_before_upsample = nn.Sequential(
            nn.Conv2d(self.features, width, 3, padding=1), nn.LeakyReLU()
        )
        self.scale = 2**self.doublings
        for index in range(1, self.doublings + 1):
            setattr(self, f"conv_up{index}", nn.Conv2d(width, width, 3, padding=1))
        if self.doublings:
            self.conv_hr = nn.Conv2d(width, width, 3, padding=1)
        else:
            steps = range(layout.count("upsample."))
            factors = tuple(layout.factor(f"upsample.{2 * step}.weight", width) for step in steps)
            for factor in factors:
                self.scale *= factor
            self.upsample = _spread(width, width, factors)
        self.conv_last = nn.Conv2d(width, 3, 3, padding=1)

    def _enlarged(self, found: Tensor, x_BCHW: Tensor) -> Tensor:
        if self.is_direct:
            return cast("Tensor", self.upsample(found))
        if self.is_kept_in_size:
            return cast("Tensor", x_BCHW + self.conv_last(found))
        found = self.conv_before_upsample(found)
        for index in range(1, self.doublings + 1):
            found = _leaky(getattr(self, f"conv_up{index}")(functional.interpolate(found, scale_factor=2)))
        found = _leaky(self.conv_hr(found)) if self.doublings else self.upsample(found)
        return cast("Tensor", self.conv_last(found))


class Group(nn.Module):
    """Layers that see pixels as [B, h, w, C], with one convolution after them, added to what they read.

    Args:
        inner: The layers.
        conv: The convolution; see `closing`.
    """

    def __init__(self, inner: nn.Module, conv: nn.Module) -> None:
        super().__init__()
        self.residual_group = inner
        self.conv = conv

    def forward(self, x_BhwC: Tensor) -> Tensor:
        """Return what comes after them, of the same shape."""
        return x_BhwC + convolved(self.conv, self.residual_group(x_BhwC))


class Embedding(nn.Module):
    """The norm of what enters the layers, by the name it has in files.

    Args:
        features: Channels.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)

    def forward(self, x_BhwC: Tensor) -> Tensor:
        """Return it, of the same shape."""
        return cast("Tensor", self.norm(x_BhwC))


def closing(layout: Layout, name: str, features: int) -> nn.Module:
    """Return what closes a group of layers: one convolution, or three with fewer channels between them.

    Raises:
        LayoutError: There is neither.
    """
    if f"{name}.weight" in layout:
        return nn.Conv2d(features, features, 3, padding=1)
    width = layout.shape(f"{name}.0.weight", 4)[0]
    return nn.Sequential(
        nn.Conv2d(features, width, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, width, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, features, 3, padding=1),
    )


def sharing(heads: int, features: int) -> int:
    """Return how many heads share some channels, which must be possible.

    Raises:
        LayoutError: It is not.
    """
    if features % heads:
        raise LayoutError(f"{heads} heads cannot share {features} channels")
    return heads


def convolved(layer: nn.Module, x_BhwC: Tensor) -> Tensor:
    """Return what a layer for pictures [B, C, h, w] makes of [B, h, w, C]."""
    return cast("Tensor", layer(x_BhwC.movedim(-1, 1)).movedim(1, -1))


def _spread(read: int, written: int, factors: tuple[int, ...]) -> nn.Sequential:
    """Return convolutions that write larger pictures as channels, each of which is spread at once."""
    layers: list[nn.Module] = []
    for factor in factors:
        layers += [nn.Conv2d(read, written * factor**2, 3, padding=1), nn.PixelShuffle(factor)]
    return nn.Sequential(*layers)


def _leaky(x_BChw: Tensor) -> Tensor:
    return functional.leaky_relu(x_BChw, 0.2)
