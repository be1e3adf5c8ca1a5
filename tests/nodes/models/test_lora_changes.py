"""Every kind of change adds what its paper writes, beside a layer of any kind, and leaves the layer alone."""

import copy

import pytest
import torch
from torch import Tensor, nn
from weft_nodes.models.lora_changes import (
    Change,
    ChangedLayer,
    DecomposedLayer,
    FullChange,
    HadamardChange,
    KroneckerChange,
    LowRankChange,
    weight_of,
)

OUT, IN, RANK = 6, 4, 2


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Numbers that are the same each time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape))) * 0.5


def hada(*names: str) -> dict[str, Tensor]:
    """The factors of a LoHa of a linear layer."""
    shapes = {"w1_a": (OUT, RANK), "w1_b": (RANK, IN), "w2_a": (OUT, RANK), "w2_b": (RANK, IN)}
    return {f"hada_{n}": drawn(*shapes[n], seed=i) for i, n in enumerate(names or shapes)}


def linear_kinds() -> dict[str, tuple[Change, Tensor]]:
    """Changes of a linear layer, with the difference of weights that their papers write."""
    down, up = drawn(RANK, IN), drawn(OUT, RANK)
    loha = hada()
    one, two = drawn(3, 2), drawn(2, 2)
    low_a, low_b = drawn(2, 1, seed=3), drawn(1, 2, seed=4)
    return {
        "lora": (LowRankChange(down, up), up @ down),
        "loha": (
            HadamardChange(loha),
            (loha["hada_w1_a"] @ loha["hada_w1_b"]) * (loha["hada_w2_a"] @ loha["hada_w2_b"]),
        ),
        "lokr": (KroneckerChange({"lokr_w1": one, "lokr_w2": two}), torch.kron(one, two)),
        "lokr of a product": (
            KroneckerChange({"lokr_w1": one, "lokr_w2_a": low_a, "lokr_w2_b": low_b}),
            torch.kron(one, low_a @ low_b),
        ),
        "full": (FullChange(drawn(OUT, IN)), drawn(OUT, IN)),
    }


def convolution_kinds() -> dict[str, tuple[Change, Tensor]]:
    """The same for a convolution of 3 x 3."""
    down, up = drawn(RANK, IN, 3, 3), drawn(OUT, RANK, 1, 1)
    small, core = drawn(RANK, IN, 1, 1), drawn(RANK, RANK, 3, 3)
    t1, t2 = drawn(RANK, RANK, 3, 3, seed=1), drawn(RANK, RANK, 3, 3, seed=2)
    a1, b1, a2, b2 = drawn(RANK, OUT), drawn(RANK, IN), drawn(RANK, OUT, seed=5), drawn(RANK, IN, seed=6)
    one, two = drawn(3, 2), drawn(2, 2, 3, 3)
    names = ("t1", "w1_a", "w1_b", "t2", "w2_a", "w2_b")
    loha = {f"hada_{n}": t for n, t in zip(names, (t1, a1, b1, t2, a2, b2), strict=True)}

    def product(core: Tensor, a: Tensor, b: Tensor) -> Tensor:
        # o: outputs, i: inputs, r and s: ranks, h and w: the kernel.
        return (
            core[:, :, None, None] * a[:, None, :, None, None, None] * b[None, :, None, :, None, None]
        ).sum((0, 1))

    return {
        "lora": (
            LowRankChange(down, up),
            (up.flatten(1) @ down.flatten(1)).view(OUT, IN, 3, 3),
        ),
        "locon with a core": (
            LowRankChange(small, up, core),
            product(core, up.flatten(1).T, small.flatten(1)),
        ),
        "loha with cores": (HadamardChange(loha), product(t1, a1, b1) * product(t2, a2, b2)),
        "lokr": (
            KroneckerChange({"lokr_w1": one, "lokr_w2": two}),
            torch.stack([torch.kron(one, two[..., h, w]) for h in range(3) for w in range(3)], -1).view(
                OUT, IN, 3, 3
            ),
        ),
        "full": (FullChange(drawn(OUT, IN, 3, 3)), drawn(OUT, IN, 3, 3)),
    }


