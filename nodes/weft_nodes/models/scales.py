"""Scaled weights of eight bits, as files hold them: numbers, and beside them what they are multiplied by.

ComfyUI writes `x.weight` with `x.scale_weight`, or in newer files with `x.weight_scale`; scales of inputs are
for hardware that multiplies eight bits, and are left out. Converters know weights and biases only. They move
whole rows, so each scale is written once for each row and goes through the converter a second time, in the
place of its weight: what happens to the rows happens to their scales.
"""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

Tensors = dict[str, Tensor]

SCALE: Final = "_scale"
"""What a weight's name ends with to name its scale, once tensors have the names of their module."""

_SCALES: Final = (".scale_weight", ".weight_scale")
_UNUSED: Final = (".scale_input", ".input_scale", ".comfy_quant")
_MARKS: Final = ("scaled_fp8",)


def split_scales(tensors: Mapping[str, Tensor]) -> tuple[Tensors, Tensors]:
    """Part tensors from their scales.

    Args:
        tensors: Of a file, by full names.

    Returns:
        Tensors without scales and marks, and scales by the name of their weight.
    """
    plain, scales = {}, {}
    for name, tensor in tensors.items():
        found = next((ending for ending in _SCALES if name.endswith(ending)), "")
        if found:
            scales[f"{name.removesuffix(found)}.weight"] = tensor
        elif not name.endswith((*_UNUSED, *_MARKS)):
            plain[name] = tensor
    return plain, scales


def converted(convert: Callable[[Tensors], Tensors], tensors: Mapping[str, Tensor]) -> Tensors:
    """Convert tensors together with their scales.

    Args:
        convert: Renames tensors, and parts, joins and swaps their rows.
        tensors: Of a file, by full names.

    Returns:
        Tensors by the names of their module, with the scale of `x.weight` as `x.weight_scale`.
    """
    plain, scales = split_scales(tensors)
    if not scales:
        return convert(plain)
    rows = {name: _by_row(tensor, scales.get(name)) for name, tensor in plain.items()}
    scaled = {f"{name}{SCALE}": scale for name, scale in convert(rows).items() if _counts(scale)}
    return convert(plain) | scaled


def _by_row(tensor: Tensor, scale: Tensor | None) -> Tensor:
    """Return the factor of each row of a tensor, with as many axes as it has."""
    if tensor.ndim == 0:
        return torch.ones(())
    factors = torch.ones(1) if scale is None else scale.float()
    others = (1,) * (tensor.ndim - 1)
    return factors.reshape(-1, *others).expand(tensor.shape[0], *others)


def _counts(scale: Tensor) -> bool:
    return bool((scale != 1).any())
