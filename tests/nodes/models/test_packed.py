"""Packed layers compute as their unpacked weight does, to the precision of eight bits."""

import pytest
import torch
from torch import nn
from weft_nodes.models.clones import light_clone
from weft_nodes.models.lora_changes import ChangedLayer, LowRankChange, weight_of
from weft_nodes.models.packed import (
    PACKINGS,
    Fp8Linear,
    is_repeated,
    linear_layers,
    packed_to_fp8,
    replace_layer,
    storage_of,
    unscaled,
)
from weft_nodes.models.weights import count_bytes


def weight(rows: int = 6, columns: int = 16) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))


def packed(dtype: torch.dtype = torch.float32) -> Fp8Linear:
    return packed_to_fp8(weight(), bias=torch.arange(6.0).to(dtype), dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_packed_layer_computes_with_the_weight_it_shows(dtype: torch.dtype) -> None:
    layer = packed(dtype)
    x = torch.ones(2, 3, 16, dtype=dtype)

    assert layer.weight.dtype == layer(x).dtype == dtype
    torch.testing.assert_close(layer(x), nn.functional.linear(x, layer.weight, layer.bias))


def test_packing_keeps_three_bits_behind_the_first_of_each_number_whatever_the_size_of_its_row() -> None:
    sizes = torch.tensor([1e-6, 1e-2, 1.0, 448.0, 1e4, 0.0])[:, None]
    written = weight() * sizes
    read = packed_to_fp8(written, bias=None, dtype=torch.float32).weight

    large = written.abs() > written.abs().amax(dim=1, keepdim=True) / 1000
    assert ((read - written).abs()[large] <= written.abs()[large] / 16).all()
    assert (read[5] == 0).all()


def test_what_is_packed_once_is_packed_again_without_loss() -> None:
    once = packed().weight

    assert torch.equal(packed_to_fp8(once, bias=None, dtype=torch.float32).weight, once)


def test_a_packed_layer_holds_a_quarter_of_the_bytes() -> None:
    layer = packed_to_fp8(weight(64, 64), bias=None, dtype=torch.float32)

    assert count_bytes(layer) == 64 * 64 + 4 * 64
    assert list(layer.parameters()) == []


def test_one_factor_serves_a_whole_weight() -> None:
    numbers = weight().to(torch.float8_e4m3fn)
    layer = Fp8Linear(numbers, torch.tensor(0.5), bias=None, dtype=torch.float32)

    assert torch.equal(layer.weight, numbers.float() / 2)


def test_a_product_with_a_scale_is_rounded_once() -> None:
    numbers, scale = weight().to(torch.float8_e4m3fn), torch.tensor(0.123456789)

    assert torch.equal(unscaled(numbers, scale, torch.bfloat16), (numbers.float() * scale).bfloat16())
    assert torch.equal(unscaled(numbers, None, torch.bfloat16), numbers.to(torch.bfloat16))


def test_a_clone_of_a_packed_layer_shares_its_numbers() -> None:
    layer = packed()

    assert light_clone(layer).numbers is layer.numbers


def test_trained_changes_stand_beside_packed_layers() -> None:
    layer = packed(torch.bfloat16)
    down, up = weight(2, 16), weight(6, 2)
    changed = ChangedLayer(layer, LowRankChange(down, up), 0.5)
    x = torch.ones(1, 16, dtype=torch.bfloat16)

    expected = layer(x) + nn.functional.linear(nn.functional.linear(x, down.bfloat16()), 0.5 * up.bfloat16())
    torch.testing.assert_close(changed(x), expected.bfloat16())
    assert torch.equal(weight_of(layer), layer.weight)


@pytest.mark.parametrize(
    ("name", "repeated"),
    [
        ("transformer_blocks.0.attn.to_q", True),
        ("encoder.block.11.layer.0.SelfAttention.q", True),
        ("time_embedding.linear_1", False),
        ("proj_out", False),
        ("attn.to_out.0", False),
    ],
)
def test_layers_of_numbered_blocks_are_repeated_ones(name: str, repeated: bool) -> None:
    assert is_repeated(name) == repeated


def test_a_layer_is_replaced_where_it_stands() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.Conv2d(1, 1, 1))
    other = nn.Identity()

    assert list(linear_layers(net)) == ["0.0"]
    replace_layer(net, "0.0", other)
    assert net.get_submodule("0.0") is other


def test_only_where_no_type_was_chosen_packed_weights_stay_as_they_are() -> None:
    assert [storage_of(dtype) for dtype in ("auto", "bfloat16")] == ["kept", "plain"]
    assert [storage_of(dtype) for dtype in PACKINGS] == ["float8", "int8", "nf4"]
