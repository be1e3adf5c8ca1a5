"""Attention among the pixels of windows, with offsets for where they lie from each other.

Legend beside that of values: W windows, N pixels of a window, H heads, c channels of a head.
"""

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

Size = tuple[int, int]

# How many numbers of the tables of attention are held at once: a quarter of a gigabyte in full precision.
_AT_ONCE: Final = 2**26
# What training adds where pixels must not see each other.
_UNSEEN: Final = -100.0


class Feedforward(nn.Module):
    """Two linear layers with a GELU between them, for each pixel.

    Args:
        features: Channels that it reads and writes.
        hidden: Channels between the layers.
    """

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.fc2 = nn.Linear(hidden, features)

    def forward(self, x_BhwC: Tensor) -> Tensor:
        """Return what is to be added, of the same shape."""
        return cast("Tensor", self.fc2(functional.gelu(self.fc1(x_BhwC))))


class WindowAttention(nn.Module):
    """Attention in square windows with a learned offset for each distance (Swin).

    Args:
        features: Channels that it reads and writes.
        heads: How many groups of channels look on their own.
        side: Side of the windows.
        has_offsets: Whether queries, keys and values have offsets.
    """

    def __init__(self, features: int, heads: int, side: int, *, has_offsets: bool) -> None:
        super().__init__()
        self.side = side
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * side - 1) ** 2, heads))
        self.qkv = nn.Linear(features, 3 * features, bias=has_offsets)
        self.proj = nn.Linear(features, features)

    def forward(self, x_BhwC: Tensor, *, is_shifted: bool) -> Tensor:
        """Return what is to be added, of the same shape, whose sides are multiples of the windows'."""
        window, table = (self.side, self.side), self.relative_position_bias_table
        bias_HNN = biases(table, distances(window, window, table.device))
        found = attend_in_windows(self.qkv(x_BhwC), bias_HNN, window, is_shifted=is_shifted)
        return cast("Tensor", self.proj(found))


def attend_in_windows(qkv_BhwC: Tensor, bias_HNN: Tensor, window: Size, *, is_shifted: bool) -> Tensor:
    """Let the pixels of each window look at each other.

    Args:
        qkv_BhwC: Queries, keys and values one after the other, of sides that are multiples of the window's.
        bias_HNN: What is added by where two pixels of a window lie.
        window: Height and width of a window.
        is_shifted: Whether the windows lie half a window further down and to the right.

    Returns:
        Answers [B, h, w, C], with a third of the channels.
    """
    size = cast("Size", tuple(qkv_BhwC.shape[1:3]))
    shift, mask_WNN = (window[0] // 2, window[1] // 2), None
    if is_shifted:
        qkv_BhwC = torch.roll(qkv_BhwC, (-shift[0], -shift[1]), (1, 2))
        mask_WNN = _parts(size, window, shift, qkv_BhwC).repeat(len(qkv_BhwC), 1, 1)
    tokens_WNC = windowed(qkv_BhwC, window)
    query, key, value = torch.unflatten(tokens_WNC, -1, (3, len(bias_HNN), -1)).permute(2, 0, 3, 1, 4)
    found_BhwC = joined(attend(query, key, value, bias_HNN, mask_WNN), window, size)
    return torch.roll(found_BhwC, shift, (1, 2)) if is_shifted else found_BhwC


def attend(
    query_WHNc: Tensor,
    key_WHNc: Tensor,
    value_WHNc: Tensor,
    bias_HNN: Tensor,
    mask_WNN: Tensor | None = None,
) -> Tensor:
    """Let queries look at the keys of their window, some windows at a time, so that memory suffices.

    Args:
        query_WHNc: What looks.
        key_WHNc: What it looks at.
        value_WHNc: What it then takes.
        bias_HNN: Added to how much it looks, in all windows alike.
        mask_WNN: Added for all heads alike.

    Returns:
        Answers [W, N, heads * c].
    """
    found = []
    count = max(1, _AT_ONCE // bias_HNN.numel())
    for start in range(0, len(query_WHNc), count):
        part = slice(start, start + count)
        added = bias_HNN[None] if mask_WNN is None else bias_HNN + mask_WNN[part, None]
        found.append(
            functional.scaled_dot_product_attention(
                query_WHNc[part], key_WHNc[part], value_WHNc[part], attn_mask=added
            )
        )
    return torch.cat(found).transpose(1, 2).flatten(2)


def distances(window: Size, seen: Size, device: torch.device) -> Tensor:
    """Number where the pixels that a window sees lie from its own, row by row from the upper left.

    Args:
        window: Height and width of the window.
        seen: Height and width of what it sees, with the same upper left corner.
        device: Where the numbers are wanted.

    Returns:
        Whole numbers [N, N of what is seen]: rows of distance times the width of all distances, and columns;
        from 0 where both windows are the same.
    """
    (down, across), (down_seen, across_seen) = (_places(size, device) for size in (window, seen))
    rows = down[:, None] - down_seen + window[0] - 1
    columns = across[:, None] - across_seen + window[1] - 1
    return rows * (window[1] + seen[1] - 1) + columns


def biases(table_MH: Tensor, places_NN: Tensor) -> Tensor:
    """Spread a table with a row for each distance over pairs of pixels: [H, N, N]."""
    return table_MH[places_NN].permute(2, 0, 1)


def windowed(x_BhwC: Tensor, window: Size) -> Tensor:
    """Cut pictures into windows [W, N, C], row by row, whose sides are multiples of the window's."""
    cut = torch.unflatten(torch.unflatten(x_BhwC, 1, (-1, window[0])), 3, (-1, window[1]))
    return cut.transpose(2, 3).flatten(3, 4).flatten(0, 2)


def joined(x_WNC: Tensor, window: Size, size: Size) -> Tensor:
    """Put windows together as pictures [B, h, w, C] of a height and width again."""
    down, across = size[0] // window[0], size[1] // window[1]
    cut = torch.unflatten(torch.unflatten(x_WNC, 1, window), 0, (-1, down, across))
    return cut.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def _places(size: Size, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return row and column of each pixel of a window."""
    down, across = (torch.arange(length, device=device) for length in size)
    return down.repeat_interleave(size[1]), across.repeat(size[0])


def _parts(size: Size, window: Size, shift: Size, like: Tensor) -> Tensor:
    """Return what keeps apart pixels that only the shift brought together, [W of a picture, N, N]."""
    down, across = (
        (torch.arange(length, device=like.device) >= length - by).to(like)
        for length, by in zip(size, shift, strict=True)
    )
    part_WN = windowed((2 * down[:, None] + across)[None, ..., None], window)[..., 0]
    return (part_WN[:, None] != part_WN[..., None]).to(like) * _UNSEEN
