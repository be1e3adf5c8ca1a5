"""A tiny HunyuanDiT."""

import string

import torch
from diffusers import DDIMScheduler, HunyuanDiT2DModel, HunyuanDiTPipeline
from transformers import BertConfig, BertModel, BertTokenizer

from tiny.parts import WIDTH, tiny_t5, tiny_t5_tokenizer, tiny_vae


def tiny_hunyuandit(*, is_told_sizes: bool = True) -> HunyuanDiTPipeline:
    """A transformer of two blocks; versions up to 1.1 are told the size of the picture."""
    torch.manual_seed(2)
    transformer = HunyuanDiT2DModel(
        sample_size=16,
        num_layers=2,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=3,
        in_channels=4,
        cross_attention_dim=WIDTH,
        cross_attention_dim_t5=WIDTH,
        pooled_projection_dim=16,
        hidden_size=24,
        use_style_cond_and_image_meta_size=is_told_sizes,
    ).eval()
    return HunyuanDiTPipeline(
        transformer=transformer,
        scheduler=DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.03,
            beta_schedule="scaled_linear",
            prediction_type="v_prediction",
            set_alpha_to_one=True,
            clip_sample=False,
            steps_offset=1,
        ),
        vae=tiny_vae(scaling_factor=0.13025),
        text_encoder=_tiny_bert(),
        tokenizer=_tiny_bert_tokenizer(),
        text_encoder_2=tiny_t5(),
        tokenizer_2=tiny_t5_tokenizer(length=256),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _tiny_bert() -> BertModel:
    torch.manual_seed(6)
    config = BertConfig(
        vocab_size=300,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=96,
    )
    return BertModel(config).eval()


def _tiny_bert_tokenizer() -> BertTokenizer:
    letters = string.ascii_lowercase + string.digits + string.punctuation
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{x}" for x in letters)]
    return BertTokenizer(
        vocab={piece: index for index, piece in enumerate(pieces)}, model_max_length=77, do_lower_case=True
    )
