"""A tiny Z-Image."""

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from transformers import Qwen3Config, Qwen3Model

from tiny.parts import WIDTH, tiny_kl
from tiny.qwenimage import tiny_qwen_tokenizer

# What the published template makes of messages.
_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{% endfor %}{{ '<|im_start|>assistant\\n' }}"
)


def tiny_qwen3() -> Qwen3Model:
    """A language model of three layers."""
    torch.manual_seed(5)
    config = Qwen3Config(
        vocab_size=260,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
    )
    return Qwen3Model(config).eval()


def tiny_zimage() -> ZImagePipeline:
    """A transformer of two layers and a refiner for each of its streams."""
    torch.manual_seed(2)
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=WIDTH,
        axes_dims=[8, 4, 4],
        axes_lens=[1536, 512, 512],
    ).eval()
    # As it is built, padding is zero, which would hide a mistake.
    with torch.no_grad():
        transformer.x_pad_token.normal_()
        transformer.cap_pad_token.normal_()
    tokenizer = tiny_qwen_tokenizer()
    tokenizer.chat_template = _TEMPLATE
    return ZImagePipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=tiny_kl(scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=tiny_qwen3(),
        tokenizer=tokenizer,
    )
