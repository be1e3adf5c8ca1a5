"""Tensors into a module that was built without storage: copied from mapped files, unpacked or packed.

The memory of a mapped file is given back as its tensors are copied, so that loading takes no more than what
is loaded and a little beside.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from weft_nodes.models import gguf_files
from weft_nodes.models.mapped import MappedFile
from weft_nodes.models.packed import (
    FP8_TYPES,
    Fp8Linear,
    PackedLinear,
    Storage,
    is_repeated,
    linear_layers,
    packed_to_fp8,
    replace_layer,
    unscaled,
)
from weft_nodes.models.quantised import packed_to_int8, packed_to_nf4
from weft_nodes.models.scales import SCALE

_PACKERS: Final = MappingProxyType({"float8": packed_to_fp8, "int8": packed_to_int8, "nf4": packed_to_nf4})

_MANY: Final = 8_000_000
"""After so many numbers copied, the memory of mapped files is given back."""


class Placement(NamedTuple):
    """What becomes of the tensors of a module.

    Args:
        dtype: Type of its floats, but for packed weights.
        device: Where they are put.
        storage: How the weights of its linear layers are stored.
        mapped: Files of which tensors may be views.
    """

    dtype: torch.dtype
    device: torch.device
    storage: Storage = "plain"
    mapped: tuple[MappedFile, ...] = ()


def fill(
    module: nn.Module, wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor], place: Placement
) -> None:
    """Give a module its tensors.

    Args:
        module: Built without storage.
        wanted: Its parameters and buffers by all of their names.
        tensors: A tensor of the same shape for each of them, packed or not, and scales of some.
        place: What becomes of them.
    """
    copied = _Copied(place.mapped)
    uses = Counter(id(parameter) for parameter in wanted.values())
    packed: set[str] = set()
    for name, layer in _packable(module, place):
        found = _packed_layer(name, layer, tensors, place)
        # A weight that has other names too is not the layer's own.
        if found is not None and uses[id(layer.weight)] == 1:
            copied.count(layer.weight)
            replace_layer(module, name, found)
            packed |= {f"{name}.weight", f"{name}.bias"}
    # Made once for all names of a tied parameter.
    placed: dict[int, Tensor] = {}
    for name, parameter in wanted.items():
        if name not in packed and id(parameter) not in placed:
            placed[id(parameter)] = _plain(tensors[name], tensors.get(f"{name}{SCALE}"), place)
            copied.count(parameter)
    others = {name: placed[id(parameter)] for name, parameter in wanted.items() if name not in packed}
    module.load_state_dict(others, assign=True, strict=False)
    copied.give_back()


class _Copied:
    """Gives the memory of mapped files back whenever much of it was read."""

    def __init__(self, files: tuple[MappedFile, ...]) -> None:
        self._files = files
        self._numbers = 0

    def count(self, tensor: Tensor) -> None:
        self._numbers += tensor.numel()
        if self._numbers >= _MANY:
            self.give_back()

    def give_back(self) -> None:
        self._numbers = 0
        for file in self._files:
            file.give_back()


def _packable(module: nn.Module, place: Placement) -> Iterable[tuple[str, nn.Linear]]:
    return () if place.storage == "plain" else linear_layers(module).items()


def _packed_layer(
    name: str, layer: nn.Linear, tensors: Mapping[str, Tensor], place: Placement
) -> PackedLinear | None:
    """Return the layer that takes the place of a linear one; None where it stays as it is."""
    weight, dtype = tensors[f"{name}.weight"], place.dtype
    bias = None if layer.bias is None else _plain(tensors[f"{name}.bias"], None, place)
    if gguf_files.is_packed(weight):
        return gguf_files.GgufLinear(weight.to(place.device, copy=True), bias=bias, dtype=dtype)
    scale = tensors.get(f"{name}.weight{SCALE}")
    if weight.dtype in FP8_TYPES:
        on_device = None if scale is None else scale.to(place.device)
        return Fp8Linear(weight.to(place.device, copy=True), on_device, bias=bias, dtype=dtype)
    if place.storage in _PACKERS and is_repeated(name):
        full = unscaled(weight.to(place.device), scale, torch.float32)
        return _PACKERS[place.storage](full, bias=bias, dtype=dtype)
    return None


def _plain(tensor: Tensor, scale: Tensor | None, place: Placement) -> Tensor:
    if gguf_files.is_packed(tensor):
        return gguf_files.unpacked(tensor.to(place.device), place.dtype)
    dtype = place.dtype if tensor.is_floating_point() else tensor.dtype
    if scale is not None:
        return unscaled(tensor.to(place.device), scale, dtype).contiguous()
    return tensor.to(place.device, dtype, copy=True).contiguous()
