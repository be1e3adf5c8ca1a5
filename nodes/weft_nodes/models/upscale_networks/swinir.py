"""SwinIR (https://arxiv.org/abs/2108.10257): attention in windows, which every other block shifts."""

import math
from typing import ClassVar, cast

from torch import Tensor, nn
from typing_extensions import override

from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.transformer import Embedding, Group, Transformer, closing, sharing
from weft_nodes.models.upscale_networks.windows import Feedforward, WindowAttention


class Block(nn.Module):
    """Attention in windows, then two linear layers, each added to what it reads.

    Args:
        layout: The tensors of the network.
        place: Where those of the block are.
        features: Channels that it reads and writes.
        side: Side of the windows.
        is_shifted: Whether they lie half a window further down and to the right.

    Raises:
        LayoutError: The tensors are not those of such a block.
    """

    def __init__(self, layout: Layout, place: str, features: int, side: int, *, is_shifted: bool) -> None:
        super().__init__()
        self.is_shifted = is_shifted
        heads = sharing(layout.shape(f"{place}.attn.relative_position_bias_table", 2)[1], features)
        self.norm1, self.norm2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.attn = WindowAttention(features, heads, side, has_offsets=f"{place}.attn.qkv.bias" in layout)
        self.mlp = Feedforward(features, layout.shape(f"{place}.mlp.fc1.weight", 2)[0])

    def forward(self, x_BhwC: Tensor) -> Tensor:
        """Return what comes after it, of the same shape."""
        x_BhwC = x_BhwC + self.attn(self.norm1(x_BhwC), is_shifted=self.is_shifted)
        return cast("Tensor", x_BhwC + self.mlp(self.norm2(x_BhwC)))


class Blocks(nn.Module):
    """The blocks of a group.

    Attributes:
        block: What they are.

    Args:
        layout: The tensors of the network.
        place: Where those of the group are.
        features: Channels that it reads and writes.
        side: Side of the windows.

    Raises:
        LayoutError: The tensors are not those of such blocks.
    """

    block: ClassVar[type[Block]] = Block

    def __init__(self, layout: Layout, place: str, features: int, side: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                self.block(layout, f"{place}.blocks.{index}", features, side, is_shifted=index % 2 == 1)
                for index in range(layout.count(f"{place}.blocks."))
            )
        )

    def forward(self, x_BhwC: Tensor) -> Tensor:
        """Return what comes after them, of the same shape."""
        return cast("Tensor", self.blocks(x_BhwC))


class SwinIr(Transformer):
    """SwinIR, with every end that was published, and without one for pictures that keep their size.

    Attributes:
        blocks: What its groups consist of.

    Args:
        layout: Its tensors.

    Raises:
        LayoutError: They are not those of a SwinIR.
    """

    kind: ClassVar[str] = "SwinIR"
    blocks: ClassVar[type[Blocks]] = Blocks

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        features = self.features
        self.multiple = _window_side(layout, "layers.0.residual_group.blocks.0.attn")
        # Only the networks against the blocks of JPEG have these windows, and only they know 255 for white.
        self.reach = 255.0 if self.multiple == 7 else 1.0
        self.patch_embed = Embedding(features)
        groups = []
        for index in range(layout.count("layers.")):
            blocks = self.blocks(layout, f"layers.{index}.residual_group", features, self.multiple)
            groups.append(Group(blocks, closing(layout, f"layers.{index}.conv", features)))
        self.layers = nn.Sequential(*groups)
        self.norm = nn.LayerNorm(features)

    @override
    def found(self, x_BCHW: Tensor) -> Tensor:
        x_BhwC = self.patch_embed(x_BCHW.movedim(1, -1))
        return cast("Tensor", self.norm(self.layers(x_BhwC)).movedim(-1, 1))


def _window_side(layout: Layout, place: str) -> int:
    """Read the side of square windows from how many distances their table of offsets is for."""
    name = f"{place}.relative_position_bias_table"
    apart = layout.shape(name, 2)[0]
    side = (math.isqrt(apart) + 1) // 2
    if (2 * side - 1) ** 2 != apart:
        raise LayoutError(f"no square window has {apart} distances, as {name} has")
    return side
