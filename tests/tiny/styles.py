"""A tiny style model with the image encoder it reads through, in the layout of the published one."""

from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from safetensors.torch import save_file
from transformers import SiglipVisionConfig, SiglipVisionModel

from tiny.parts import WIDTH

SIDE = 16
"""Side of the pictures that the tiny image encoder sees."""

PICTURE_TOKENS = 4
"""Tokens per picture."""

_HIDDEN = 20


def tiny_siglip() -> SiglipVisionModel:
    """An image encoder of two layers."""
    torch.manual_seed(5)
    config = SiglipVisionConfig(
        hidden_size=_HIDDEN,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=8,
    )
    return SiglipVisionModel(config).eval()


def tiny_embedder(width: int = WIDTH) -> Any:
    """The layers behind it."""
    torch.manual_seed(6)
    return ReduxImageEncoder(redux_dim=_HIDDEN, txt_in_features=width).eval()


def write_style(folder: Path, family: str = "flux", *, width: int = WIDTH) -> Path:
    """Write a style model in the layout of diffusers, with the name of its family in the file."""
    tiny_siglip().save_pretrained(folder / "image_encoder")
    embedder = tiny_embedder(width)
    embedder.save_config(folder / "image_embedder")
    path = folder / "image_embedder" / "diffusion_pytorch_model.safetensors"
    save_file(embedder.state_dict(), path, metadata={"_weft_family": family})
    return folder
