"""Between pictures and latents: one rule for every image autoencoder.

A latent on a wire is normalised: `latent = (encoded - shift) * scaling`, both of one number or one per
channel, from what the autoencoder says of itself. Where it folds squares of its latent pixels into channels
(FLUX.2), the latent on the wire is folded; where it is made for videos (Qwen-Image), a picture is a video of
one frame. Pictures are coded one by one, so that a picture does not depend on its company and memory does not
grow with the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional
from weft.sdk import Image, NotFiniteError

from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import LatentMismatchError

if TYPE_CHECKING:
    from diffusers import (
        AutoencoderDC,
        AutoencoderKL,
        AutoencoderKLFlux2,
        AutoencoderKLQwenImage,
        AutoencoderTiny,
    )

    Autoencoder: TypeAlias = (
        AutoencoderDC | AutoencoderKL | AutoencoderKLFlux2 | AutoencoderKLQwenImage | AutoencoderTiny
    )


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How an autoencoder's own latents become those on wires.

    Args:
        scaling: Factors, > 0: one for each channel, or a single one for all.
        shift: Subtracted before, likewise.
    """

    scaling: tuple[float, ...] = (1.0,)
    shift: tuple[float, ...] = (0.0,)

    @classmethod
    def of(cls, vae: Autoencoder) -> Normalisation:
        """Read the normalisation from an autoencoder: its configuration, or its statistics if it kept any."""
        config = vae.config
        if hasattr(vae, "bn"):
            deviation = (vae.bn.running_var.float() + config["batch_norm_eps"]).sqrt()
            return cls(tuple((1.0 / deviation).tolist()), tuple(vae.bn.running_mean.tolist()))
        if config.get("latents_std"):
            return cls(tuple(1.0 / std for std in config["latents_std"]), tuple(config["latents_mean"]))
        return cls((float(config.get("scaling_factor") or 1.0),), (float(config.get("shift_factor") or 0.0),))

    def applied(self, encoded_BChw: Tensor) -> Tensor:
        """Return latents as they are on wires."""
        return (encoded_BChw - _channels(self.shift, encoded_BChw)) * _channels(self.scaling, encoded_BChw)

    def undone(self, samples_BChw: Tensor) -> Tensor:
        """Return latents as the autoencoder knows them; the inverse of `applied`."""
        return samples_BChw / _channels(self.scaling, samples_BChw) + _channels(self.shift, samples_BChw)


def reduction(vae: Autoencoder) -> int:
    """Return how many pixels one latent pixel stands for, along each axis."""
    return _own_reduction(vae) * _folding(vae)


def encode_pixels(vae: Autoencoder, image: Image) -> Tensor:
    """Encode pictures to normalised latents, the most likely ones: no noise is drawn.

    Args:
        vae: A live autoencoder.
        image: Pictures with three channels, both sides multiples of the autoencoder's reduction.

    Returns:
        Float32 latents [B, c, h, w] on the autoencoder's device.

    Raises:
        LatentMismatchError: The pictures have an alpha channel, or sides that are no multiples; or there is
            only a decoder.
    """
    _check_half(vae, "encoder")
    _check_picture(image, reduction(vae))
    vae = _private(vae)
    latents = []
    with torch.no_grad():
        for pixels_HWC in image.pixels_BHWC:
            signed = pixels_HWC.movedim(-1, 0)[None].to(vae.device, vae.dtype) * 2.0 - 1.0
            found = vae.encode(signed[:, :, None] if _has_time(vae) else signed)
            # Deterministic autoencoders have no distribution, and name what they give in two ways.
            encoded = found.latent_dist.mode() if hasattr(found, "latent_dist") else found[0]
            latents.append((encoded[:, :, 0] if _has_time(vae) else encoded).float())
    return Normalisation.of(vae).applied(functional.pixel_unshuffle(torch.cat(latents), _folding(vae)))


def decode_latents(vae: Autoencoder, samples_BChw: Tensor, *, tile: int | None = None) -> Image:
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
            too small, or there is only an encoder.
        NotFiniteError: The autoencoder overflowed.
    """
    _check_half(vae, "decoder")
    own = vae.config.get("latent_channels") or vae.config["z_dim"]
    channels = int(own) * _folding(vae) ** 2
    if samples_BChw.ndim != 4 or samples_BChw.shape[1] != channels:
        raise LatentMismatchError(
            f"A latent has shape {list(samples_BChw.shape)}, but this autoencoder reads {channels} channels.",
            hint="Decode with the autoencoder of the checkpoint that made the latent.",
        )
    vae = _private(vae) if tile is None else _tiled(vae, tile)
    scale = Normalisation.of(vae)
    pictures = []
    with torch.no_grad():
        for sample_Chw in samples_BChw:
            known = scale.undone(sample_Chw[None].to(vae.device))
            encoded = functional.pixel_shuffle(known, _folding(vae)).to(vae.dtype)
            decoded = vae.decode(encoded[:, :, None] if _has_time(vae) else encoded).sample
            pictures.append((decoded[:, :, 0] if _has_time(vae) else decoded).float() / 2 + 0.5)
    pixels_BCHW = torch.cat(pictures)
    if not bool(torch.isfinite(pixels_BCHW).all()):
        raise NotFiniteError(what=f"The decoded picture ({vae.dtype})")
    return Image(pixels_BCHW.clamp(0, 1).movedim(1, -1).contiguous())


def _channels(numbers: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(numbers, device=like.device, dtype=like.dtype)[:, None, None]


def _own_reduction(vae: Autoencoder) -> int:
    # Those made for pictures alone do not say it.
    said = getattr(vae, "spatial_compression_ratio", None)
    return int(said or 2 ** (len(vae.config["block_out_channels"]) - 1))


def _folding(vae: Autoencoder) -> int:
    """Return the side of the squares of its latent pixels that become one, with as many more channels."""
    return int(vae.config["patch_size"][0]) if hasattr(vae, "bn") else 1


def _has_time(vae: Autoencoder) -> bool:
    # The name is spelled so in diffusers.
    return "temperal_downsample" in vae.config


def _private(vae: Autoencoder) -> Autoencoder:
    # Those for videos keep the frames before in attributes, which two runs must not share.
    return light_clone(vae) if _has_time(vae) else vae


def _tiled(vae: Autoencoder, tile: int) -> Autoencoder:
    factor = _own_reduction(vae)
    # The overlap of a quarter must be whole in latent pixels too.
    step = 4 * factor
    if tile < 64 or tile % step:
        raise LatentMismatchError(
            f"Tiles are {tile} pixels wide, but must be at least 64 and a multiple of {step}.",
            hint=f"Try {max(64 + -64 % step, tile // step * step)}.",
        )
    # Tile sizes are state of the module, so they are set on a clone.
    private = light_clone(vae)
    private.use_tiling = True
    if hasattr(private, "tile_sample_min_height"):
        private.enable_tiling(tile, tile, tile * 3 // 4, tile * 3 // 4)
    else:
        private.tile_sample_min_size = tile
        private.tile_latent_min_size = tile // factor
    return private


def _check_half(vae: Autoencoder, half: Literal["encoder", "decoder"]) -> None:
    # What stands for an autoencoder where pictures are sampled has no halves.
    if getattr(vae, half, vae) is None:
        raise LatentMismatchError(
            f"The file of this autoencoder has no {half}.",
            hint=f"Load the file of the {half}, or one that holds both.",
        )


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
