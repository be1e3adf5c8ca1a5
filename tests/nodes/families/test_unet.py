"""A U-Net of diffusers answers to the sampling core in any type of numbers."""

import pytest
import tiny_models
import torch
from tiny.controls import tiny_union
from torch import Tensor
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.sights import CONCAT
from weft_nodes.diffusion.spaces import DiffusionSpace
from weft_nodes.families.network import GUIDANCE
from weft_nodes.families.unet import UNetNetwork
from weft_nodes.models.controls import KIND_OF_UNION, ControlNet, control_part
from weft_nodes.models.handles import Weights

SPACE = DiffusionSpace((0.1, 1.0, 10.0))


def _network(dtype: torch.dtype = torch.float32, key: str = "k") -> UNetNetwork:
    return UNetNetwork(tiny_models.tiny_unet().to(dtype), space=SPACE, key=key)


def _inputs(rows: int = 2) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    x_BChw = torch.randn(rows, 4, 8, 8, generator=generator)
    states_BTD = torch.randn(rows, 7, tiny_models.WIDTH, generator=generator)
    return x_BChw, torch.linspace(0, 999, rows), {"encoder_hidden_states": states_BTD}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_prediction_has_the_shape_of_the_latent(dtype: torch.dtype) -> None:
    x_BChw, timestep_B, conditions = _inputs()

    output = _network(dtype).predict(x_BChw, timestep_B, conditions)

    assert output.shape == x_BChw.shape
    assert output.dtype == dtype


def test_inputs_are_not_written_into() -> None:
    x_BChw, timestep_B, conditions = _inputs()
    before = [x_BChw.clone(), timestep_B.clone(), conditions["encoder_hidden_states"].clone()]
    _network().predict(x_BChw, timestep_B, conditions)

    after = [x_BChw, timestep_B, conditions["encoder_hidden_states"]]
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))
    assert list(conditions) == ["encoder_hidden_states"]


def test_rows_with_their_own_time_steps_and_prompts_share_a_forward() -> None:
    x_BChw, timestep_B, conditions = _inputs(3)
    network = _network()
    together = network.predict(x_BChw, timestep_B, conditions)

    alone = _asked_alone(network, x_BChw, timestep_B, conditions)

    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_no_gradient_is_recorded() -> None:
    network = _network()
    network.module.requires_grad_(True)

    assert not network.predict(*_inputs()).requires_grad


def test_the_batch_key_is_the_key_of_the_handle() -> None:
    assert _network(key="abc").batch_key == "abc"
    assert _network().device == torch.device("cpu")
    assert _network().space is SPACE


def test_a_network_of_nine_channels_reads_mask_and_picture_beside_the_latent() -> None:
    network = UNetNetwork(tiny_models.tiny_unet(in_channels=9), space=SPACE, key="k")
    x_BChw, timestep_B, conditions = _inputs(1)
    shown = {**conditions, CONCAT: torch.ones(1, 5, 8, 8)}

    found = network.predict(x_BChw, timestep_B, shown)

    assert found.shape == x_BChw.shape
    assert not found.equal(network.predict(x_BChw, timestep_B, {**shown, CONCAT: torch.zeros(1, 5, 8, 8)}))


@pytest.mark.parametrize(
    ("channels", "shown", "problem"),
    [
        (9, {}, "shows 0 channels beside the noise, but this UNet2DConditionModel reads 5"),
        (4, {CONCAT: torch.ones(1, 5, 8, 8)}, "shows 5 channels"),
        (9, {CONCAT: torch.ones(1, 5, 8, 6)}, "shows 6x8 latent pixels, but the latent has 8x8"),
        (4, {"reference_latents/0": torch.ones(1, 4, 8, 8)}, "reads none"),
    ],
)
def test_what_a_network_cannot_read_is_refused(channels: int, shown: dict[str, Tensor], problem: str) -> None:
    network = UNetNetwork(tiny_models.tiny_unet(in_channels=channels), space=SPACE, key="k")
    x_BChw, timestep_B, conditions = _inputs(1)

    with pytest.raises(ConditioningError, match=problem):
        network.predict(x_BChw, timestep_B, conditions | shown)


