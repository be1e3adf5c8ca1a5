"""A glance at a latent without its autoencoder: each latent pixel becomes one pixel by a matrix.

The matrices are least-squares fits from latent values to the colours of the decoded picture, 0..1. They show
layout and colours while a picture is being sampled, and nothing is computed from what they show.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Row: TypeAlias = tuple[float, float, float]
"""What one latent channel adds to red, green and blue."""

# One row per channel, and the colour of a latent of zeros last.
_MATRICES: Final[Mapping[str, tuple[Row, ...]]] = MappingProxyType(
    {
        "sd": (
            (0.1756, 0.1149, 0.1614),
            (0.1625, 0.2487, 0.1175),
            (-0.1415, 0.0881, 0.1361),
            (-0.1060, -0.1308, -0.3589),
            (0.5, 0.5, 0.5),
        ),
        "sdxl": (
            (0.1826, 0.2116, 0.2171),
            (-0.1267, -0.0021, 0.0534),
            (0.0538, 0.0556, -0.0181),
            (-0.1583, -0.1246, -0.1094),
            (0.5542, 0.4913, 0.4995),
        ),
    }
)


def preview_of(latent_BChw: Tensor, space: str) -> NDArray[np.uint8] | None:
    """Make a small picture of the first item of a latent.

    Args:
        latent_BChw: A normalised latent without noise, such as the denoised latent of a step.
        space: Id of its latent space.

    Returns:
        Bytes (h, w, 3), one pixel per latent pixel; None for a space without a matrix.
    """
    matrix = _MATRICES.get(space)
    if matrix is None or latent_BChw.shape[1] != len(matrix) - 1:
        return None
    latent_hwC = latent_BChw[0].detach().to("cpu", torch.float32).movedim(0, -1)
    rgb_hwC = latent_hwC @ torch.tensor(matrix[:-1]) + torch.tensor(matrix[-1])
    return rgb_hwC.clamp(0, 1).mul(255).round().to(torch.uint8).numpy()
