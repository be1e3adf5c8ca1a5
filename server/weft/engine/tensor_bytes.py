"""Tensors as the bytes of a safetensors file, written so that a shortage of memory is only an exception.

The library reserves room for the whole file in a way that ends the process where there is none. Writing is
little more than joining bytes, so it is done here; reading is left to the library.
"""

import json
import struct
from collections.abc import Mapping
from types import MappingProxyType

import safetensors.torch
import torch

_NAMES: Mapping[torch.dtype, str] = MappingProxyType(
    {
        torch.int64: "I64",
        torch.float64: "F64",
        torch.float32: "F32",
        torch.int32: "I32",
        torch.bfloat16: "BF16",
        torch.float16: "F16",
        torch.int16: "I16",
        torch.int8: "I8",
        torch.uint8: "U8",
        torch.bool: "BOOL",
    }
)
"""The widest numbers come first, so that all of them lie where a processor likes to read them."""

_ALIGNMENT = 8


def tensor_bytes(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """Write tensors as the bytes of a safetensors file, the same that the library gives.

    Args:
        tensors: Contiguous tensors by name.

    Raises:
        MemoryError: There is no room for the bytes.
    """
    if any(tensor.dtype not in _NAMES for tensor in tensors.values()):
        return bytes(safetensors.torch.save(dict(tensors)))
    ranks = {dtype: rank for rank, dtype in enumerate(_NAMES)}
    names = sorted(tensors, key=lambda name: (ranks[tensors[name].dtype], name))
    header: dict[str, object] = {}
    parts: list[memoryview] = []
    end = 0
    for name in names:
        tensor = tensors[name].detach().cpu()
        part = tensor.reshape(-1).view(torch.uint8).numpy().data
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(part)],
        }
        parts.append(part)
        end += len(part)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return b"".join((struct.pack("<Q", len(text)), text, *parts))
