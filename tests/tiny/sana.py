"""A tiny Sana."""

import inspect
import string

import torch
from diffusers import AutoencoderDC, FlowMatchEulerDiscreteScheduler, SanaPipeline, SanaTransformer2DModel
from tokenizers.processors import TemplateProcessing
from transformers import Gemma2Config, Gemma2Model, GemmaTokenizer

from tiny.parts import WIDTH


def tiny_sana() -> SanaPipeline:
    """A transformer of two blocks over latents that are folded 32 times, with 32 channels."""
    torch.manual_seed(2)
    transformer = SanaTransformer2DModel(
        patch_size=1,
        in_channels=32,
        out_channels=32,
        num_layers=2,
        num_attention_heads=2,
        attention_head_dim=8,
        num_cross_attention_heads=2,
        cross_attention_head_dim=8,
        cross_attention_dim=16,
        caption_channels=WIDTH,
        sample_size=32,
        timestep_scale=0.5,
    ).eval()
    return SanaPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_tiny_dc(),
        text_encoder=tiny_gemma(),
        tokenizer=tiny_gemma_tokenizer(),
    )


def _tiny_dc() -> AutoencoderDC:
    torch.manual_seed(1)
    levels = (4, 4, 4, 8, 16, 32)
    return AutoencoderDC(
        latent_channels=32,
        encoder_block_types="ResBlock",
        decoder_block_types="ResBlock",
        encoder_block_out_channels=levels,
        decoder_block_out_channels=levels,
        encoder_layers_per_block=(1,) * 6,
        decoder_layers_per_block=(1,) * 6,
        encoder_qkv_multiscales=((),) * 6,
        decoder_qkv_multiscales=((),) * 6,
        upsample_block_type="interpolate",
        scaling_factor=0.41407,
    ).eval()


def tiny_gemma() -> Gemma2Model:
    """A Gemma 2 of two layers."""
    torch.manual_seed(6)
    config = Gemma2Config(
        vocab_size=200,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=4096,
        sliding_window=4096,
    )
    return Gemma2Model(config).eval()


def tiny_gemma_tokenizer() -> GemmaTokenizer:
    """A tokenizer of Gemma's kind that knows letters, and the lines of Sana's instruction."""
    letters = string.ascii_letters + string.digits + string.punctuation
    pieces = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", "\n", *letters]
    tokenizer = GemmaTokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[])
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", pieces.index("<bos>"))]
    )
    # Lines of the instruction are a token each, so that reading it is quick.
    instruction = inspect.signature(SanaPipeline.__call__).parameters["complex_human_instruction"].default
    tokenizer.add_tokens([line.strip() for line in instruction])
    return tokenizer
