"""Lumina Image 2.0 reads the words that the mask counts, wherever padding stands between them."""

from typing import Any, cast

import pytest
import torch
from tiny.lumina2 import tiny_lumina2
from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES


@pytest.fixture(scope="module")
def network() -> Network:
    """The network of the tiny model, without gradients."""
    return FAMILIES["lumina2"].network(tiny_lumina2().transformer, space=FlowSpace(6.0), key="k")


def test_padding_between_words_does_not_count(network: Network) -> None:
    x, time = torch.randn(1, 16, 4, 4), torch.tensor([500.0])
    states = torch.randn(1, 6, 32)
    gaps = torch.tensor([[1, 0, 1, 1, 0, 0]])
    packed = {
        "encoder_hidden_states": states[:, [0, 2, 3, 1, 4, 5]],
        "encoder_attention_mask": torch.tensor([[1, 1, 1, 0, 0, 0]]),
    }

    found = network.predict(x, time, {"encoder_hidden_states": states, "encoder_attention_mask": gaps})

    assert found.equal(network.predict(x, time, packed))


def test_there_are_places_for_long_prompts() -> None:
    config = dict(tiny_lumina2().transformer.config)

    module = FAMILIES["lumina2"].network_part.build(config)

    assert len(cast("Any", module).rope_embedder.freqs_cis[0]) > config["axes_lens"][0]
