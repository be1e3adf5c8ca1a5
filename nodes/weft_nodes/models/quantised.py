"""Linear layers whose weights are rounded to few levels when they are loaded: eight bits, or four.

Eight bits: each row has 255 levels of the same distance up to its largest number, which is closer than floats
of eight bits are. Four bits: NF4 of Dettmers et al. 2023 (QLoRA, arXiv 2305.14314, section 3), 16 levels that
normally distributed numbers use equally often, times the largest of each 64 numbers.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.models.packed import PackedLinear, unscaled

_MOST: Final = 127
_BLOCK: Final = 64
# Appendix E of the paper.
_LEVELS: Final = (
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453),
    *(-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0),
    *(0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224),
    *(0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0),
)


class Int8Linear(PackedLinear):
    """A linear layer with a weight of eight bits, and a factor for each row.

    Args:
        numbers: The weight, int8, [out_features, in_features].
        scale: What its rows are multiplied by, float32, [out_features, 1].
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """

    numbers: Tensor
    scale: Tensor

    def __init__(self, numbers: Tensor, scale: Tensor, *, bias: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__(*numbers.shape, bias=bias, dtype=dtype)
        self.register_buffer("numbers", numbers)
        self.register_buffer("scale", scale)

    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """Return the weight; see `PackedLinear`."""
        return unscaled(self.numbers, self.scale, dtype)


class Nf4Linear(PackedLinear):
    """A linear layer with a weight of four bits, and a factor for each block of 64 numbers.

    Args:
        pairs: Places of two neighbouring numbers among the 16 levels, the first in the upper half of a byte;
            the whole weight in one row, filled up to whole blocks.
        scale: What the blocks are multiplied by, float32, [blocks, 1].
        shape: Of the weight.
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """

    pairs: Tensor
    scale: Tensor

    def __init__(
        self,
        pairs: Tensor,
        scale: Tensor,
        *,
        shape: tuple[int, int],
        bias: Tensor | None,
        dtype: torch.dtype,
    ) -> None:
        super().__init__(*shape, bias=bias, dtype=dtype)
        self.register_buffer("pairs", pairs)
        self.register_buffer("scale", scale)

    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """Return the weight; see `PackedLinear`."""
        levels = torch.tensor(_LEVELS, dtype=dtype)
        # Both numbers of a byte are looked up at once.
        table = torch.stack([levels.repeat_interleave(16), levels.repeat(16)], dim=1).to(self.pairs.device)
        blocks = functional.embedding(self.pairs.int(), table).view(-1, _BLOCK).mul_(self.scale)
        return blocks.flatten()[: self.out_features * self.in_features].view(
            self.out_features, self.in_features
        )


def packed_to_int8(weight: Tensor, *, bias: Tensor | None, dtype: torch.dtype) -> Int8Linear:
    """Round a linear layer to eight bits.

    Args:
        weight: [out_features, in_features], of any type of floats.
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """
    weight = weight.float()
    largest = weight.abs().amax(dim=1, keepdim=True)
    scale = torch.where(largest > 0, largest / _MOST, 1.0)
    return Int8Linear((weight / scale).round().to(torch.int8), scale, bias=bias, dtype=dtype)


def packed_to_nf4(weight: Tensor, *, bias: Tensor | None, dtype: torch.dtype) -> Nf4Linear:
    """Round a linear layer to four bits.

    Args:
        weight: [out_features, in_features], of any type of floats.
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """
    rows, columns = weight.shape
    blocks = functional.pad(weight.float().flatten(), (0, -weight.numel() % _BLOCK)).view(-1, _BLOCK)
    largest = blocks.abs().amax(dim=1, keepdim=True)
    scale = torch.where(largest > 0, largest, 1.0)
    levels = torch.tensor(_LEVELS, device=weight.device)
    # Each number becomes the level that it is nearest to.
    places = torch.bucketize(blocks / scale, (levels[1:] + levels[:-1]) / 2, out_int32=True).to(torch.uint8)
    first, second = places.flatten().view(-1, 2).unbind(dim=1)
    return Nf4Linear(first << 4 | second, scale, shape=(rows, columns), bias=bias, dtype=dtype)