def with_weight(layer: nn.Module, weight: Tensor) -> nn.Module:
    """A layer like another, with a weight of its own."""
    found = copy.deepcopy(layer)
    found.weight = nn.Parameter(weight)
    return found


def plain(kind: str) -> tuple[nn.Module, Tensor]:
    """A layer and an input."""
    torch.manual_seed(1)
    if kind == "linear":
        return nn.Linear(IN, OUT), drawn(3, 5, IN)
    return nn.Conv2d(IN, OUT, 3, stride=2, padding=1), drawn(2, IN, 7, 7)


CASES = [("linear", name) for name in linear_kinds()] + [
    ("convolution", name) for name in convolution_kinds()
]


def case(kind: str, name: str) -> tuple[Change, Tensor]:
    """A change with its formula."""
    return (linear_kinds() if kind == "linear" else convolution_kinds())[name]


@torch.no_grad()
@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("strength", [1.0, -0.75])
def test_a_change_adds_what_its_paper_writes(kind: str, name: str, strength: float) -> None:
    (layer, x), (change, difference) = plain(kind), case(kind, name)
    weight = layer.weight
    assert isinstance(weight, Tensor)
    before = weight.clone()

    changed = ChangedLayer(layer, change, strength)

    wanted = with_weight(layer, before + strength * difference)
    torch.testing.assert_close(changed(x), wanted(x), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(weight_of(changed), before + strength * difference, rtol=1e-5, atol=1e-5)
    assert torch.equal(weight, before)


@torch.no_grad()
@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_dora_gives_a_changed_weight_the_lengths_of_the_file(
    kind: str, name: str, axis: int, strength: float
) -> None:
    (layer, x), (change, difference) = plain(kind), case(kind, name)
    weight = layer.weight
    assert isinstance(weight, Tensor)
    ones = [1] * weight.ndim
    ones[axis] = (OUT, IN)[axis]
    magnitude = drawn(*ones).abs() + 0.1
    turned = weight + difference
    lengths = turned.pow(2).sum([d for d in range(weight.ndim) if d != axis], keepdim=True).sqrt()
    wanted = weight + strength * (magnitude * turned / lengths - weight)

    changed = DecomposedLayer(layer, change, strength, magnitude)

    torch.testing.assert_close(changed(x), with_weight(layer, wanted)(x), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(weight_of(changed), wanted, rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_some_outputs_of_a_change_are_those_rows(kind: str, name: str) -> None:
    change, difference = case(kind, name)
    rows = torch.tensor([4, 0, 1])

    torch.testing.assert_close(change.rows(rows).weight(), difference[rows])


@torch.no_grad()
def test_changes_stack_and_take_back_each_other() -> None:
    (layer, x), (change, _) = plain("convolution"), case("convolution", "lora")

    twice = ChangedLayer(ChangedLayer(layer, change, 1.0), change, -1.0)

    torch.testing.assert_close(twice(x), layer(x), rtol=0, atol=1e-5)
    assert twice.root is layer


@torch.no_grad()
def test_dora_above_a_lora_reads_the_weight_that_the_lora_made() -> None:
    for kind in ("linear", "convolution"):
        (layer, x), (change, difference) = plain(kind), case(kind, "lora")
        weight = layer.weight
        assert isinstance(weight, Tensor)
        magnitude = torch.ones(OUT)

        changed = DecomposedLayer(ChangedLayer(layer, change, 1.0), change, 1.0, magnitude)

        turned = weight + 2 * difference
        lengths = turned.flatten(1).norm(dim=1).view(-1, *(1,) * (weight.ndim - 1))
        torch.testing.assert_close(changed(x), with_weight(layer, turned / lengths)(x), rtol=1e-4, atol=1e-5)


class Quantised(nn.Module):
    """A linear layer whose weight lies in bytes, and in another shape, as quantised ones do."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features, self.bias = layer.in_features, layer.out_features, layer.bias
        self.scale = float(layer.weight.detach().abs().max()) / 127
        self.weight = nn.Parameter(
            (layer.weight.detach() / self.scale).round().to(torch.int8).flatten(), requires_grad=False
        )

    def dense(self) -> Tensor:
        """The weight that it computes with."""
        return self.weight.view(self.out_features, self.in_features).float() * self.scale

    def forward(self, x: Tensor) -> Tensor:
        """Compute as a linear layer."""
        return nn.functional.linear(x, self.dense(), self.bias)


@torch.no_grad()
@pytest.mark.parametrize("name", list(linear_kinds()))
def test_a_quantised_layer_is_changed_like_any_other(name: str) -> None:
    (layer, x), (change, difference) = plain("linear"), case("linear", name)
    assert isinstance(layer, nn.Linear)
    base = Quantised(layer)
    magnitude = torch.ones(OUT)
    turned = base.dense() + difference

    changed = ChangedLayer(base, change, 0.5)
    decomposed = DecomposedLayer(base, change, 1.0, magnitude)

    wanted = with_weight(layer, base.dense() + 0.5 * difference)
    torch.testing.assert_close(changed(x), wanted(x), rtol=1e-5, atol=1e-5)
    wanted = with_weight(layer, turned / turned.norm(dim=1, keepdim=True))
    torch.testing.assert_close(decomposed(x), wanted(x), rtol=1e-4, atol=1e-5)


def test_a_layer_in_half_precision_keeps_its_type_and_lets_itself_be_looked_at() -> None:
    layer = nn.Linear(IN, OUT).half()
    wrapped = ChangedLayer(layer, LowRankChange(drawn(RANK, IN), drawn(OUT, RANK)), 1.0)

    assert wrapped(torch.randn(1, IN).half()).dtype == torch.float16
    assert wrapped.weight is layer.weight
    assert wrapped.bias is layer.bias


@torch.no_grad()
def test_a_convolution_of_size_one_and_a_linear_layer_take_each_others_changes() -> None:
    down, up = drawn(RANK, IN), drawn(OUT, RANK)
    dense, conv = nn.Linear(IN, OUT, bias=False), nn.Conv2d(IN, OUT, 1, bias=False)
    x = drawn(2, IN, 3, 3)

    ours = ChangedLayer(dense, LowRankChange(down[..., None, None], up[..., None, None]), 1.0)
    other = ChangedLayer(conv, LowRankChange(down, up), 1.0)

    torch.testing.assert_close(
        ours(x.movedim(1, -1)).movedim(-1, 1) - dense(x.movedim(1, -1)).movedim(-1, 1), other(x) - conv(x)
    )


@torch.no_grad()
def test_the_bias_of_a_full_change_is_added_at_its_strength() -> None:
    for kind in ("linear", "convolution"):
        layer, x = plain(kind)
        weight, bias = layer.weight, layer.bias
        assert isinstance(weight, Tensor)
        assert isinstance(bias, Tensor)
        extra = drawn(OUT)

        changed = ChangedLayer(layer, FullChange(torch.zeros_like(weight), extra), 0.5)

        wanted = copy.deepcopy(layer)
        wanted.bias = nn.Parameter(bias + 0.5 * extra)
        torch.testing.assert_close(changed(x), wanted(x))


def test_a_change_of_another_shape_is_refused() -> None:
    change, _ = case("linear", "lora")

    with pytest.raises(ValueError, match=r"\[6, 4\], but the layer's is \[6, 5\]"):
        ChangedLayer(nn.Linear(5, OUT), change, 1.0)
    with pytest.raises(ValueError, match="LayerNorm, neither linear"):
        ChangedLayer(nn.LayerNorm(5), change, 1.0)
    with pytest.raises(ValueError, match="3 lengths for 6 channels"):
        DecomposedLayer(nn.Linear(IN, OUT), change, 1.0, torch.ones(3))
