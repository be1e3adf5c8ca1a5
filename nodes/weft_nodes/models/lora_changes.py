"""What the files of trained changes add to the weight of a layer, each kind as its paper writes it.

Every kind is a small module of factors. None writes into the layer it changes: it computes beside it, so a
layer may be quantised, shared, or itself a changed one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class Change(nn.Module, ABC):
    """What is added to the weight of a linear layer or a convolution.

    Args:
        factors: Its tensors by name.
    """

    def __init__(self, factors: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in factors.items():
            self.register_buffer(name, tensor, persistent=False)

    @property
    def factors(self) -> dict[str, Tensor]:
        """Return the tensors by name."""
        return dict(self.named_buffers())

    @abstractmethod
    def weight(self) -> Tensor:
        """Return what is added, [outputs, inputs] or [outputs, inputs, kh, kw]."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of what is added."""
        return tuple(self.weight().shape)

    @abstractmethod
    def scaled(self, factor: float) -> "Change":
        """Return a change so many times as strong."""

    def rows(self, rows: Tensor) -> "Change":
        """Return the change of some outputs alone.

        Args:
            rows: Their numbers, in the order wanted.
        """
        return FullChange(self.weight()[rows])

    def fitted(self, shape: tuple[int, ...]) -> "Change":
        """Return the change for a weight that holds the same numbers in another shape.

        Args:
            shape: Shape of the weight; a linear layer and a convolution of size one are the same.

        Raises:
            ValueError: The weight holds other numbers.
        """
        found = self.shape
        if found != shape and (found[:2] != shape[:2] or {*found[2:], *shape[2:]} - {1}):
            raise ValueError(f"it changes a weight of {list(found)}, but the layer's is {list(shape)}")
        return self

    def forward(self, x: Tensor, layer: nn.Module) -> Tensor:
        """Return what the change adds to the output of a layer.

        Args:
            x: The layer's input.
            layer: The layer, for the geometry of a convolution.
        """
        weight = self.weight()
        if isinstance(layer, nn.Conv2d):
            return _convolved(x, weight.view(*weight.shape[:2], *layer.kernel_size), layer)
        return functional.linear(x, weight.flatten(1))


class FullChange(Change):
    """The difference itself.

    Args:
        weight: What is added to the weight.
        bias: What is added to the bias.
    """

    difference: Tensor

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__({"difference": weight} | ({} if bias is None else {"bias": bias}))

    def weight(self) -> Tensor:
        """Return what is added; see `Change`."""
        return self.difference

    def scaled(self, factor: float) -> "FullChange":
        """Return a change so many times as strong; see `Change`."""
        bias = self.factors.get("bias")
        return FullChange(self.difference.float() * factor, None if bias is None else bias.float() * factor)

    def rows(self, rows: Tensor) -> "FullChange":
        """Return the change of some outputs alone; see `Change`."""
        bias = self.factors.get("bias")
        return FullChange(self.difference[rows], None if bias is None else bias[rows])

    def forward(self, x: Tensor, layer: nn.Module) -> Tensor:
        """Return what the change adds to the output of a layer; see `Change`."""
        change, bias = super().forward(x, layer), self.factors.get("bias")
        if bias is None:
            return change
        return change + (bias[:, None, None] if isinstance(layer, nn.Conv2d) else bias)


