"""What tiny pipelines share: text encoders with tokenizers that need no file, and autoencoders."""

import string
from functools import cache
from typing import Any

import torch
from diffusers import AutoencoderKL
from tokenizers.pre_tokenizers import ByteLevel
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

WIDTH = 32
START, END = "<|startoftext|>", "<|endoftext|>"


@cache
def _pieces() -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    letters = sorted(ByteLevel.alphabet())
    merges = (("t", "h"), ("i", "n"), ("a", "n"), ("e", "r</w>"), ("th", "e</w>"), ("in", "g</w>"))
    return (*letters, *(f"{x}</w>" for x in letters), *("".join(pair) for pair in merges), START, END), merges


def tiny_tokenizer(*, pad_token: str = END, length: int = 77) -> CLIPTokenizer:
    """A byte-level tokenizer of the CLIP kind that knows six merges."""
    pieces, merges = _pieces()
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=list(merges), model_max_length=length, pad_token=pad_token)


def tiny_text_encoder(
    *, seed: int = 0, projection: bool = False, width: int = WIDTH, act: str = "quick_gelu"
) -> nn.Module:
    """A CLIP text encoder of three layers."""
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=600,
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=77,
        hidden_act=act,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    )
    encoder = (CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval()
    assert isinstance(encoder, nn.Module)
    return encoder


def tiny_vae(**options: Any) -> AutoencoderKL:
    """An autoencoder that shrinks eight times, with four channels."""
    torch.manual_seed(1)
    return AutoencoderKL(
        block_out_channels=(4, 4, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=2,
        latent_channels=4,
        sample_size=64,
        **options,
    ).eval()


def tiny_t5(*, seed: int = 5, width: int = WIDTH) -> T5EncoderModel:
    """A T5 encoder of two layers."""
    torch.manual_seed(seed)
    config = T5Config(
        d_model=width,
        d_ff=2 * width,
        d_kv=8,
        num_layers=2,
        num_heads=4,
        vocab_size=160,
        relative_attention_num_buckets=8,
    )
    return T5EncoderModel(config).eval()


def tiny_t5_tokenizer(*, length: int = 512) -> T5Tokenizer:
    """A tokenizer of the T5 kind that knows letters, and two syllables."""
    letters = string.ascii_letters + string.digits + string.punctuation
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [(letter, -3.0) for letter in letters]
    pieces += [("ing", -2.2), ("er", -2.3)]
    return T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=length)


def tiny_kl(channels: int = 16, **options: Any) -> AutoencoderKL:
    """An autoencoder that shrinks eight times, as flow families have it."""
    torch.manual_seed(1)
    settings: dict[str, Any] = {
        "block_out_channels": (4, 4, 8, 8),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 1,
        "norm_num_groups": 2,
        "latent_channels": channels,
        "sample_size": 64,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
        "scaling_factor": 1.5305,
        "shift_factor": 0.0609,
    }
    return AutoencoderKL(**(settings | options)).eval()
