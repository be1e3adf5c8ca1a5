"""Qwen-Image reads tokens of two by two latent pixels, of any number of rows and columns."""

import torch
from tiny.qwenimage import tiny_qwenimage
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FACTS, FAMILIES


def test_a_picture_that_is_not_square_is_read_row_by_row() -> None:
    network = FAMILIES["qwen-image"].network(tiny_qwenimage().transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw = torch.randn(1, 16, 4, 8, generator=drawn)
    states = {"encoder_hidden_states": torch.randn(1, 5, 32, generator=drawn)}

    wide = network.predict(x_BChw, torch.tensor([500.0]), states)
    tall = network.predict(x_BChw.mT.contiguous(), torch.tensor([500.0]), states)

    assert wide.shape == x_BChw.shape
    assert not torch.allclose(wide, tall.mT, atol=1e-4)


def test_guidance_keeps_the_length_of_what_the_network_reads_as_one_token() -> None:
    facts = FACTS["qwen-image"]

    assert facts.kept_token == facts.patch
    assert all(other.kept_token is None for name, other in FACTS.items() if name != "qwen-image")
