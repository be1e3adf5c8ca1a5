"""Upscalers are recognised by names and shapes, whatever layout their trainers wrote."""

from pathlib import Path

import pytest
import torch
from tiny.upscalers import compact_shapes, esrgan_shapes, filled, old_name
from torch import Tensor
from weft_nodes.models.errors import CheckpointUnknownError
from weft_nodes.models.upscale_networks import Compact, Esrgan, network_of, unwrapped

PATH = Path("upscaler.safetensors")


@pytest.mark.parametrize(
    ("doublings", "read", "scale", "multiple"),
    [(2, 3, 4, 1), (1, 3, 2, 1), (3, 3, 8, 1), (0, 3, 1, 1), (2, 12, 2, 2), (2, 48, 1, 4)],
)
def test_an_esrgan_is_built_as_its_file_says(doublings: int, read: int, scale: int, multiple: int) -> None:
    shapes = esrgan_shapes(doublings=doublings, read=read)

    network = network_of(PATH, shapes)()

    assert isinstance(network, Esrgan)
    assert (network.scale, network.multiple) == (scale, multiple)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes
    assert network(torch.rand(1, 3, 8, 12)).shape == (1, 3, 8 * scale, 12 * scale)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_compact_network_is_built_as_its_file_says(scale: int) -> None:
    shapes = compact_shapes(scale)

    network = network_of(PATH, shapes)()

    assert isinstance(network, Compact)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes
    assert network(torch.rand(1, 3, 8, 12)).shape == (1, 3, 8 * scale, 12 * scale)


def test_a_compact_network_without_detail_repeats_pixels() -> None:
    network = network_of(PATH, compact_shapes(2))()
    network.load_state_dict({name: torch.zeros_like(old) for name, old in network.state_dict().items()})
    picture = torch.rand(1, 3, 5, 7)

    assert network(picture).equal(picture.repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_dense_blocks_follow_their_formula() -> None:
    network = network_of(PATH, esrgan_shapes(doublings=0, blocks=1))()
    tensors = filled(esrgan_shapes(doublings=0, blocks=1))
    network.load_state_dict(tensors)
    picture = torch.rand(1, 3, 8, 8)

    def convolved(name: str, x: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding=1)

    def leaky(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    first = found = convolved("conv_first", picture)
    for dense in (1, 2, 3):
        known = found
        for conv in range(1, 5):
            known = torch.cat([known, leaky(convolved(f"body.0.rdb{dense}.conv{conv}", known))], 1)
        found = found + 0.2 * convolved(f"body.0.rdb{dense}.conv5", known)
    body = convolved("conv_body", first + 0.2 * found)
    expected = convolved("conv_last", leaky(convolved("conv_hr", first + body)))
    torch.testing.assert_close(network(picture), expected)


@pytest.mark.parametrize("doublings", [0, 1, 2, 3])
def test_the_older_layout_says_the_same_in_other_words(doublings: int) -> None:
    shapes = esrgan_shapes(doublings=doublings)
    old = {old_name(name, doublings=doublings): name for name in shapes}

    assert unwrapped(tuple(old)) == old


def test_averaged_weights_are_taken_before_those_beside_them() -> None:
    names = ("params.a", "params_ema.a", "params_ema.b")

    assert unwrapped(names) == {"params_ema.a": "a", "params_ema.b": "b"}
    assert unwrapped(("a", "b")) == {"a": "a", "b": "b"}


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"unet.conv.weight": (4, 4, 3, 3)},
        esrgan_shapes(doublings=0, read=12),
        esrgan_shapes(read=1),
        {**esrgan_shapes(), "conv_first.weight": (8,)},
        {**compact_shapes(2), "body.0.weight": (8, 1, 3, 3)},
        {**compact_shapes(2), "body.8.weight": (7, 8, 3, 3)},
        {"body.0.weight": (8, 3, 3, 3), "body.1.weight": (8,)},
    ],
)
def test_what_is_no_upscaler_is_refused_with_what_it_holds(shapes: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(CheckpointUnknownError, match="no upscaler known here") as error:
        network_of(PATH, shapes)

    assert "PReLU" in error.value.hint
