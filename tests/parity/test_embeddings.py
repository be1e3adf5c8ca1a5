"""A learned word steers as it does in diffusers' pipelines."""

import copy
from dataclasses import replace
from functools import partial

import pytest
import tiny_models
import torch
from parity.conftest import Openings
from parity.staged import PROMPT, pipeline_of
from parity.steering import BASES, Steered, Steering, assert_steered
from safetensors.torch import save_file
from weft_nodes.prompts import add_embedding

VECTORS = 0.05 * torch.randn(3, tiny_models.WIDTH, generator=torch.Generator().manual_seed(41))


def learned(family: str, opened: Openings) -> Steered:
    """Teach a word of three vectors."""
    _, checkpoint = opened(family)
    made = pipeline_of(family)
    # Learning changes both.
    made.tokenizer, made.text_encoder = copy.deepcopy(made.tokenizer), copy.deepcopy(made.text_encoder)
    made.load_textual_inversion({"emb_params": VECTORS}, token="dusk")
    folder = opened.root / "models" / "embeddings"
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"emb_params": VECTORS}, folder / "dusk.safetensors")
    encoder = add_embedding(opened.run, checkpoint.encoder, "dusk.safetensors")
    return Steered(
        pipeline=made,
        arguments={"prompt": f"{PROMPT} at dusk"},
        checkpoint=replace(checkpoint, encoder=encoder),
        words=f"{PROMPT} at embedding:dusk",
    )


STEERINGS = tuple(
    Steering("Textual inversion", BASES[family], partial(learned, family)) for family in ("sd15", "sd2")
)


@pytest.mark.parametrize("row", STEERINGS, ids=str)
def test_a_learned_word_steers_as_in_the_pipeline(opened: Openings, row: Steering) -> None:
    assert_steered(opened, row)
