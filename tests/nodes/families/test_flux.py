"""FLUX.1 dev is told its guidance, schnell is not, and both read latents as tokens."""

from collections.abc import Mapping

import pytest
import torch
from tiny.controls import tiny_control
from tiny.flux import tiny_flux
from torch import Tensor
from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families import FAMILIES
from weft_nodes.families.network import GUIDANCE
from weft_nodes.models.controls import Steerable
from weft_nodes.models.errors import ControlMismatchError


def live(*, is_schnell: bool) -> Network:
    """A live tiny network."""
    return FAMILIES["flux"].network(
        tiny_flux(is_schnell=is_schnell).transformer, space=FlowSpace(), key="key"
    )


def answer(network: Network, **more: Tensor) -> Tensor:
    """What a network says of some noise."""
    drawn = torch.Generator().manual_seed(0)
    conditions: Mapping[str, Tensor] = {
        "encoder_hidden_states": torch.randn(1, 5, 32, generator=drawn),
        "pooled_projections": torch.randn(1, 32, generator=drawn),
        **more,
    }
    return network.predict(torch.randn(1, 16, 4, 6, generator=drawn), torch.tensor([500.0]), conditions)


def test_dev_is_told_the_guidance_of_the_prompt_and_a_sane_one_otherwise() -> None:
    network = live(is_schnell=False)

    untold = answer(network)

    assert untold.shape == (1, 16, 4, 6)
    assert untold.equal(answer(network, **{GUIDANCE: torch.tensor([3.5])}))
    assert not untold.equal(answer(network, **{GUIDANCE: torch.tensor([1.0])}))


def test_schnell_does_not_listen_to_a_guidance() -> None:
    network = live(is_schnell=True)

    assert answer(network).equal(answer(network, **{GUIDANCE: torch.tensor([9.0])}))


def test_control_networks_do_not_know_reference_pictures() -> None:
    pipeline = tiny_flux()
    network = FAMILIES["flux"].network(pipeline.transformer, space=FlowSpace(), key="key")
    assert isinstance(network, Steerable)
    steered = network.with_controls({"edges": tiny_control(pipeline, "flux")})
    latent_1Chw = torch.zeros(1, 16, 4, 6)
    inputs = {
        "control/0/edges/hint": latent_1Chw,
        "control/0/edges/strength": torch.ones(1),
        "control/0/edges/kind": torch.zeros(1, dtype=torch.int64),
    }

    assert answer(steered, **inputs).shape == latent_1Chw.shape
    with pytest.raises(ControlMismatchError, match="reference pictures"):
        answer(steered, **inputs, **{"reference_latents/0": latent_1Chw})


@pytest.mark.parametrize("is_schnell", [False, True])
def test_rows_with_other_guidance_share_a_forward(*, is_schnell: bool) -> None:
    network = live(is_schnell=is_schnell)
    rows = {"encoder_hidden_states": torch.zeros(2, 3, 32), "pooled_projections": torch.zeros(2, 32)}
    guidance = torch.tensor([1.0, 6.0])

    found = network.predict(
        torch.ones(2, 16, 4, 4), torch.tensor([500.0, 500.0]), rows | {GUIDANCE: guidance}
    )

    assert found.shape == (2, 16, 4, 4)
    assert torch.allclose(found[0], found[1]) is is_schnell