class LowRankChange(Change):
    """`B·A` (Hu et al. 2021, eq. 3), or with a core between the two (LoCon's "Tucker" convolutions).

    Args:
        down: A, [rank, inputs] or a convolution [rank, inputs, kh, kw].
        up: B, [outputs, rank] or a convolution [outputs, rank, 1, 1].
        middle: A convolution [rank, rank, kh, kw]; then `down` is one of size one.
    """

    down: Tensor
    up: Tensor

    def __init__(self, down: Tensor, up: Tensor, middle: Tensor | None = None) -> None:
        super().__init__({"down": down, "up": up} | ({} if middle is None else {"middle": middle}))

    def weight(self) -> Tensor:
        """Return the product; see `Change`."""
        up, down, middle = self.up.flatten(1), self.down, self.factors.get("middle")
        if middle is not None:
            return _tucker(middle, up.T, down.flatten(1))
        return (up @ down.flatten(1)).view(up.shape[0], *down.shape[1:])

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of what is added, without the product."""
        kernel = self.factors.get("middle", self.down).shape[2:]
        return (self.up.shape[0], self.down.shape[1], *kernel)

    def scaled(self, factor: float) -> "LowRankChange":
        """Return a change so many times as strong; see `Change`."""
        return LowRankChange(self.down, self.up.float() * factor, self.factors.get("middle"))

    def rows(self, rows: Tensor) -> "LowRankChange":
        """Return the change of some outputs alone; see `Change`."""
        return LowRankChange(self.down, self.up[rows], self.factors.get("middle"))

    def fitted(self, shape: tuple[int, ...]) -> "LowRankChange":
        """Return the change with factors in the shape of the layer; see `Change`."""
        super().fitted(shape)
        if len(shape) == 2:
            return LowRankChange(self.down.flatten(1), self.up.flatten(1))
        down, up = self.down, self.up
        return LowRankChange(
            down if down.ndim > 2 else down[..., None, None],
            up if up.ndim > 2 else up[..., None, None],
            self.factors.get("middle"),
        )

    def forward(self, x: Tensor, layer: nn.Module) -> Tensor:
        """Return what the change adds to the output of a layer, without the product; see `Change`."""
        if not isinstance(layer, nn.Conv2d):
            return functional.linear(functional.linear(x, self.down), self.up)
        middle = self.factors.get("middle")
        if middle is None:
            low = _convolved(x, self.down, layer)
        else:
            low = _convolved(functional.conv2d(x, self.down), middle, layer)
        return functional.conv2d(low, self.up)


class HadamardChange(Change):
    """LoHa: the elementwise product of two low-rank products (Hyeon-Woo et al. 2021, eq. 3).

    Args:
        factors: `hada_w1_a`, `hada_w1_b`, `hada_w2_a` and `hada_w2_b`, and the cores `hada_t1` and `hada_t2`
            where convolutions are kept small (proposition 3).
    """

    def weight(self) -> Tensor:
        """Return the product; see `Change`."""
        one, two = (_product(self.factors, f"hada_w{n}", core=f"hada_t{n}") for n in (1, 2))
        return one * two

    def scaled(self, factor: float) -> "HadamardChange":
        """Return a change so many times as strong; see `Change`."""
        return HadamardChange(self.factors | {"hada_w1_b": self.factors["hada_w1_b"].float() * factor})

    def rows(self, rows: Tensor) -> "Change":
        """Return the change of some outputs alone; see `Change`."""
        if "hada_t1" in self.factors:
            return super().rows(rows)
        return HadamardChange(
            self.factors | {name: self.factors[name][rows] for name in ("hada_w1_a", "hada_w2_a")}
        )


class KroneckerChange(Change):
    """LoKr: the Kronecker product of two matrices, each whole or a low-rank product (Yeh et al. 2023, eq. 5).

    Args:
        factors: `lokr_w1` or `lokr_w1_a` and `lokr_w1_b`; `lokr_w2` or `lokr_w2_a` and `lokr_w2_b`, and
            `lokr_t2` where it is the core of a convolution.
    """

    def weight(self) -> Tensor:
        """Return the product; see `Change`."""
        one = _product(self.factors, "lokr_w1", core="lokr_t1")
        two = _product(self.factors, "lokr_w2", core="lokr_t2")
        return torch.kron(one.view(*one.shape, *(1,) * (two.ndim - one.ndim)), two.contiguous())

    def scaled(self, factor: float) -> "KroneckerChange":
        """Return a change so many times as strong; see `Change`."""
        name = "lokr_w1" if "lokr_w1" in self.factors else "lokr_w1_a"
        return KroneckerChange(self.factors | {name: self.factors[name].float() * factor})


class ChangedLayer(nn.Module):
    """A layer with a change beside it; they stack.

    Args:
        base: The layer, linear or convolution, possibly quantised or itself such a layer.
        change: The change.
        strength: Folded into the factors as data, so that compiled code serves any strength.

    Raises:
        ValueError: The change is of a weight of another shape.
    """

    def __init__(self, base: nn.Module, change: Change, strength: float) -> None:
        super().__init__()
        self.base = base
        weight = cast("Tensor", base.weight)
        # Quantised weights have no arithmetic type of their own; there the factors' own type computes.
        is_plain = weight.is_floating_point() and weight.element_size() > 1
        given = next(iter(change.factors.values())).dtype
        self.dtype = weight.dtype if is_plain else given if given.itemsize > 1 else torch.float32
        self.change = self._placed(change, strength).to(weight.device, self.dtype)

    def _placed(self, change: Change, strength: float) -> Change:
        """Bring a change to the shape of the layer, at a strength."""
        return change.fitted(_shape_of(self.root)).scaled(strength)

    @property
    def root(self) -> nn.Module:
        """Return the layer below all changes."""
        layer: nn.Module = self
        while isinstance(layer, ChangedLayer):
            layer = layer.base
        return layer

    @property
    def weight(self) -> Tensor:
        """Return the base's weight: attention processors look at its dtype and device."""
        return cast("Tensor", self.base.weight)

    @property
    def bias(self) -> Tensor | None:
        """Return the base's bias."""
        bias = self.base.bias
        return bias if isinstance(bias, Tensor) else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the base's output plus the change."""
        output = self.base(x)
        return cast("Tensor", output + self.change(x.to(self.dtype), self.root).to(output.dtype))


