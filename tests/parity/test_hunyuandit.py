"""HunyuanDiT equals diffusers' pipeline."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT

CASES = (
    Case(
        "hunyuandit",
        "ddim",
        {"negative_prompt": NEGATIVE, "guidance_scale": 5.0, "use_resolution_binning": False},
        5.0,
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_bits(opened: Open) -> None:
    store, checkpoint = opened("hunyuandit", "folder")
    pipeline = tiny_models.shared("hunyuandit")
    # Attention takes another kernel where gradients are wanted.
    with torch.no_grad():
        theirs = [
            pipeline.encode_prompt(
                PROMPT, device="cpu", do_classifier_free_guidance=False, text_encoder_index=index
            )
            for index in range(2)
        ]

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    assert torch.equal(ours.tensors["encoder_hidden_states"], theirs[0][0])
    assert torch.equal(ours.tensors["bert_mask"], theirs[0][2])
    assert torch.equal(ours.tensors["encoder_hidden_states_t5"], theirs[1][0])
    assert torch.equal(ours.tensors["t5_mask"], theirs[1][2])
