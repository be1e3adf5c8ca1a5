"""A tiny Qwen-Image."""

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer

from tiny.parts import WIDTH

PATCH = 64
"""Side of the patches in which pictures are read, in pixels."""


def tiny_video_vae() -> AutoencoderKLQwenImage:
    """An autoencoder of videos that shrinks eight times, with the statistics of the published one."""
    torch.manual_seed(1)
    return AutoencoderKLQwenImage(base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1).eval()


def tiny_qwen_tokenizer() -> Qwen2Tokenizer:
    """A byte-level tokenizer without merges, with the marks of a chat."""
    pieces = [*sorted(ByteLevel.alphabet()), "<|endoftext|>"]
    tokenizer = Qwen2Tokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[])
    marks = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    return tokenizer


def tiny_qwen() -> Qwen2_5_VLForConditionalGeneration:
    """A language model of two layers that also sees."""
    torch.manual_seed(5)
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_parameters": {
                "mrope_section": [2, 2, 4],
                "rope_theta": 1000000.0,
                "rope_type": "default",
            },
            "vocab_size": 264,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            # Few tokens for pictures of a full size, and none that must be resized to be cut.
            "patch_size": PATCH,
            "window_size": 4 * PATCH,
            "fullatt_block_indexes": [1],
        },
        image_token_id=tiny_qwen_tokenizer().convert_tokens_to_ids("<|image_pad|>"),
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def tiny_qwenimage() -> QwenImagePipeline:
    """A transformer of two blocks; the shift grows with the size, and the levels end above nothing."""
    torch.manual_seed(2)
    transformer = QwenImageTransformer2DModel(
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(8, 4, 4),
    ).eval()
    return QwenImagePipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=0.9,
            base_image_seq_len=256,
            max_image_seq_len=8192,
            shift_terminal=0.02,
        ),
        vae=tiny_video_vae(),
        text_encoder=tiny_qwen(),
        tokenizer=tiny_qwen_tokenizer(),
    )
