"""The encoder of a tiny Kolors: ChatGLM3 of two layers, and a tokenizer trained on a few words."""

import string
import tempfile
from functools import cache
from pathlib import Path

import torch
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer
from sentencepiece import SentencePieceTrainer

from tiny.parts import WIDTH


@cache
def _vocabulary() -> Path:
    file = Path(tempfile.mkdtemp(prefix="kolors-")) / "tokenizer.model"
    letters = " ".join(string.ascii_letters + string.digits + string.punctuation)
    with file.open("wb") as writer:
        SentencePieceTrainer.train(
            sentence_iterator=iter(["a red circle left of a blue star", letters] * 4),
            model_writer=writer,
            model_type="bpe",
            vocab_size=110,
            hard_vocab_limit=False,
            character_coverage=1.0,
            unk_id=0,
            bos_id=1,
            eos_id=2,
            pad_id=3,
            minloglevel=2,
        )
    return file


def tiny_glm_tokenizer() -> ChatGLMTokenizer:
    """A tokenizer that knows letters and a few syllables, and fills up on the left."""
    return ChatGLMTokenizer(str(_vocabulary()))


def tiny_glm() -> ChatGLMModel:
    """A language model of two layers."""
    torch.manual_seed(7)
    config = ChatGLMConfig(
        num_layers=2,
        padded_vocab_size=140,
        hidden_size=WIDTH,
        ffn_hidden_size=2 * WIDTH,
        kv_channels=8,
        num_attention_heads=4,
        multi_query_attention=True,
        multi_query_group_num=2,
        add_qkv_bias=True,
        rmsnorm=True,
        original_rope=True,
        bias_dropout_fusion=True,
        seq_length=4096,
    )
    model = ChatGLMModel(config, empty_init=False).eval().requires_grad_(False)
    for name, parameter in model.named_parameters():
        # Its norms are left as memory was found.
        if "norm" in name:
            parameter.fill_(1.0)
        else:
            parameter.normal_(std=0.2)
    return model
