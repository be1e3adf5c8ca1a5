"""Small pictures straight from latents, without a VAE: a linear map per latent pixel."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from weft_nodes.diffusion.errors import JobError


@dataclass(frozen=True, slots=True)
class LatentPreview:
    """A linear map from latent channels to red, green and blue in -1..1.

    Args:
        factors: One row (red, green, blue) per latent channel.
        bias: Added to red, green and blue.
    """

    factors: tuple[tuple[float, float, float], ...]
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def render(self, latent_BChw: Tensor) -> Tensor:
        """Draw the first item of a latent, one pixel per latent pixel.

        Args:
            latent_BChw: Normalised latent; the denoised one of a `StepReport` looks best.

        Returns:
            Picture [h, w, 3], uint8, on the CPU.

        Raises:
            JobError: The latent has another number of channels.
        """
        channels = latent_BChw.shape[1]
        if channels != len(self.factors):
            raise JobError(
                f"A preview for {len(self.factors)} latent channels was given {channels}.",
                hint="Use the preview of the latent's own space.",
            )
        latent_hwC = latent_BChw[0].float().movedim(0, -1).cpu()
        rgb_hw3 = latent_hwC @ torch.tensor(self.factors) + torch.tensor(self.bias)
        return ((rgb_hw3 + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def fit_preview(latents_BChw: Tensor, images_B3HW: Tensor) -> LatentPreview:
    """Find the linear map of a latent space by least squares.

    Args:
        latents_BChw: Normalised latents of some pictures; a few varied ones are enough.
        images_B3HW: The pictures, 0..1; any size that is a multiple of the latents'.

    Returns:
        The map that comes closest to the pictures, averaged over the area of each latent pixel.

    Raises:
        JobError: There are not as many pictures as latents.
    """
    if latents_BChw.shape[0] != images_B3HW.shape[0]:
        raise JobError(
            f"{latents_BChw.shape[0]} latents cannot be fitted to {images_B3HW.shape[0]} pictures.",
            hint="Give one picture per latent.",
        )
    small = functional.interpolate(images_B3HW.float(), size=latents_BChw.shape[-2:], mode="area")
    target_N3 = small.movedim(1, -1).reshape(-1, 3) * 2 - 1
    known_NC = latents_BChw.float().movedim(1, -1).reshape(-1, latents_BChw.shape[1])
    known_NC = torch.cat([known_NC, torch.ones(len(known_NC), 1, device=known_NC.device)], dim=1)
    rows = torch.linalg.lstsq(known_NC.cpu(), target_N3.cpu()).solution.tolist()
    triples = [(float(red), float(green), float(blue)) for red, green, blue in rows]
    return LatentPreview(tuple(triples[:-1]), triples[-1])


PREVIEWS: Mapping[str, LatentPreview] = MappingProxyType(
    {
        # A latent is the picture.
        "pixels": LatentPreview(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))),
        # Approximate: colours lean the right way. A fit against the real VAE would be closer.
        "sd": LatentPreview(
            (
                (0.3444, 0.1385, 0.0670),
                (0.1247, 0.4027, 0.1494),
                (-0.3192, 0.2513, 0.2103),
                (-0.1307, -0.1874, -0.7445),
            )
        ),
        "sdxl": LatentPreview(
            (
                (0.3816, 0.4930, 0.5320),
                (-0.3753, 0.1631, 0.1739),
                (0.1770, 0.3588, -0.2048),
                (-0.4350, -0.2644, -0.4289),
            )
        ),
        # Fitted by `fit_preview` to drawn scenes.
        "starter": LatentPreview(
            (
                (0.493, 0.288, -0.071),
                (0.251, 0.218, -0.027),
                (0.336, 0.271, 0.081),
                (0.699, 0.688, 0.412),
            ),
            (0.495, 0.498, 0.534),
        ),
    }
)
