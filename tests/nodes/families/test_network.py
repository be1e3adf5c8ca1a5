"""A live network gives its module floats of its own type, and keeps from it what it never learned."""

import pytest
import torch
from torch import Tensor, nn
from weft_nodes.diffusion.spaces import FlowSpace
from weft_nodes.families.network import GUIDANCE, LiveNetwork


class Heard(LiveNetwork):
    """Keeps what it was asked."""

    def _call(self, x_BChw: Tensor, timestep_B: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        self.inputs = inputs
        assert not torch.is_grad_enabled()
        return x_BChw * timestep_B


class Told(Heard):
    """Learned to be told the guidance."""

    _is_told_guidance = True


def live(kind: type[Heard], dtype: torch.dtype = torch.bfloat16) -> Heard:
    """A live network over a linear layer."""
    return kind(nn.Linear(2, 2).to(dtype), space=FlowSpace(), key="key")


CONDITIONS = {
    "encoder_hidden_states": torch.ones(1, 3, 4),
    "encoder_attention_mask": torch.ones(1, 3, dtype=torch.int64),
    GUIDANCE: torch.tensor([3.5]),
}


def test_floats_are_cast_and_masks_are_not() -> None:
    network = live(Heard)

    network.predict(torch.ones(1, 1, 2, 2), torch.ones(1), CONDITIONS)

    assert network.inputs["encoder_hidden_states"].dtype is torch.bfloat16
    assert network.inputs["encoder_attention_mask"].dtype is torch.int64


@pytest.mark.parametrize(("kind", "is_told"), [(Heard, False), (Told, True)])
def test_the_guidance_of_a_prompt_reaches_networks_that_learned_to_be_told(
    kind: type[Heard], is_told: bool
) -> None:
    network = live(kind)

    network.predict(torch.ones(1, 1, 2, 2), torch.ones(1), CONDITIONS)

    assert (GUIDANCE in network.inputs) is is_told
    assert GUIDANCE in CONDITIONS


def test_rows_of_one_handle_may_share_a_forward() -> None:
    network = live(Heard)

    assert network.batch_key == "key"
    assert network.device == torch.device("cpu")
