"""A tiny FLUX.2 dev."""

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2Pipeline,
    Flux2Transformer2DModel,
)
from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Mistral3Config, Mistral3ForConditionalGeneration, PreTrainedTokenizerFast

_WIDTH = 8
_MARKS = ("<s>", "<pad>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[INST]", "[/INST]")
_TEMPLATE = (
    "{{ bos_token }}{% for one in messages %}"
    "{% set mark = 'SYSTEM_PROMPT' if one.role == 'system' else 'INST' %}"
    "[{{ mark }}]{{ one.content[0].text }}[/{{ mark }}]{% endfor %}"
)


def tiny_mistral_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer without merges, which writes chats as Mistral's does."""
    pieces = [*_MARKS, *sorted(ByteLevel.alphabet())]
    whole = Tokenizer(BPE({piece: index for index, piece in enumerate(pieces)}, []))
    whole.pre_tokenizer = ByteLevel(add_prefix_space=False)
    whole.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=whole,
        bos_token="<s>",
        pad_token="<pad>",
        additional_special_tokens=list(_MARKS[2:]),
        padding_side="left",
    )
    tokenizer.chat_template = _TEMPLATE
    return tokenizer


def tiny_mistral() -> Mistral3ForConditionalGeneration:
    """A language model that also sees, of as many layers as are read."""
    torch.manual_seed(5)
    config = Mistral3Config(
        text_config={
            "model_type": "mistral",
            "hidden_size": _WIDTH,
            "intermediate_size": _WIDTH,
            "num_hidden_layers": 30,
            "num_attention_heads": 1,
            "num_key_value_heads": 1,
            "head_dim": 8,
            "vocab_size": 270,
        },
        vision_config={
            "model_type": "pixtral",
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
        },
    )
    return Mistral3ForConditionalGeneration(config).eval()


def tiny_folding_vae() -> AutoencoderKLFlux2:
    """An autoencoder that shrinks eight times and folds, and has seen latents of some spread."""
    torch.manual_seed(1)
    vae = AutoencoderKLFlux2(
        block_out_channels=(4, 4, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=2,
    ).eval()
    vae.bn.running_mean.copy_(torch.randn(128))
    vae.bn.running_var.copy_(torch.rand(128) + 0.5)
    return vae


def tiny_flux2() -> Flux2Pipeline:
    """A transformer of one double and one single block that is told the guidance."""
    torch.manual_seed(2)
    transformer = Flux2Transformer2DModel(
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * _WIDTH,
        axes_dims_rope=(4, 4, 4, 4),
    ).eval()
    return Flux2Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=tiny_folding_vae(),
        text_encoder=tiny_mistral(),
        tokenizer=tiny_mistral_tokenizer(),
    )
