"""ESRGAN is built as its file says, in whichever layout that is."""

import pytest
import torch
from tiny.upscalers import esrgan_shapes, filled, network_with, old_name
from torch import Tensor
from weft_nodes.models.upscale_networks.esrgan import Esrgan, renewed
from weft_nodes.models.upscale_networks.network import Layout, LayoutError


@pytest.mark.parametrize(
    ("doublings", "read", "scale", "multiple"),
    [(2, 3, 4, 1), (1, 3, 2, 1), (3, 3, 8, 1), (0, 3, 1, 1), (2, 12, 2, 2), (2, 48, 1, 4)],
)
def test_an_esrgan_is_built_as_its_file_says(doublings: int, read: int, scale: int, multiple: int) -> None:
    shapes = esrgan_shapes(doublings=doublings, read=read)

    network = Esrgan(Layout(shapes))

    assert (network.scale, network.multiple) == (scale, multiple)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes
    assert network(torch.rand(1, 3, 8, 12)).shape == (1, 3, 8 * scale, 12 * scale)


def test_dense_blocks_follow_their_formula() -> None:
    tensors = filled(esrgan_shapes(doublings=0, blocks=1))
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
    torch.testing.assert_close(network_with(tensors)(picture), expected)


@pytest.mark.parametrize("doublings", [0, 1, 2, 3])
def test_the_older_layout_says_the_same_in_other_words(doublings: int) -> None:
    shapes = esrgan_shapes(doublings=doublings)
    old = {old_name(name, doublings=doublings): name for name in shapes}

    assert renewed({name: name for name in old}) == old


def test_names_that_are_not_of_the_older_layout_stay() -> None:
    assert renewed({"params.a": "a"}) == {"params.a": "a"}


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ({}, "conv_first.weight is missing"),
        (esrgan_shapes(doublings=0, read=12), "reads 12 channels"),
        (esrgan_shapes(read=1), "reads 1 channels"),
        ({**esrgan_shapes(), "conv_first.weight": (8,)}, r"conv_first.weight is \[8\]"),
        ({**esrgan_shapes(), "conv_last.weight": (4, 8, 3, 3)}, "writes 4, not three"),
    ],
)
def test_what_is_no_esrgan_is_refused_with_the_reason(
    shapes: dict[str, tuple[int, ...]], reason: str
) -> None:
    with pytest.raises(LayoutError, match=reason):
        Esrgan(Layout(shapes))
