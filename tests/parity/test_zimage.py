"""Z-Image equals diffusers' pipeline, guided and not."""

from collections.abc import Callable

import pytest
import tiny_models
import torch
from parity.conftest import Opened
from parity.measuring import Case, assert_parity
from parity.staged import NEGATIVE, PROMPT

CASES = (
    Case("z-image", "euler", {"guidance_scale": 0.0}, 1.0, title="Z-Image Turbo", schedule="simple"),
    Case(
        "z-image",
        "euler",
        # The pipeline adds the scale to the prediction, so that it means one less.
        {"guidance_scale": 2.0, "negative_prompt": NEGATIVE},
        3.0,
        title="Z-Image",
        schedule="simple",
    ),
)

Open = Callable[[str, str], Opened]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_stages_equal_the_pipeline(opened: Open, case: Case) -> None:
    assert_parity(opened, case)


def test_a_prompt_is_encoded_to_the_same_states(opened: Open) -> None:
    store, checkpoint = opened("z-image", "folder")
    (states,), _ = tiny_models.shared("z-image").encode_prompt(
        PROMPT, do_classifier_free_guidance=False, device="cpu"
    )

    (ours,) = store.encode_prompt(checkpoint.encoder, PROMPT).entries

    mask = ours.tensors["attention_mask"].bool()
    # The pipeline reads it with its padding, which takes other kernels.
    torch.testing.assert_close(ours.tensors["encoder_hidden_states"][mask], states)
