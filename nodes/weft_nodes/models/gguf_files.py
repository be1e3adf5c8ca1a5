"""GGUF files: networks whose linear layers are packed in small blocks, as llama.cpp and its kin write them.

The `gguf` package reads the files and diffusers (0.42) unpacks the blocks; both are needed only here. A
packed tensor is a `GGUFParameter` of bytes, [rows, bytes of a row], so that converters move its rows as any
other's.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from torch import Tensor

from weft_nodes.models.errors import CheckpointCorruptError, PackageMissingError
from weft_nodes.models.mapped import MappedFile
from weft_nodes.models.packed import PackedLinear

if TYPE_CHECKING:
    from mmap import mmap

    from gguf import GGUFReader, ReaderTensor

MAGIC: Final = b"GGUF"
"""What a file begins with."""

# What llama.cpp calls the tensors of T5's encoder, and what transformers calls them.
_T5_LAYER: Final = re.compile(r"enc\.blk\.(\d+)\.(\w+)\.weight")
_T5_NAMES: Final = MappingProxyType(
    {f"attn_{letter}": f"0.SelfAttention.{letter}" for letter in "qkvo"}
    | {"attn_rel_b": "0.SelfAttention.relative_attention_bias", "attn_norm": "0.layer_norm"}
    | {"ffn_gate": "1.DenseReluDense.wi_0", "ffn_up": "1.DenseReluDense.wi_1"}
    | {"ffn_down": "1.DenseReluDense.wo", "ffn_norm": "1.layer_norm"}
)
_T5_ENDS: Final = MappingProxyType(
    {"token_embd.weight": "shared.weight", "enc.output_norm.weight": "encoder.final_layer_norm.weight"}
)

_PLAIN: Final = frozenset({"F32", "F16", "F64", "I8", "I16", "I32", "I64"})


class GgufLinear(PackedLinear):
    """A linear layer with a weight in blocks of a GGUF file.

    Args:
        blocks: A `GGUFParameter`, [rows, bytes of a row].
        bias: In the type to compute in; None for none.
        dtype: Type to compute in, where no input says it.
    """

    blocks: Tensor

    def __init__(self, blocks: Tensor, *, bias: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__(*shape_of(blocks), bias=bias, dtype=dtype)
        self.kind = cast("Any", blocks).quant_type
        self.register_buffer("blocks", cast("Any", blocks).as_tensor())

    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """Return the weight; see `PackedLinear`."""
        from diffusers.quantizers.gguf.utils import GGUFParameter

        return unpacked(GGUFParameter(self.blocks, quant_type=self.kind), dtype)


def is_gguf(path: Path) -> bool:
    """Tell whether a file is of this format, whatever it is called."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def is_packed(tensor: Tensor) -> bool:
    """Tell whether a tensor is one of blocks."""
    return hasattr(tensor, "quant_type")


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor, and of a packed one the shape of what it holds."""
    return tuple(cast("Any", tensor).quant_shape if is_packed(tensor) else tensor.shape)


def unpacked(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what a packed tensor holds.

    Args:
        tensor: A `GGUFParameter`.
        dtype: Type of what is returned.
    """
    from diffusers.quantizers.gguf.utils import dequantize_gguf_tensor

    return cast("Tensor", dequantize_gguf_tensor(tensor)).to(dtype)


def read_shapes(path: Path) -> MappingProxyType[str, tuple[str, tuple[int, ...]]]:
    """Read kind and shape of each tensor.

    Args:
        path: A file of this format.

    Raises:
        PackageMissingError: The package that reads it is not installed.
        CheckpointCorruptError: The file is damaged, or packed in a way that cannot be unpacked.
    """
    reader = _reader(path)
    return MappingProxyType(
        {name: (tensor.tensor_type.name, _shape(reader, tensor)) for name, tensor in _named(reader).items()}
    )


def iterate_blocks(path: Path, mapped: list[MappedFile]) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a file, packed as they are; they are views of the mapped file.

    Args:
        path: A file of this format.
        mapped: Is given the mapped file.

    Raises:
        PackageMissingError: The package that reads it is not installed.
        CheckpointCorruptError: The file is damaged, or packed in a way that cannot be unpacked.
    """
    reader = _reader(path)
    mapped.append(MappedFile(cast("mmap", reader.data.base)))
    from diffusers.quantizers.gguf.utils import SUPPORTED_GGUF_QUANT_TYPES, GGUFParameter

    for name, tensor in _named(reader).items():
        kind, data = tensor.tensor_type, torch.from_numpy(tensor.data)
        if kind.name == "BF16":
            yield name, data.view(torch.bfloat16).reshape(_shape(reader, tensor))
        elif kind.name in _PLAIN:
            yield name, data.reshape(_shape(reader, tensor))
        elif kind in SUPPORTED_GGUF_QUANT_TYPES:
            yield name, GGUFParameter(data, quant_type=kind)
        else:
            raise CheckpointCorruptError(
                path=path,
                problem=f"{name} is packed as {kind.name}, which cannot be unpacked here",
                hint="Use a file of another kind, such as Q8_0 or Q4_K.",
            )


def _reader(path: Path) -> GGUFReader:
    if find_spec("gguf") is None:
        raise PackageMissingError(what=f"Reading {path.name}", package="gguf", extra="gguf")
    from gguf import GGUFReader

    try:
        # Copy on write: torch wants memory that it may write to, and never writes there.
        return GGUFReader(path, "c")
    # The package raises whatever it likes on damaged files.
    except Exception as error:
        raise CheckpointCorruptError(
            path=path, problem=f"its header is damaged ({type(error).__name__}: {error})"
        ) from error


def _named(reader: GGUFReader) -> dict[str, ReaderTensor]:
    """Return the tensors of a file by name: those of T5 by the names of transformers, others by their own."""
    is_t5 = any(tensor.name.startswith("enc.blk.") for tensor in reader.tensors)
    return {_t5_name(tensor.name) if is_t5 else tensor.name: tensor for tensor in reader.tensors}


def _t5_name(name: str) -> str:
    layer = _T5_LAYER.fullmatch(name)
    if layer is None or layer[2] not in _T5_NAMES:
        return _T5_ENDS.get(name, name)
    return f"encoder.block.{layer[1]}.layer.{_T5_NAMES[layer[2]]}.weight"


def _shape(reader: GGUFReader, tensor: ReaderTensor) -> tuple[int, ...]:
    """Return the shape of a tensor in torch's order; converters of ComfyUI note what did not fit theirs."""
    field = reader.get_field(f"comfy.gguf.orig_shape.{tensor.name}")
    if field is not None:
        return tuple(int(cast("Any", field.parts[index])[0]) for index in field.data)
    return tuple(int(side) for side in reversed(tensor.shape.tolist()))
