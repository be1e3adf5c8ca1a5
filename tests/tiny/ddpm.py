"""A tiny DDPM."""

from typing import Any

import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel


def tiny_ddpm(*, variance: str = "fixed_large", **options: Any) -> DDPMPipeline:
    """An unconditional U-Net of two levels, configured like the first that were published."""
    torch.manual_seed(2)
    settings: dict[str, Any] = {
        "sample_size": 32,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
        "attention_head_dim": None,
        "downsample_padding": 0,
        "flip_sin_to_cos": False,
        "freq_shift": 1,
        "norm_eps": 1e-6,
        "norm_num_groups": 2,
    }
    # Less noise than published: where there is much, a denoised picture is a small difference of large
    # numbers, whose rounding clipping leaves to be seen.
    scheduler = DDPMScheduler(variance_type=variance, clip_sample=True, beta_end=0.002)
    return DDPMPipeline(UNet2DModel(**(settings | options)).eval(), scheduler)
