"""SwinIR answers as its authors' code does, with each of its ends."""

import pytest
import torch
from tiny.upscalers import (
    Shapes,
    convolution,
    direct_end,
    doubled_end,
    fixed,
    fixed_picture,
    network_with,
    published,
    shuffled_end,
    some_of,
    swinir_shapes,
)
from torch.nn import functional
from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.swinir import SwinIr

BLOCK = "layers.0.residual_group.blocks.0"


@pytest.mark.parametrize(
    ("shapes", "size", "expected"),
    [
        (swinir_shapes(), (8, 12), [0.03079, 0.46085, 0.60085, 0.39297, 0.46594, 0.50684]),
        (
            swinir_shapes(end=doubled_end(24, 2), is_long=True),
            (7, 10),
            [0.31376, 0.36887, 0.38532, 0.39386, 0.38157, 0.4387],
        ),
        (
            swinir_shapes(end=direct_end(24, 3)),
            (7, 10),
            [-0.65122, 1.00362, -0.54059, -0.31933, -0.17495, -0.46247],
        ),
        (
            swinir_shapes(side=7, end=convolution("conv_last", 3, 24)),
            (9, 14),
            [0.26053, 0.54131, 0.15012, 1.05851, -0.01614, 0.391],
        ),
    ],
    ids=["classical", "real-world", "lightweight", "against JPEG"],
)
def test_it_answers_as_the_published_code(
    shapes: Shapes, size: tuple[int, int], expected: list[float]
) -> None:
    network = network_with(fixed(shapes))

    below, right = (-length % network.multiple for length in size)
    found = network(functional.pad(fixed_picture(*size), (0, right, 0, below), mode="reflect"))
    found = found[..., : size[0] * network.scale, : size[1] * network.scale]

    assert isinstance(network, SwinIr)
    assert some_of(found) == pytest.approx(expected, rel=1e-4, abs=1e-4)


MIDDLE = (180, (6,) * 6, 6)


@pytest.mark.parametrize(
    ("shapes", "scale", "multiple", "count"),
    [
        (swinir_shapes(*MIDDLE, 8, shuffled_end(180, 4)), 4, 8, 11_900_199),
        (swinir_shapes(60, (6,) * 4, 6, 8, direct_end(60, 2)), 2, 8, 910_152),
        (swinir_shapes(*MIDDLE, 8, doubled_end(180, 2)), 4, 8, 11_715_559),
        (swinir_shapes(240, (6,) * 9, 8, 8, doubled_end(240, 2), is_long=True), 4, 8, 28_013_059),
        (swinir_shapes(*MIDDLE, 8, convolution("conv_last", 3, 180)), 1, 8, 11_504_163),
        (swinir_shapes(*MIDDLE, 7, convolution("conv_last", 3, 180)), 1, 7, 11_492_067),
    ],
    ids=["classical", "lightweight", "real-world M", "real-world L", "noise", "JPEG"],
)
def test_the_published_sizes_are_known(shapes: Shapes, scale: int, multiple: int, count: int) -> None:
    network = published(shapes)

    assert isinstance(network, SwinIr)
    assert (network.scale, network.multiple) == (scale, multiple)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    kept = network.state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in kept.items()} == {
        name: shape for name, shape in shapes.items() if name in kept
    }
    left = {name.rpartition(".")[2] for name in shapes.keys() - kept.keys()}
    assert left == {"attn_mask", "relative_position_index"}


def test_only_the_networks_against_jpeg_know_another_white() -> None:
    end = convolution("conv_last", 3, 24)

    assert [SwinIr(Layout(swinir_shapes(side=side, end=end))).reach for side in (7, 8)] == [255, 1]


def test_offsets_of_queries_may_be_missing() -> None:
    shapes = {name: shape for name, shape in swinir_shapes().items() if not name.endswith("qkv.bias")}

    assert network_with(fixed(shapes))(torch.rand(1, 3, 4, 4)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({f"{BLOCK}.attn.relative_position_bias_table": (50, 4)}, "no square window has 50 distances"),
        ({f"{BLOCK}.attn.relative_position_bias_table": (225, 5)}, "5 heads cannot share 24 channels"),
        ({f"{BLOCK}.attn.relative_position_bias_table": (36, 4)}, "no square window has 36 distances"),
        ({f"{BLOCK}.mlp.fc1.weight": (48,)}, r"mlp.fc1.weight is \[48\]"),
    ],
)
def test_what_is_no_swinir_is_refused_with_the_reason(changed: Shapes, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        SwinIr(Layout({**swinir_shapes(), **changed}))