class DecomposedLayer(ChangedLayer):
    """A layer whose weight is given new lengths after a change: DoRA (Liu et al. 2024, eq. 5).

    `W' = m · (W + ΔW) / ‖W + ΔW‖`, and the layer computes with `W + strength · (W' - W)`.

    Args:
        base: The layer.
        change: The change of direction, ΔW.
        strength: How much of the whole change is made.
        magnitude: m, one for each output, or [1, inputs, …] one for each input.
    """

    gain: Tensor

    def __init__(self, base: nn.Module, change: Change, strength: float, magnitude: Tensor) -> None:
        super().__init__(base, change, 1.0)
        self.strength = strength
        shape = _shape_of(self.root)
        self.is_of_inputs = magnitude.ndim > 1 and magnitude.shape[0] == 1 != shape[0]
        axis = 1 if self.is_of_inputs else 0
        if magnitude.numel() != shape[axis]:
            raise ValueError(f"it has {magnitude.numel()} lengths for {shape[axis]} channels")
        whole = weight_of(base).float() + self.change.weight().float().view(shape)
        lengths = whole.transpose(0, axis).flatten(1).norm(dim=1).clamp_min(1e-12)
        gain = magnitude.flatten().to(lengths) / lengths
        if isinstance(self.root, nn.Conv2d):
            gain = gain[:, None, None]
        self.register_buffer("gain", gain.to(self.dtype), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the base's output plus the change in direction and length."""
        output = self.base(x)
        if self.is_of_inputs:
            lengthened = x * self.gain.to(x.dtype)
            change = self.base(lengthened) - output + self._turned(lengthened, output)
        else:
            gain, bias = self.gain.to(output.dtype), self.bias
            if bias is not None and isinstance(self.root, nn.Conv2d):
                bias = bias[:, None, None]
            bare = output if bias is None else output - bias.to(output.dtype)
            change = (gain - 1) * bare + gain * self._turned(x, output)
        return cast("Tensor", output + self.strength * change)

    def _turned(self, x: Tensor, output: Tensor) -> Tensor:
        return cast("Tensor", self.change(x.to(self.dtype), self.root).to(output.dtype))


def weight_of(layer: nn.Module) -> Tensor:
    """Return the weight with which a layer computes, however it is stored and changed.

    Args:
        layer: A linear layer or a convolution, possibly quantised or changed.
    """
    weight = layer.weight
    is_plain = isinstance(weight, Tensor) and weight.is_floating_point() and weight.element_size() > 1
    if not isinstance(layer, ChangedLayer) and is_plain:
        return cast("Tensor", weight)
    root = layer.root if isinstance(layer, ChangedLayer) else layer
    if isinstance(root, nn.Conv2d):
        return _weight_of_convolution(layer)
    # Whatever a linear layer is made of, its answers to the unit vectors are the columns of its weight.
    dtype = layer.dtype if isinstance(layer, ChangedLayer) else torch.float32
    inputs = int(cast("int", root.in_features))
    bias = root.bias
    with torch.no_grad():
        answers = cast("Tensor", layer(torch.eye(inputs, dtype=dtype, device=cast("Tensor", weight).device)))
    return (answers - bias if isinstance(bias, Tensor) else answers).T


def _weight_of_convolution(layer: nn.Module) -> Tensor:
    if not isinstance(layer, ChangedLayer):
        return cast("Tensor", layer.weight)
    base = weight_of(layer.base)
    turned = layer.change.weight().view(base.shape)
    if not isinstance(layer, DecomposedLayer):
        return base + turned
    gain = layer.gain[None] if layer.is_of_inputs else layer.gain[:, None]
    return base + layer.strength * (gain * (base + turned) - base)


def _shape_of(layer: nn.Module) -> tuple[int, ...]:
    """Return the shape of a layer's weight; that of a quantised one says nothing of the layer."""
    if isinstance(layer, nn.Conv2d):
        return tuple(layer.weight.shape)
    if not hasattr(layer, "in_features"):
        raise ValueError(f"the layer is a {type(layer).__name__}, neither linear nor a convolution")
    return int(cast("int", layer.out_features)), int(cast("int", layer.in_features))


def _convolved(x: Tensor, weight: Tensor, layer: nn.Conv2d) -> Tensor:
    return functional.conv2d(
        x, weight, stride=layer.stride, padding=layer.padding, dilation=layer.dilation, groups=layer.groups
    )


def _product(factors: Mapping[str, Tensor], name: str, *, core: str) -> Tensor:
    if name in factors:
        return factors[name]
    if core in factors:
        return _tucker(factors[core], factors[f"{name}_a"], factors[f"{name}_b"])
    a, b = factors[f"{name}_a"], factors[f"{name}_b"]
    return (a @ b.flatten(1)).view(a.shape[0], *b.shape[1:])


def _tucker(core: Tensor, outputs: Tensor, inputs: Tensor) -> Tensor:
    """Multiply a core [r, s, …] by matrices [r, outputs] and [s, inputs]."""
    return torch.einsum("rs...,ro,si->oi...", core, outputs, inputs)
