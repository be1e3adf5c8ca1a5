"""Sizes are read from shapes; what cannot be is said in words."""

import pytest
import torch
from weft_nodes.models.upscale_networks.network import Layout, LayoutError, UpscaleNetwork

LAYOUT = Layout(
    {"body.0.weight": (12, 8, 3, 3), "body.0.bias": (12,), "body.4.weight": (0, 8), "body.a": (1,)}
)


def test_a_layout_knows_its_names_and_shapes() -> None:
    assert "body.0.bias" in LAYOUT
    assert "body.1.bias" not in LAYOUT
    assert LAYOUT.shape("body.0.weight", 4) == (12, 8, 3, 3)


@pytest.mark.parametrize(
    ("name", "rank", "reason"),
    [
        ("body.1.weight", 4, "body.1.weight is missing"),
        ("body.0.weight", 2, r"body.0.weight is \[12, 8, 3, 3\]"),
        ("body.4.weight", 2, r"body.4.weight is \[0, 8\]"),
    ],
)
def test_a_tensor_that_is_not_as_it_must_be_is_named(name: str, rank: int, reason: str) -> None:
    with pytest.raises(LayoutError, match=reason):
        LAYOUT.shape(name, rank)


def test_layers_are_counted_by_their_numbers() -> None:
    assert LAYOUT.count("body.") == 2
    assert LAYOUT.count("tail.") == 0


def test_a_factor_is_the_side_of_the_square_that_channels_become() -> None:
    assert LAYOUT.factor("body.0.weight", 3) == 2
    assert LAYOUT.factor("body.0.weight", 12) == 1
    for channels in (1, 4, 5, 24):
        with pytest.raises(LayoutError, match="writes 12 channels"):
            LAYOUT.factor("body.0.weight", channels)


def test_a_network_takes_its_tensors_as_they_are_unless_it_says_otherwise() -> None:
    tensors = {"a": torch.ones(2)}

    assert UpscaleNetwork().prepared(tensors) is tensors
