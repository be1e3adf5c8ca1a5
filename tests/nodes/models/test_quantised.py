"""Rounded layers compute as the rounded weight does, which is as near to the written one as can be."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from weft_nodes.models.clones import light_clone
from weft_nodes.models.lora_changes import ChangedLayer, LowRankChange, weight_of
from weft_nodes.models.packed import PackedLinear, packed_to_fp8
from weft_nodes.models.quantised import Int8Linear, Nf4Linear, packed_to_int8, packed_to_nf4
from weft_nodes.models.weights import count_bytes

Pack = Callable[..., PackedLinear]

both = pytest.mark.parametrize("pack", [packed_to_int8, packed_to_nf4])


def weight(rows: int = 64, columns: int = 128) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))


def error(pack: Pack) -> float:
    """How far a packed weight is from the written one, relative to it."""
    written = weight(256, 256)
    return float((pack(written, bias=None, dtype=torch.float32).weight - written).norm() / written.norm())


@both
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_rounded_layer_computes_with_the_weight_it_shows(pack: Pack, dtype: torch.dtype) -> None:
    layer = pack(weight(6, 16), bias=torch.arange(6.0).to(dtype), dtype=dtype)
    x = torch.ones(2, 3, 16, dtype=dtype)

    assert layer.weight.dtype == layer(x).dtype == dtype
    torch.testing.assert_close(layer(x), nn.functional.linear(x, layer.weight, layer.bias))


def test_eight_bits_are_half_a_step_of_each_row_away_at_most() -> None:
    written = weight() * torch.logspace(-6, 4, 64)[:, None]
    steps = written.abs().amax(dim=1, keepdim=True) / 127
    read = packed_to_int8(written, bias=None, dtype=torch.float32).weight

    assert ((read - written).abs() <= steps * 0.5001).all()


def test_four_bits_are_the_nearest_of_sixteen_levels_of_each_block() -> None:
    layer = packed_to_nf4(weight(), bias=None, dtype=torch.float32)
    blocks = weight().view(-1, 64)
    largest = blocks.abs().amax(dim=1, keepdim=True)

    levels = torch.tensor(sorted(set((layer.weight.view(-1, 64) / largest).flatten().tolist())))
    distances = ((blocks / largest)[..., None] - levels).abs()
    torch.testing.assert_close(layer.weight.view(-1, 64), levels[distances.argmin(dim=-1)] * largest)
    torch.testing.assert_close(layer.weight.view(-1, 64).abs().amax(dim=1, keepdim=True), largest)


def test_normally_distributed_weights_use_the_levels_of_four_bits_about_equally() -> None:
    layer = packed_to_nf4(weight(512, 512), bias=None, dtype=torch.float32)
    pairs = layer.get_buffer("pairs").int()

    counts = torch.bincount(torch.cat([pairs >> 4, pairs & 15]), minlength=16) / (512 * 512)
    assert counts.min() > 0.01
    assert counts.max() < 0.11


def test_fewer_bits_are_further_away() -> None:
    assert error(packed_to_int8) < 0.01
    assert 0.02 < error(packed_to_fp8) < 0.03
    assert 0.08 < error(packed_to_nf4) < 0.1


@both
def test_zeros_stay_zeros_and_odd_sides_are_no_matter(pack: Pack) -> None:
    written = weight(5, 7)
    written[2] = 0.0

    read = pack(written, bias=None, dtype=torch.float32).weight

    assert read.shape == (5, 7)
    assert (read[2] == 0).all()
    assert (pack(torch.zeros(2, 64), bias=None, dtype=torch.float32).weight == 0).all()


@pytest.mark.parametrize(
    ("pack", "size"), [(packed_to_int8, 64 * 128 + 4 * 64), (packed_to_nf4, 64 * 128 // 2 + 4 * 128)]
)
def test_a_rounded_layer_holds_few_bytes_and_no_parameters(pack: Pack, size: int) -> None:
    layer = pack(weight(), bias=None, dtype=torch.float32)

    assert count_bytes(layer) == size
    assert list(layer.parameters()) == []


def test_a_clone_of_a_rounded_layer_shares_its_numbers() -> None:
    whole = packed_to_int8(weight(), bias=None, dtype=torch.float32)
    half = packed_to_nf4(weight(), bias=None, dtype=torch.float32)

    assert isinstance(whole, Int8Linear)
    assert isinstance(half, Nf4Linear)
    assert light_clone(whole).numbers is whole.numbers
    assert light_clone(half).pairs is half.pairs


@both
def test_trained_changes_stand_beside_rounded_layers(pack: Pack) -> None:
    layer = pack(weight(6, 16), bias=None, dtype=torch.bfloat16)
    down, up = weight(2, 16), weight(6, 2)
    changed = ChangedLayer(layer, LowRankChange(down, up), 0.5)
    x = torch.ones(1, 16, dtype=torch.bfloat16)

    expected = layer(x) + nn.functional.linear(nn.functional.linear(x, down.bfloat16()), 0.5 * up.bfloat16())
    torch.testing.assert_close(changed(x), expected.bfloat16())
    assert torch.equal(weight_of(layer), layer.weight)
