"""Chroma reads a prompt and one token of padding behind it, and no other padding."""

import pytest
import torch
from tiny.chroma import tiny_chroma
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

FAMILY = FAMILIES["chroma"]


@pytest.mark.parametrize("text", ["", "a red star", "a red star " * 60])
def test_a_prompt_is_read_with_one_token_of_padding(text: str) -> None:
    pipeline = tiny_chroma()
    (tokens,) = pipeline.tokenizer([text])["input_ids"]

    found = FAMILY.encode(
        (TextStack(pipeline.text_encoder, pipeline.tokenizer),), Wording.plain(text), skipped_layers=0
    )

    length = max(512, len(tokens))
    assert found["encoder_hidden_states"].shape == (1, length, 32)
    assert found["attention_mask"].tolist() == [[int(at <= len(tokens)) for at in range(length)]]


def test_rows_of_other_lengths_are_asked_at_once_and_read_no_padding() -> None:
    network = FAMILY.network(tiny_chroma().transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw, text_BTD = (torch.randn(shape, generator=drawn) for shape in ((2, 16, 4, 6), (2, 9, 32)))
    counts, times_B = (5, 7), torch.tensor([500.0, 200.0])
    mask_BT = torch.tensor([[int(at < count) for at in range(9)] for count in counts])

    together = network.predict(
        x_BChw, times_B, {"encoder_hidden_states": text_BTD, "attention_mask": mask_BT}
    )

    for row, count in enumerate(counts):
        one = slice(row, row + 1)
        alone = network.predict(
            x_BChw[one],
            times_B[one],
            {"encoder_hidden_states": text_BTD[one, :count], "attention_mask": mask_BT[one, :count]},
        )
        torch.testing.assert_close(together[one], alone)
