"""Chroma equals diffusers' pipeline once that masks padding."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT, of_tokens

CASES = (
    Case(
        "chroma",
        "euler",
        {"guidance_scale": 3.0, "negative_prompt": NEGATIVE},
        3.0,
        title="Chroma (against the pipeline with padding masked)",
        schedule="simple",
        unpacked=of_tokens,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("chroma", "folder")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        states, _, mask, *_ = tiny_models.shared("chroma").encode_prompt(
            PROMPT, do_classifier_free_guidance=False, device="cpu"
        )

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], states)
    assert torch.equal(ours.tensors["attention_mask"].bool(), mask)