def test_consistency_models_are_told_the_guidance() -> None:
    network = UNetNetwork(tiny_models.tiny_unet(time_cond_proj_dim=16), space=SPACE, key="k")
    x_BChw, timestep_B, conditions = _inputs(2)

    mixed = network.predict(x_BChw, timestep_B, {**conditions, GUIDANCE: torch.tensor([8.5, 2.0])})

    usual = network.predict(x_BChw, timestep_B, conditions)
    torch.testing.assert_close(mixed[0], usual[0], rtol=0, atol=1e-5)
    assert not torch.allclose(mixed[1], usual[1], rtol=0, atol=1e-4)


def _steered_by_union() -> tuple[UNetNetwork, dict[str, Tensor]]:
    """A network beside one for several kinds of pictures, and what three rows are told."""
    unet = tiny_models.shared("sdxl").unet
    net = tiny_union(tiny_models.shared("sdxl"))
    handle = ControlNet("sdxl", "sdxl", Weights("", ""), KIND_OF_UNION, 8)
    # As the store builds it.
    live = control_part(handle, half="float16").build(dict(net.config))
    live.load_state_dict(net.state_dict())
    drawn = torch.Generator().manual_seed(0)
    pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
    conditions = {
        "encoder_hidden_states": torch.randn(3, 7, unet.config.cross_attention_dim, generator=drawn),
        "text_embeds": torch.randn(3, pooled, generator=drawn),
        "time_ids": torch.full((3, 6), 64.0),
    }
    return UNetNetwork(unet, space=SPACE, key="k").with_controls({"union": live.eval()}), conditions


def _pictures(count: int) -> dict[str, Tensor]:
    """Pictures of different kinds, as strong as each row says."""
    drawn = torch.Generator().manual_seed(1)
    told = {}
    for place in range(count):
        told[f"control/{place}/union/hint"] = torch.rand(3, 3, 64, 64, generator=drawn)
        told[f"control/{place}/union/strength"] = torch.rand(3, generator=drawn) + 0.5
        told[f"control/{place}/union/kind"] = torch.tensor([place, 5, 3 + place])
    return told


@pytest.mark.parametrize("count", [1, 2])
def test_rows_under_pictures_of_several_kinds_share_a_forward_and_see_nothing_of_each_other(
    count: int,
) -> None:
    network, words = _steered_by_union()
    x_BChw, timestep_B, _ = _inputs(3)
    conditions = words | _pictures(count)
    together = network.predict(x_BChw, timestep_B, conditions)

    alone = _asked_alone(network, x_BChw, timestep_B, conditions)

    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_pictures_are_read_at_once_unless_a_mask_parts_them() -> None:
    network, words = _steered_by_union()
    x_BChw, timestep_B, _ = _inputs(3)
    pictures = _pictures(2)
    nowhere = {"control/1/union/mask": torch.zeros(3, 1, 8, 8)}
    first = {name: tensor for name, tensor in pictures.items() if name.startswith("control/0/")}

    at_once = network.predict(x_BChw, timestep_B, words | pictures)
    parted = network.predict(x_BChw, timestep_B, words | pictures | nowhere)
    of_one = network.predict(x_BChw, timestep_B, words | first)

    torch.testing.assert_close(parted, of_one, rtol=0, atol=1e-6)
    assert not torch.allclose(at_once, of_one, atol=1e-4)


def _asked_alone(
    network: UNetNetwork, x_BChw: torch.Tensor, timestep_B: torch.Tensor, conditions: dict[str, torch.Tensor]
) -> torch.Tensor:
    """What a network says of each row in a forward of its own."""
    rows = [slice(row, row + 1) for row in range(len(x_BChw))]
    return torch.cat(
        [
            network.predict(
                x_BChw[row], timestep_B[row], {name: told[row] for name, told in conditions.items()}
            )
            for row in rows
        ]
    )
