"""A tiny Chroma."""

from typing import Any

import torch
from diffusers import ChromaPipeline, ChromaTransformer2DModel, FlowMatchEulerDiscreteScheduler
from torch import Tensor

from tiny.parts import WIDTH, tiny_kl, tiny_t5, tiny_t5_tokenizer


class MaskingChromaPipeline(ChromaPipeline):  # type: ignore[misc]  # diffusers has no types
    """The pipeline with padding masked.

    diffusers 0.42 makes the mask a number, so that attention adds it to its scores and masks nothing. The
    authors' code masks, and what their weights learned with is the measure. This class goes when upstream
    masks, too.
    """

    def _get_t5_prompt_embeds(self, *positions: Any, **names: Any) -> tuple[Tensor, Tensor]:
        states, mask = super()._get_t5_prompt_embeds(*positions, **names)
        return states, mask.bool()


def tiny_chroma() -> MaskingChromaPipeline:
    """A transformer of two double and two single blocks."""
    torch.manual_seed(2)
    transformer = ChromaTransformer2DModel(
        patch_size=1,
        in_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        approximator_num_channels=16,
        approximator_hidden_dim=32,
        approximator_layers=1,
    ).eval()
    return MaskingChromaPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=1.0,
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=1.15,
            base_image_seq_len=256,
            max_image_seq_len=4096,
        ),
        vae=tiny_kl(scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=tiny_t5(),
        tokenizer=tiny_t5_tokenizer(),
    )
