"""Linear layers that store their weight smaller than they compute with it, and unpack it at each call.

A packed layer computes as one of the full type would, and shows its unpacked weight to whoever asks: changes
beside a layer need not know that it is packed.
"""

from abc import ABC, abstractmethod
from typing import Final, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

Packing = Literal["float8", "int8", "nf4"]
"""How weights are packed while they are loaded: to floats or whole numbers of eight bits, or to four bits."""

Storage = Literal["plain", "kept"] | Packing
"""How the weights of linear layers are stored: unpacked, as in their file, or packed."""

PACKINGS: Final[tuple[Packing, ...]] = get_args(Packing)
"""The ways to pack weights, which are choices of the loader beside types."""

FP8_TYPES: Final = frozenset({torch.float8_e4m3fn, torch.float8_e5m2})
"""The types of eight bits that files of weights have."""

_LARGEST: Final = torch.finfo(torch.float8_e4m3fn).max


class PackedLinear(nn.Module, ABC):
    """A linear layer with a packed weight.

    Args:
        out_features: Rows of the weight.
        in_features: Columns of the weight.
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """

    def __init__(
        self, out_features: int, in_features: int, *, bias: Tensor | None, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.out_features, self.in_features, self.dtype = out_features, in_features, dtype
        self.bias = None if bias is None else nn.Parameter(bias, requires_grad=False)

    @abstractmethod
    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """Return the weight, [out_features, in_features].

        Args:
            dtype: Its type.
        """

    @property
    def weight(self) -> Tensor:
        """Return the weight with which the layer computes."""
        return self.unpacked(self.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return what a linear layer returns.

        Args:
            x: Features on the last axis, in any type of floats.
        """
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return functional.linear(x, self.unpacked(x.dtype), bias)

    def extra_repr(self) -> str:
        """Describe the layer as torch describes a linear one."""
        return f"in_features={self.in_features}, out_features={self.out_features}"


class Fp8Linear(PackedLinear):
    """A linear layer with a weight of eight bits, and a factor for all of it or for each row.

    Args:
        numbers: The weight, of a type of `FP8_TYPES`.
        scale: What the numbers are multiplied by: one float32, or one for each row; None for nothing.
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """

    numbers: Tensor
    scale: Tensor | None

    def __init__(
        self, numbers: Tensor, scale: Tensor | None, *, bias: Tensor | None, dtype: torch.dtype
    ) -> None:
        super().__init__(*numbers.shape, bias=bias, dtype=dtype)
        # Buffers, since a network's type is that of its parameters.
        self.register_buffer("numbers", numbers)
        self.register_buffer("scale", None if scale is None else scale.float().reshape(-1, 1))

    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """Return the weight; see `PackedLinear`."""
        return unscaled(self.numbers, self.scale, dtype)


def unscaled(numbers: Tensor, scale: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Return numbers times their scale, rounded once.

    Args:
        numbers: Of any type of floats.
        scale: Factors that broadcast; None for none.
        dtype: Type of what is returned.
    """
    if scale is None:
        return numbers.to(dtype)
    # Multiplied within the operation in float32, without a copy of that type.
    return numbers.to(dtype, copy=True).mul_(scale.to(numbers.device, torch.float32))


def packed_to_fp8(weight: Tensor, *, bias: Tensor | None, dtype: torch.dtype) -> Fp8Linear:
    """Pack a linear layer to eight bits, each row by a power of two, so that no factor is rounded.

    Args:
        weight: [out_features, in_features], of any type of floats.
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """
    weight = weight.float()
    largest = weight.abs().amax(dim=1, keepdim=True)
    scale = torch.where(largest > 0, torch.exp2(torch.ceil(torch.log2(largest / _LARGEST))), 1.0)
    return Fp8Linear((weight / scale).to(torch.float8_e4m3fn), scale, bias=bias, dtype=dtype)


def is_repeated(name: str) -> bool:
    """Tell whether a layer stands in a numbered block, where the bulk of a network's weights is.

    Args:
        name: Of the layer. Those outside read and write the network's inputs and outputs, and stay precise.
    """
    return any(word.isdecimal() for word in name.split(".")[:-1])


def replace_layer(net: nn.Module, name: str, layer: nn.Module) -> None:
    """Put a layer in the place of another one.

    Args:
        net: The network.
        name: Of the place, with dots.
        layer: The layer.
    """
    parent, _, child = name.rpartition(".")
    setattr(net.get_submodule(parent), child, layer)


def storage_of(dtype: str) -> Storage:
    """Return how weights are stored that a user wants in a type; "auto" leaves packed ones packed."""
    return next((packing for packing in PACKINGS if packing == dtype), "kept" if dtype == "auto" else "plain")


def linear_layers(net: nn.Module) -> dict[str, nn.Linear]:
    """Return the linear layers of a network by name, without those of classes that do more."""
    return {name: layer for name, layer in net.named_modules() if type(layer) is nn.Linear}
