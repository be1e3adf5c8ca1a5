"""Tiny autoencoders of the TAESD kind, in the layouts they are published in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file
from torch import Tensor

Half = Literal["encoder", "decoder"]


def tiny_taesd(channels: int = 4, *, width: int = 4) -> AutoencoderTiny:
    """An autoencoder of the published depth."""
    torch.manual_seed(3)
    return AutoencoderTiny(
        latent_channels=channels,
        encoder_block_out_channels=(width,) * 4,
        decoder_block_out_channels=(width,) * 4,
    ).eval()


def original_half(vae: AutoencoderTiny, half: Half) -> Mapping[str, Tensor]:
    """The tensors of one half by the names of the original code, which counts the clamp of the decoder."""
    first = 1 if half == "decoder" else 0
    named = {}
    for name, tensor in getattr(vae, half).layers.state_dict().items():
        place, _, rest = name.partition(".")
        named[f"{int(place) + first}.{rest}"] = tensor
    return named


def write_half(path: Path, vae: AutoencoderTiny, half: Half) -> Path:
    """Write one half as a file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(dict(original_half(vae, half)), path)
    return path
