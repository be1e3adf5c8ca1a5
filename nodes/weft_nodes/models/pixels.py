"""Between pictures and latents: one rule for every image autoencoder.

A latent on a wire is normalised: `latent = (encoded - shift) * scaling`, both from the autoencoder's
configuration. Pictures are coded one by one, so that a picture does not depend on its company and memory does
not grow with the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from weft.sdk import Image, NotFiniteError

from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import LatentMismatchError

if TYPE_CHECKING:
    from diffusers import AutoencoderKL


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How an autoencoder's own latents become those on wires.

    Args:
        scaling: Factor, > 0.
        shift: Subtracted before.
    """

    scaling: float = 1.0
    shift: float = 0.0

    @classmethod
    def of(cls, vae: AutoencoderKL) -> Normalisation:
        """Read the normalisation from an autoencoder's configuration."""
        return cls(
            float(vae.config.get("scaling_factor") or 1.0), float(vae.config.get("shift_factor") or 0.0)
        )


def reduction(vae: AutoencoderKL) -> int:
    """Return how many pixels one latent pixel stands for, along each axis."""
    return int(2 ** (len(vae.config["block_out_channels"]) - 1))


def encode_pixels(vae: AutoencoderKL, image: Image) -> Tensor:
    """Encode pictures to normalised latents, the most likely ones: no noise is drawn.

    Args:
        vae: A live autoencoder.
        image: Pictures with three channels, both sides multiples of the autoencoder's reduction.

    Returns:
        Float32 latents [B, c, h, w] on the autoencoder's device.

    Raises:
        LatentMismatchError: The pictures have an alpha channel, or sides that are no multiples.
    """
    _check_picture(image, reduction(vae))
    scale = Normalisation.of(vae)
    latents = []
    with torch.no_grad():
        for pixels_HWC in image.pixels_BHWC:
            signed = pixels_HWC.movedim(-1, 0)[None].to(vae.device, vae.dtype) * 2.0 - 1.0
            latents.append(vae.encode(signed).latent_dist.mode().float())
    return (torch.cat(latents) - scale.shift) * scale.scaling


def decode_latents(vae: AutoencoderKL, samples_BChw: Tensor, *, tile: int | None = None) -> Image:
    """Decode normalised latents to pictures.

    Args:
        vae: A live autoencoder.
        samples_BChw: Normalised latents.
        tile: Side of the square tiles in pixels, 64 or more and a multiple of 4 latent pixels, to bound
            memory; neighbours overlap by a quarter and are blended. None decodes each picture in one piece.

    Returns:
        Pictures in 0..1, float32, on the autoencoder's device.

    Raises:
        LatentMismatchError: The latents have another number of channels than the autoencoder, or tiles are
            too small.
        NotFiniteError: The autoencoder overflowed.
    """
    channels = int(vae.config["latent_channels"])
    if samples_BChw.ndim != 4 or samples_BChw.shape[1] != channels:
        raise LatentMismatchError(
            f"A latent has shape {list(samples_BChw.shape)}, but this autoencoder reads {channels} channels.",
            hint="Decode with the autoencoder of the checkpoint that made the latent.",
        )
    if tile is not None:
        vae = _tiled(vae, tile)
    scale = Normalisation.of(vae)
    pictures = []
    with torch.no_grad():
        for sample in samples_BChw:
            encoded = sample[None].to(vae.device, vae.dtype) / scale.scaling + scale.shift
            pictures.append(vae.decode(encoded).sample.float() / 2 + 0.5)
    pixels_BCHW = torch.cat(pictures)
    if not bool(torch.isfinite(pixels_BCHW).all()):
        raise NotFiniteError(what=f"The decoded picture ({vae.dtype})")
    return Image(pixels_BCHW.clamp(0, 1).movedim(1, -1).contiguous())


def _tiled(vae: AutoencoderKL, tile: int) -> AutoencoderKL:
    factor = reduction(vae)
    # The overlap of a quarter must be whole in latent pixels too.
    step = 4 * factor
    if tile < 64 or tile % step:
        raise LatentMismatchError(
            f"Tiles are {tile} pixels wide, but must be at least 64 and a multiple of {step}.",
            hint=f"Try {max(64, tile // step * step)}.",
        )
    # Tile sizes are state of the module, so they are set on a clone.
    private = light_clone(vae)
    private.use_tiling = True
    private.tile_sample_min_size = tile
    private.tile_latent_min_size = tile // factor
    return private


def _check_picture(image: Image, factor: int) -> None:
    _, height, width, channels = image.pixels_BHWC.shape
    if channels != 3:
        raise LatentMismatchError(
            f"The picture has {channels} channels, but an autoencoder reads 3.",
            hint="Remove its alpha channel.",
        )
    if height % factor or width % factor:
        near = f"{max(1, width // factor) * factor} × {max(1, height // factor) * factor}"
        raise LatentMismatchError(
            f"The picture is {width} × {height} pixels, but both sides must be multiples of {factor}.",
            hint=f"Resize or crop it, for example to {near}.",
        )
