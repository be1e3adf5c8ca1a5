"""A tiny Stable Diffusion 3."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

from tiny.parts import tiny_kl, tiny_t5, tiny_t5_tokenizer, tiny_text_encoder, tiny_tokenizer

WIDTH = 80


def tiny_sd3() -> StableDiffusion3Pipeline:
    """Two CLIPs of different widths, T5, and a transformer of two blocks."""
    torch.manual_seed(2)
    transformer = SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=32 + 40,
        pos_embed_max_size=24,
    ).eval()
    return StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=tiny_kl(),
        text_encoder=tiny_text_encoder(projection=True),
        text_encoder_2=tiny_text_encoder(seed=3, projection=True, width=40, act="gelu"),
        text_encoder_3=tiny_t5(width=WIDTH),
        tokenizer=tiny_tokenizer(),
        tokenizer_2=tiny_tokenizer(pad_token="!"),
        tokenizer_3=tiny_t5_tokenizer(length=256),
    )
