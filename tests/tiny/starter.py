"""The networks of the starter model with few channels, for tests of how it is trained and painted with."""

from functools import cache

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTokenizer
from weft_nodes.starter.networks import Parts, build_text_encoder, build_unet, build_vae
from weft_nodes.starter.scenes import vocabulary
from weft_nodes.starter.tokenizer import build_tokenizer


@cache
def starter_tokenizer() -> CLIPTokenizer:
    """The tokenizer of the starter model."""
    return build_tokenizer(vocabulary())


def narrow_parts() -> Parts:
    """Untrained parts that are the same each time; the U-Net alone is narrow, and it alone would be slow."""
    torch.manual_seed(0)
    tokenizer = starter_tokenizer()
    return Parts(tokenizer, build_text_encoder(tokenizer).eval(), _narrow_unet(), build_vae().eval())


def _narrow_unet() -> UNet2DConditionModel:
    with torch.device("meta"):
        config = build_unet().config
    # Without the list of what was left at its default, which would be set back to it.
    given = {name: value for name, value in config.items() if not name.startswith("_")}
    return UNet2DConditionModel.from_config(given | {"block_out_channels": (16, 16, 32)})
