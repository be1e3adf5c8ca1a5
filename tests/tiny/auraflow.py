"""A tiny AuraFlow."""

import torch
from diffusers import AuraFlowPipeline, AuraFlowTransformer2DModel, FlowMatchEulerDiscreteScheduler
from transformers import UMT5Config, UMT5EncoderModel

from tiny.parts import WIDTH, tiny_t5_tokenizer, tiny_vae


def tiny_umt5() -> UMT5EncoderModel:
    """An encoder of the T5 kind with places of its own in each of its two layers."""
    torch.manual_seed(5)
    config = UMT5Config(
        d_model=WIDTH,
        d_ff=2 * WIDTH,
        d_kv=8,
        num_layers=2,
        num_heads=4,
        vocab_size=160,
        relative_attention_num_buckets=8,
    )
    return UMT5EncoderModel(config).eval()


def tiny_auraflow() -> AuraFlowPipeline:
    """A transformer of a double and a single block, with places for pictures of up to 192 pixels."""
    torch.manual_seed(2)
    transformer = AuraFlowTransformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=4,
        num_mmdit_layers=1,
        num_single_dit_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=WIDTH,
        caption_projection_dim=32,
        out_channels=4,
        pos_embed_max_size=12 * 12,
    ).eval()
    return AuraFlowPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
        vae=tiny_vae(scaling_factor=0.13025),
        text_encoder=tiny_umt5(),
        tokenizer=tiny_t5_tokenizer(length=256),
    )
