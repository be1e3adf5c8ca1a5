"""Qwen-Image reads tokens of two by two latent pixels, of any number of rows and columns."""

import pytest
import torch
from tiny.controls import tiny_control
from tiny.qwenimage import tiny_qwenimage
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FACTS, FAMILIES
from weft_nodes.models.controls import Steerable
from weft_nodes.models.errors import ControlMismatchError


def test_a_picture_that_is_not_square_is_read_row_by_row() -> None:
    network = FAMILIES["qwen-image"].network(tiny_qwenimage().transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw = torch.randn(1, 16, 4, 8, generator=drawn)
    states = {"encoder_hidden_states": torch.randn(1, 5, 32, generator=drawn)}

    wide = network.predict(x_BChw, torch.tensor([500.0]), states)
    tall = network.predict(x_BChw.mT.contiguous(), torch.tensor([500.0]), states)

    assert wide.shape == x_BChw.shape
    assert not torch.allclose(wide, tall.mT, atol=1e-4)


def test_references_are_further_tokens_with_rows_and_columns_of_their_own() -> None:
    pipeline = tiny_qwenimage()
    network = FAMILIES["qwen-image"].network(pipeline.transformer, space=FlowSpace(), key="key")
    drawn = torch.Generator().manual_seed(0)
    x_BChw, shown = torch.randn(1, 16, 4, 8, generator=drawn), torch.randn(1, 16, 6, 2, generator=drawn)
    states = {"encoder_hidden_states": torch.randn(1, 5, 32, generator=drawn)}

    found = network.predict(x_BChw, torch.tensor([500.0]), {**states, "reference_latents/0": shown})

    tokens = [
        pipeline._pack_latents(latent, 1, 16, latent.shape[2], latent.shape[3]) for latent in (x_BChw, shown)
    ]
    with torch.no_grad():
        theirs = pipeline.transformer(
            hidden_states=torch.cat(tokens, dim=1),
            timestep=torch.tensor([0.5]),
            img_shapes=[[(1, 2, 4), (1, 3, 1)]],
            return_dict=False,
            **states,
        )[0][:, :8]
    whole = pipeline._unpack_latents(theirs, 32, 64, 8)[:, :, 0]
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-5)


def test_guidance_keeps_the_length_of_what_the_network_reads_as_one_token() -> None:
    facts = FACTS["qwen-image"]

    assert facts.kept_token == facts.patch
    assert all(other.kept_token is None for name, other in FACTS.items() if name != "qwen-image")


def test_control_networks_do_not_know_reference_pictures() -> None:
    pipeline = tiny_qwenimage()
    network = FAMILIES["qwen-image"].network(pipeline.transformer, space=FlowSpace(), key="key")
    assert isinstance(network, Steerable)
    steered = network.with_controls({"edges": tiny_control(pipeline, "qwen-image")})
    latent_1Chw = torch.zeros(1, 16, 4, 8)
    inputs = {
        "encoder_hidden_states": torch.zeros(1, 5, 32),
        "control/0/edges/hint": latent_1Chw,
        "control/0/edges/strength": torch.ones(1),
        "control/0/edges/kind": torch.zeros(1, dtype=torch.int64),
    }

    assert steered.predict(latent_1Chw, torch.tensor([500.0]), inputs).shape == latent_1Chw.shape
    with pytest.raises(ControlMismatchError, match="reference pictures"):
        steered.predict(latent_1Chw, torch.tensor([500.0]), {**inputs, "reference_latents/0": latent_1Chw})
