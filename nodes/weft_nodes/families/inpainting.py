"""What models read beside the noisy latent: where to paint and what is there, or a picture to change.

Each kind has a layout of its own, which only its family knows; the result is what a prompt shows as
`concat_latents` (`weft_nodes.diffusion.sights`).

- U-Nets of nine channels (Stable Diffusion 1.5, 2 and XL) and Stable Diffusion 3: the mask at latent
  resolution, one value per latent pixel, then the masked picture.
- FLUX.1 Fill: the masked picture, then every pixel of the mask, 64 of them per latent pixel.
- InstructPix2Pix, U-Nets of eight channels: the picture, in the range that the autoencoder gives by itself.
- FLUX.1 Depth and Canny: the map, normalised as every latent.
"""

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.families.facts import FACTS

# Families whose inpainting models read each pixel of the mask.
_READ_PIXELS = frozenset({"flux"})
# Families whose models read pictures beside the noise as they read the noisy latent.
_READ_NORMALISED = frozenset({"flux"})


def inpainting_channels(family: str, mask_11HW: Tensor, masked_1Chw: Tensor) -> Tensor:
    """Lay out mask and masked picture as the inpainting models of a family read them.

    Args:
        family: Id of the family.
        mask_11HW: 1 where to paint and 0 where to keep, at the resolution of the picture.
        masked_1Chw: Normalised latent of the picture with middle grey (0.5) where to paint.

    Returns:
        Float32 [1, C, h, w], of the size of the latent.
    """
    masked_1Chw = masked_1Chw.float()
    mask_11HW = mask_11HW.to(masked_1Chw)
    if family in _READ_PIXELS:
        pixels_1Chw = functional.pixel_unshuffle(mask_11HW, FACTS[family].reduction)
        return torch.cat([masked_1Chw, pixels_1Chw], dim=1)
    # As the models were trained: the nearest pixel, not a mean.
    mask_11hw = functional.interpolate(mask_11HW, size=masked_1Chw.shape[-2:])
    return torch.cat([mask_11hw, masked_1Chw], dim=1)


def reads_normalised(family: str) -> bool:
    """Tell whether the models of a family that read a picture beside the noise want it normalised.

    Args:
        family: Id of the family.
    """
    return family in _READ_NORMALISED
