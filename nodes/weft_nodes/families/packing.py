"""Latents to tokens and back, for networks that want them cut up already.

Shape legend: B batch items, C channels, h and w latent height and width, N tokens, D features.
"""

import torch
from torch import Tensor


def packed(x_BChw: Tensor, patch: int = 2) -> Tensor:
    """Cut latents into tokens, row by row: each is a square of latent pixels, its channels outermost.

    Args:
        x_BChw: Latents whose sides divide by `patch`.
        patch: Side of a token in latent pixels.

    Returns:
        Tokens [B, h/patch * w/patch, C * patch * patch].
    """
    rows, channels, height, width = x_BChw.shape
    cut = x_BChw.reshape(rows, channels, height // patch, patch, width // patch, patch)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(rows, -1, channels * patch * patch)


def unpacked(tokens_BND: Tensor, size_hw: tuple[int, int], patch: int = 2) -> Tensor:
    """Put tokens together to latents; the inverse of `packed`.

    Args:
        tokens_BND: Tokens, row by row.
        size_hw: Height and width of the latents.
        patch: Side of a token in latent pixels.

    Returns:
        Latents [B, C, h, w].
    """
    height, width = size_hw
    rows, _, features = tokens_BND.shape
    channels = features // (patch * patch)
    cut = tokens_BND.reshape(rows, height // patch, width // patch, channels, patch, patch)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(rows, channels, height, width)


def token_places(size_hw: tuple[int, int], device: torch.device, patch: int = 2, *, plane: int = 0) -> Tensor:
    """Number the tokens of a latent by row and column, as rotary embeddings want it.

    Args:
        size_hw: Height and width of the latent.
        device: Where the numbers are put.
        patch: Side of a token in latent pixels.
        plane: Tells latents that are read together apart; 0 is the noisy one.

    Returns:
        Float32 [N, 3]: plane, row and column of each token.
    """
    height, width = size_hw[0] // patch, size_hw[1] // patch
    places_hw3 = torch.zeros(height, width, 3, device=device)
    places_hw3[..., 0] = plane
    places_hw3[..., 1] = torch.arange(height, device=device)[:, None]
    places_hw3[..., 2] = torch.arange(width, device=device)[None, :]
    return places_hw3.reshape(-1, 3)
