"""Beginning and end are the same in all of these networks, whatever lies between."""

import pytest
import torch
from tiny.upscalers import Shapes, closing_shapes, convolution, direct_end, doubled_end, fixed, shuffled_end
from torch import Tensor, nn
from typing_extensions import override
from weft_nodes.models.upscale_networks.network import Layout, LayoutError
from weft_nodes.models.upscale_networks.transformer import (
    Embedding,
    Group,
    Transformer,
    closing,
    convolved,
    sharing,
)


class Idle(Transformer):
    """A network whose layers find nothing."""

    kind = "idle"

    @override
    def found(self, x_BCHW: Tensor) -> Tensor:
        return torch.zeros_like(x_BCHW)


def beginning(*, is_long: bool = False) -> Shapes:
    """Shapes that are the same whatever the end."""
    return convolution("conv_first", 8, 3) | closing_shapes("conv_after_body", 8, is_long=is_long)


@pytest.mark.parametrize(
    ("end", "scale"),
    [
        (shuffled_end(8, 1, 12), 1),
        (shuffled_end(8, 2, 12), 2),
        (shuffled_end(8, 3, 12), 3),
        (shuffled_end(8, 4, 12), 4),
        (direct_end(8, 1), 1),
        (direct_end(8, 3), 3),
        (doubled_end(8, 1, 12), 2),
        (doubled_end(8, 2, 12), 4),
        (convolution("conv_last", 3, 8), 1),
    ],
)
@pytest.mark.parametrize("is_long", [False, True])
def test_every_end_is_built_as_its_file_says(end: Shapes, scale: int, *, is_long: bool) -> None:
    shapes = beginning(is_long=is_long) | end

    network = Idle(Layout(shapes))

    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == shapes
    assert network.scale == scale
    assert network(torch.rand(1, 3, 4, 6)).shape == (1, 3, 4 * scale, 6 * scale)


def test_a_network_that_adds_nothing_returns_the_picture_whatever_its_range() -> None:
    network = Idle(Layout(beginning() | convolution("conv_last", 3, 8)))
    network.load_state_dict({name: torch.zeros_like(old) for name, old in network.state_dict().items()})
    picture = torch.rand(1, 3, 4, 6)

    for reach in (1.0, 255.0):
        network.reach = reach
        torch.testing.assert_close(network(picture), picture)


def test_what_is_computed_from_sizes_is_not_taken_from_the_file() -> None:
    kept = fixed(beginning())
    computed = fixed(
        {
            "a.relative_position_index": (4, 4),
            "relative_position_index_SA": (4, 4),
            "relative_position_index_OCA": (4, 9),
            "a.attn_mask": (1, 4, 4),
            "a.attn_mask_0": (1, 4, 4),
            "a.rpe_biases": (9, 2),
            "a.num_batches_tracked": (),
        }
    )

    assert Idle(Layout(beginning() | convolution("conv_last", 3, 8))).prepared({**kept, **computed}) == kept


def test_a_group_adds_what_its_layers_and_its_convolution_make() -> None:
    group = Group(Embedding(4), nn.Conv2d(4, 4, 1))
    x_BhwC = torch.rand(1, 2, 3, 4)

    inner = nn.functional.layer_norm(x_BhwC, (4,))
    torch.testing.assert_close(group(x_BhwC), x_BhwC + convolved(group.conv, inner))


def test_a_layer_for_pictures_reads_pixels() -> None:
    layer = nn.Conv2d(4, 5, 3, padding=1)
    x_BChw = torch.rand(2, 4, 3, 6)

    torch.testing.assert_close(convolved(layer, x_BChw.movedim(1, -1)), layer(x_BChw).movedim(1, -1))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"conv_first.weight": (8, 1, 3, 3)}, "conv_first reads 1 channels"),
        ({"upsample.2.weight": (50, 12, 3, 3)}, "upsample.2.weight writes 50 channels"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(changed: Shapes, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        Idle(Layout({**beginning(), **shuffled_end(8, 4, 12), **changed}))
    with pytest.raises(LayoutError, match=r"x.0.weight is missing"):
        closing(Layout({}), "x", 8)


def test_heads_share_channels_evenly_or_not_at_all() -> None:
    assert sharing(6, 180) == 6
    with pytest.raises(LayoutError, match="7 heads cannot share 180 channels"):
        sharing(7, 180)
