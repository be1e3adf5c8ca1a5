"""DAT answers as its authors' code does, at sizes that its windows divide and at others."""

import pytest
import torch
from tiny.upscalers import (
    Shapes,
    dat_shapes,
    direct_end,
    fixed,
    fixed_picture,
    network_with,
    published,
    shuffled_end,
    some_of,
)
from torch import Tensor
from weft_nodes.models.upscale_networks.dat import Dat
from weft_nodes.models.upscale_networks.network import Layout, LayoutError

BLOCK = "layers.0.blocks.0.attn"


def weights(shapes: Shapes, *, height: int = 2) -> dict[str, Tensor]:
    """Fixed weights, for windows of eight pixels whose first ones have a height."""
    tensors = fixed(shapes)
    for name in shapes:
        if name.endswith("rpe_biases"):
            tensors[name] = torch.tensor([height - 1, 8 // height - 1]).expand(shapes[name])
    return tensors


@pytest.mark.parametrize(
    ("size", "end", "height", "expected"),
    [
        ((7, 10), shuffled_end(32, 2), 2, [0.76747, 0.83505, -0.33372, 1.71428, 1.80445, 0.62798]),
        ((9, 8), direct_end(32, 3), 2, [0.11153, 0.17219, 0.40831, 0.33338, 0.87095, 0.73377]),
        ((8, 9), shuffled_end(32, 1), 4, [0.99571, 0.6704, -0.52979, 0.25045, -0.62947, -0.77131]),
    ],
)
def test_it_answers_as_the_published_code(
    size: tuple[int, int], end: Shapes, height: int, expected: list[float]
) -> None:
    network = network_with(weights(dat_shapes(end=end), height=height))

    found = network(fixed_picture(*size))

    assert isinstance(network, Dat)
    assert found.shape == (1, 3, size[0] * network.scale, size[1] * network.scale)
    assert some_of(found) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("shapes", "scale", "count"),
    [
        (dat_shapes(180, (6,) * 6, (8, 32), 4, shuffled_end(180, 4)), 4, 14.80),
        (dat_shapes(180, (6,) * 6, (8, 16), 2, shuffled_end(180, 4)), 4, 11.21),
        (dat_shapes(180, (6,) * 6, (8, 32), 2, shuffled_end(180, 4)), 4, 11.21),
        (dat_shapes(60, (18,), (8, 32), 2, direct_end(60, 4)), 4, 0.573),
    ],
    ids=["DAT", "DAT-S", "DAT-2", "DAT-light"],
)
def test_the_published_sizes_are_known(shapes: Shapes, scale: int, count: float) -> None:
    network = published(shapes)

    assert isinstance(network, Dat)
    assert (network.scale, network.multiple) == (scale, 1)
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(
        count, rel=1e-3
    )
    kept = network.state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in kept.items()} == {
        name: shape for name, shape in shapes.items() if name in kept
    }
    left = {
        name.rpartition(".")[2].removesuffix("_0").removesuffix("_1") for name in shapes.keys() - kept.keys()
    }
    assert left <= {"attn_mask", "rpe_biases", "relative_position_index", "num_batches_tracked"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"conv_first.weight": (9, 3, 3, 3)}, "9 channels are too few"),
        ({f"{BLOCK}.attns.0.rpe_biases": (20, 2)}, "no window has 8 pixels that are 20 distances apart"),
        ({f"{BLOCK}.attns.0.rpe_biases": (3, 2)}, "no window has 8 pixels"),
        ({f"{BLOCK}.attns.0.pos.pos3.2.weight": (3, 1)}, "3 heads cannot share 16 channels"),
        ({"layers.0.blocks.1.attn.temperature": (5, 1, 1)}, "5 heads cannot share 32 channels"),
        ({"layers.0.blocks.0.ffn.fc1.weight": (1, 32)}, "writes 1 channels, which have no halves"),
        ({"layers.7.conv.weight": (1,)}, r"layers.2.conv.0.weight is missing"),
    ],
)
def test_what_is_no_dat_is_refused_with_the_reason(changed: Shapes, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        Dat(Layout({**dat_shapes(), **changed}))
