"""Tensors into a module that was built without storage: placed, unpacked or packed, one by one.

A tensor that is already what it has to be is not copied: it stays a view of its mapped file.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from weft_nodes.models import gguf_files
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
from weft_nodes.models.scales import SCALE


class Placement(NamedTuple):
    """What becomes of the tensors of a module.

    Args:
        dtype: Type of its floats, but for packed weights.
        device: Where they are put.
        storage: How the weights of its linear layers are stored.
    """

    dtype: torch.dtype
    device: torch.device
    storage: Storage = "plain"


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
    uses = Counter(id(parameter) for parameter in wanted.values())
    packed: set[str] = set()
    for name, layer in _packable(module, place):
        found = _packed_layer(name, layer, tensors, place)
        # A weight that has other names too is not the layer's own.
        if found is not None and uses[id(layer.weight)] == 1:
            replace_layer(module, name, found)
            packed |= {f"{name}.weight", f"{name}.bias"}
    # Made once for all names of a tied parameter.
    placed: dict[int, Tensor] = {}
    for name, parameter in wanted.items():
        if name not in packed and id(parameter) not in placed:
            placed[id(parameter)] = _plain(tensors[name], tensors.get(f"{name}{SCALE}"), place)
    others = {name: placed[id(parameter)] for name, parameter in wanted.items() if name not in packed}
    module.load_state_dict(others, assign=True, strict=False)


def _packable(module: nn.Module, place: Placement) -> Iterable[tuple[str, nn.Linear]]:
    return () if place.storage == "plain" else linear_layers(module).items()


def _packed_layer(
    name: str, layer: nn.Linear, tensors: Mapping[str, Tensor], place: Placement
) -> PackedLinear | None:
    """Return the layer that takes the place of a linear one; None where it stays as it is."""
    weight, dtype = tensors[f"{name}.weight"], place.dtype
    bias = None if layer.bias is None else _plain(tensors[f"{name}.bias"], None, place)
    if gguf_files.is_packed(weight):
        return gguf_files.GgufLinear(weight.to(place.device), bias=bias, dtype=dtype)
    scale = tensors.get(f"{name}.weight{SCALE}")
    if weight.dtype in FP8_TYPES:
        on_device = None if scale is None else scale.to(place.device)
        return Fp8Linear(weight.to(place.device), on_device, bias=bias, dtype=dtype)
    if place.storage == "float8" and is_repeated(name):
        full = unscaled(weight.to(place.device), scale, torch.float32)
        return packed_to_fp8(full, bias=bias, dtype=dtype)
    return None


def _plain(tensor: Tensor, scale: Tensor | None, place: Placement) -> Tensor:
    tensor = tensor.to(place.device)
    if gguf_files.is_packed(tensor):
        return gguf_files.unpacked(tensor, place.dtype)
    if not tensor.is_floating_point():
        return tensor.contiguous()
    return unscaled(tensor, scale, place.dtype).contiguous()
