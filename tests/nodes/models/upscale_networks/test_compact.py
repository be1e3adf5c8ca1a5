"""Compact networks add detail to pixels that are repeated."""

import pytest
import torch
from tiny.upscalers import compact_shapes, convolution, network_with, published
from weft_nodes.models.upscale_networks.compact import Compact
from weft_nodes.models.upscale_networks.network import Layout, LayoutError


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_compact_network_is_built_as_its_file_says(scale: int) -> None:
    shapes = compact_shapes(scale)

    network = Compact(Layout(shapes))

    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes
    assert network(torch.rand(1, 3, 8, 12)).shape == (1, 3, 8 * scale, 12 * scale)


def test_a_compact_network_without_detail_repeats_pixels() -> None:
    network = network_with({name: torch.zeros(shape) for name, shape in compact_shapes(2).items()})
    picture = torch.rand(1, 3, 5, 7)

    assert network(picture).equal(picture.repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_the_published_sizes_are_known() -> None:
    # realesr-general-x4v3 and realesr-animevideov3: 64 channels, 32 and 16 convolutions between the ends.
    for middle, count in ((32, 1_213_296), (16, 621_424)):
        shapes = {"body.1.weight": (64,)} | convolution("body.0", 64, 3)
        for index in range(1, middle + 1):
            shapes |= convolution(f"body.{2 * index}", 64, 64) | {f"body.{2 * index + 1}.weight": (64,)}
        shapes |= convolution(f"body.{2 * middle + 2}", 48, 64)

        network = published(shapes)

        assert network.scale == 4
        assert sum(parameter.numel() for parameter in network.parameters()) == count


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ({}, "body.0.weight is missing"),
        ({**compact_shapes(2), "body.0.weight": (8, 1, 3, 3)}, "reads 1 channels"),
        ({**compact_shapes(2), "body.8.weight": (7, 8, 3, 3)}, "body.8.weight writes 7 channels"),
        ({"body.0.weight": (8, 3, 3, 3), "body.1.weight": (8,)}, r"body.1.weight is \[8\]"),
    ],
)
def test_what_is_no_compact_network_is_refused_with_the_reason(
    shapes: dict[str, tuple[int, ...]], reason: str
) -> None:
    with pytest.raises(LayoutError, match=reason):
        Compact(Layout(shapes))
