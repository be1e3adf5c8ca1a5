"""AuraFlow says nothing of padding, and refuses what it has no places for."""

import pytest
import torch
from tiny.auraflow import tiny_auraflow
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES
from weft_nodes.families.auraflow import LatentTooLargeError
from weft_nodes.models.text import TextStack
from weft_nodes.models.wording import Wording

FAMILY = FAMILIES["auraflow"]


def test_padding_is_encoded_as_nothing() -> None:
    pipeline = tiny_auraflow()
    (tokens,) = pipeline.tokenizer(["a red star"])["input_ids"]
    stack = TextStack(pipeline.text_encoder, pipeline.tokenizer)

    states = FAMILY.encode((stack,), Wording.plain("a red star"), skipped_layers=0)["encoder_hidden_states"]

    assert states.shape == (1, 256, 32)
    assert not states[:, len(tokens) :].any()
    assert states[:, : len(tokens)].any(dim=-1).all()


@pytest.mark.parametrize(("height", "width"), [(24, 4), (4, 24)])
def test_a_side_may_be_as_long_as_there_are_places(height: int, width: int) -> None:
    network = FAMILY.network(tiny_auraflow().transformer, space=FlowSpace(), key="key")
    prompt = {"encoder_hidden_states": torch.ones(1, 3, 32)}

    found = network.predict(torch.ones(1, 4, height, width), torch.tensor([500.0]), prompt)

    assert found.shape == (1, 4, height, width)
    with pytest.raises(LatentTooLargeError, match="no side longer than 192 pixels"):
        network.predict(torch.ones(1, 4, height + 2, width + 2), torch.tensor([500.0]), prompt)
