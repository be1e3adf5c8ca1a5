"""A tiny FLUX.1, dev or schnell."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

from tiny.parts import WIDTH, tiny_kl, tiny_t5, tiny_t5_tokenizer, tiny_text_encoder, tiny_tokenizer


def tiny_flux(*, is_schnell: bool = False, shown_channels: int = 0) -> FluxPipeline:
    """A transformer of two double and two single blocks; dev is told the guidance, and shifts by size."""
    torch.manual_seed(2)
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=4 * (16 + shown_channels),
        out_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=not is_schnell,
    ).eval()
    return FluxPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=1.0 if is_schnell else 3.0,
            use_dynamic_shifting=not is_schnell,
            base_shift=0.5,
            max_shift=1.15,
            base_image_seq_len=256,
            max_image_seq_len=4096,
        ),
        vae=tiny_kl(scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=tiny_text_encoder(),
        text_encoder_2=tiny_t5(),
        tokenizer=tiny_tokenizer(),
        tokenizer_2=tiny_t5_tokenizer(),
    )
