"""A tiny Lumina Image 2.0."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, Lumina2Pipeline, Lumina2Transformer2DModel

from tiny.parts import WIDTH, tiny_kl
from tiny.sana import tiny_gemma, tiny_gemma_tokenizer


def tiny_lumina2() -> Lumina2Pipeline:
    """A transformer of two blocks, with a block each that reads words and pixels alone."""
    torch.manual_seed(2)
    transformer = Lumina2Transformer2DModel(
        sample_size=8,
        hidden_size=32,
        num_layers=2,
        num_refiner_layers=1,
        num_attention_heads=2,
        num_kv_heads=1,
        multiple_of=16,
        axes_dim_rope=(8, 4, 4),
        axes_lens=(300, 64, 64),
        cap_feat_dim=WIDTH,
    ).eval()
    return Lumina2Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=6.0),
        vae=tiny_kl(scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=tiny_gemma(),
        tokenizer=tiny_gemma_tokenizer(),
    )
