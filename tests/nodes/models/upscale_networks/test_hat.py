"""HAT answers as its authors' code does."""

import pytest
from tiny.upscalers import (
    Shapes,
    fixed,
    fixed_picture,
    hat_shapes,
    network_with,
    published,
    shuffled_end,
    some_of,
)
from torch.nn import functional
from weft_nodes.models.upscale_networks.hat import Hat
from weft_nodes.models.upscale_networks.network import Layout, LayoutError

GROUP = "layers.0.residual_group"


@pytest.mark.parametrize(
    ("scale", "size", "expected"),
    [
        (2, (8, 12), [0.06109, -0.04769, 1.07721, 0.94159, 0.13427, 0.77423]),
        (3, (7, 10), [1.12645, -0.43248, 0.54782, 0.12699, 0.55107, -0.17114]),
    ],
)
def test_it_answers_as_the_published_code(scale: int, size: tuple[int, int], expected: list[float]) -> None:
    network = network_with(fixed(hat_shapes(end=shuffled_end(24, scale))))

    below, right = (-length % network.multiple for length in size)
    found = network(functional.pad(fixed_picture(*size), (0, right, 0, below), mode="reflect"))

    assert isinstance(network, Hat)
    assert (network.scale, network.multiple) == (scale, 4)
    found = found[..., : size[0] * scale, : size[1] * scale]
    assert some_of(found) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("features", "groups", "inner", "count"),
    [(144, 6, 6, 9_621_183), (180, 6, 60, 20_772_507), (180, 12, 60, 40_846_575)],
    ids=["HAT-S", "HAT", "HAT-L"],
)
def test_the_published_sizes_are_known(features: int, groups: int, inner: int, count: int) -> None:
    shapes = hat_shapes(features, (6,) * groups, 6, 16, inner, shuffled_end(features, 4))

    network = published(shapes)

    assert isinstance(network, Hat)
    assert (network.scale, network.multiple) == (4, 16)
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    kept = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    computed = {"relative_position_index_SA", "relative_position_index_OCA"}
    assert kept == {name: shape for name, shape in shapes.items() if name not in computed}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({f"{GROUP}.overlap_attn.relative_position_bias_table": (82, 4)}, "around one of 4 pixels has 82"),
        ({f"{GROUP}.overlap_attn.relative_position_bias_table": (25, 4)}, "around one of 4 pixels has 25"),
        ({f"{GROUP}.overlap_attn.relative_position_bias_table": (64, 4)}, "around one of 4 pixels has 64"),
        ({f"{GROUP}.overlap_attn.relative_position_bias_table": (81, 5)}, "5 heads cannot share 24 channels"),
        ({f"{GROUP}.blocks.0.conv_block.cab.0.weight": (8, 24)}, r"cab.0.weight is \[8, 24\]"),
    ],
)
def test_what_is_no_hat_is_refused_with_the_reason(changed: Shapes, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        Hat(Layout({**hat_shapes(), **changed}))


def test_windows_of_one_pixel_have_no_table() -> None:
    shapes = hat_shapes(side=2)
    one: Shapes = {name: (1, 4) for name in shapes if name.endswith("_table")}

    with pytest.raises(LayoutError, match="around one of 1 pixels has 1"):
        Hat(Layout(shapes | one))
