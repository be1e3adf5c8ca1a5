"""A tiny PixArt-Sigma."""

import torch
from diffusers import DPMSolverMultistepScheduler, PixArtSigmaPipeline, PixArtTransformer2DModel

from tiny.parts import WIDTH, tiny_t5, tiny_t5_tokenizer, tiny_vae


def tiny_pixart() -> PixArtSigmaPipeline:
    """A transformer of two blocks that predicts noise and variance."""
    torch.manual_seed(2)
    transformer = PixArtTransformer2DModel(
        sample_size=8,
        num_layers=2,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=3,
        caption_channels=WIDTH,
        in_channels=4,
        cross_attention_dim=24,
        out_channels=8,
        attention_bias=True,
        activation_fn="gelu-approximate",
        num_embeds_ada_norm=1000,
        norm_type="ada_norm_single",
        norm_elementwise_affine=False,
        norm_eps=1e-6,
    ).eval()
    return PixArtSigmaPipeline(
        transformer=transformer,
        scheduler=DPMSolverMultistepScheduler(beta_schedule="linear", beta_start=0.0001, beta_end=0.02),
        vae=tiny_vae(scaling_factor=0.13025),
        text_encoder=tiny_t5(),
        tokenizer=tiny_t5_tokenizer(length=300),
    )
