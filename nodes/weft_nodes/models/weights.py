"""Weight files, read with suspicion: headers without tensors, and every kind of damage by name.

The format: eight bytes with the length of a JSON header (little endian), the header, then the tensors' bytes.
https://github.com/huggingface/safetensors
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from weft_nodes.models.errors import CheckpointCorruptError, ModelFileMissingError, ModelFileRefusedError
from weft_nodes.models.gguf_files import is_gguf, iterate_blocks, read_shapes
from weft_nodes.models.mapped import MappedFile

PICKLE_SUFFIXES: Final = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle"})

# The safetensors library refuses longer headers too; a longer one is a damaged length, not a large model.
_LONGEST_HEADER_BYTES: Final = 100_000_000

_BITS: Final[Mapping[str, int]] = MappingProxyType(
    {"F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32}
    | {"F16": 16, "BF16": 16, "I16": 16, "U16": 16, "I8": 8, "U8": 8, "BOOL": 8}
    | {
        "F8_E4M3": 8,
        "F8_E5M2": 8,
        "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8,
        "F6_E2M3": 6,
        "F6_E3M2": 6,
        "F4": 4,
    }
)

# Those of the types that torch has.
_TYPES: Final[Mapping[str, torch.dtype]] = MappingProxyType(
    {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    | {"I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "BOOL": torch.bool}
    | {"U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8}
    | {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "F8_E8M0": torch.float8_e8m0fnu}
    | {"F8_E4M3FNUZ": torch.float8_e4m3fnuz, "F8_E5M2FNUZ": torch.float8_e5m2fnuz, "C64": torch.complex64}
)


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor as the header describes it.

    Args:
        dtype: The format's own name, such as "F16".
        shape: Length of each axis.
        end: Where its bytes end, counted from the end of the header; 0 in GGUF files.
    """

    dtype: str
    shape: tuple[int, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a weight file says it holds.

    Args:
        path: The file.
        tensors: All tensors by name.
        metadata: The free text a trainer or converter left.
        length: Bytes of the header itself; 0 in GGUF files.
    """

    path: Path
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]
    length: int = 0


def single_files(folders: Iterable[Path]) -> dict[str, Path]:
    """List the safetensors files in some folders, however deep.

    Args:
        folders: Where to look, first match first; they need not be there.

    Returns:
        Paths by name: the path below its folder, with forward slashes.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.safetensors")) if folder.is_dir() else ():
            found.setdefault(path.relative_to(folder).as_posix(), path)
    return found


def read_header(path: Path) -> Header:
    """Read the header of a weight file; that of a safetensors file is checked against the file's length.

    Args:
        path: A file; its tensors are not read.

    Returns:
        Names, shapes and dtypes of all tensors.

    Raises:
        ModelFileMissingError: There is no such file.
        ModelFileRefusedError: The file is a pickle, whatever its name says.
        CheckpointCorruptError: The file is truncated, damaged, or something else altogether.
        PackageMissingError: It is a GGUF file, and the package that reads them is not installed.
    """
    if not path.is_file():
        raise ModelFileMissingError(path=path)
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise ModelFileRefusedError(path=path, reason=f"is a {path.suffix} file, which holds a pickle")
    if is_gguf(path):
        blocks = {name: TensorInfo(kind, shape, 0) for name, (kind, shape) in read_shapes(path).items()}
        return Header(path, MappingProxyType(blocks), MappingProxyType({}))
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(64)
        _check_start(path, start, size)
        length = int.from_bytes(start[:8], "little")
        file.seek(8)
        header = _parse(path, file.read(length))
    metadata = header.pop("__metadata__", None)
    tensors = {name: _tensor_info(path, name, entry) for name, entry in header.items()}
    _check_length(path, tensors, held=size - 8 - length)
    texts = metadata if isinstance(metadata, dict) else {}
    free = MappingProxyType({str(k): str(v) for k, v in texts.items()})
    return Header(path, MappingProxyType(tensors), free, length)


def _check_start(path: Path, start: bytes, size: int) -> None:
    foreign = _foreign_format(start)
    if foreign == "pickle":
        raise ModelFileRefusedError(path=path, reason="is a pickle that was renamed")
    if foreign:
        raise CheckpointCorruptError(path=path, problem=f"it is not a weight file but {foreign}")
    length = int.from_bytes(start[:8], "little")
    if len(start) < 8 or length < 2:
        raise CheckpointCorruptError(path=path, problem=f"it is empty ({size} bytes)")
    if length > _LONGEST_HEADER_BYTES or start[8:9] not in (b"{", b""):
        raise CheckpointCorruptError(path=path, problem="it does not begin like a safetensors file")
    if 8 + length > size:
        raise CheckpointCorruptError(path=path, problem=f"it ends after {size} bytes, inside its header")


def _foreign_format(start: bytes) -> str:
    # A pickle of protocol 2 or later begins with 0x80 and the protocol; torch.save writes a zip around one.
    # The third byte of a true header length is 0 unless the header is longer than 64 KiB, and the ninth is
    # "{".
    looks_true = start[8:9] == b"{"
    if start.startswith(b"PK\x03\x04") or (
        start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05" and not looks_true
    ):
        return "pickle"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: fetch the real file with `git lfs pull`"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "a web page: the download went to a login or error page"
    return ""


def _parse(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointCorruptError(path=path, problem=f"its header is damaged ({error})") from error
    if not isinstance(header, dict):
        raise CheckpointCorruptError(path=path, problem="its header is not a table of tensors")
    return header


def _tensor_info(path: Path, name: str, entry: object) -> TensorInfo:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(end)]}:
            is_whole = dtype in _BITS and all(isinstance(length, int) and length >= 0 for length in shape)
            if is_whole and start >= 0 and (end - start) * 8 == math.prod(shape) * _BITS[dtype]:
                return TensorInfo(dtype, tuple(shape), end)
    raise CheckpointCorruptError(path=path, problem=f"its header describes the tensor '{name}' wrongly")


def _check_length(path: Path, tensors: Mapping[str, TensorInfo], *, held: int) -> None:
    needed = max((info.end for info in tensors.values()), default=0)
    if held < needed:
        raise CheckpointCorruptError(
            path=path, problem=f"it was cut off: {held:,} of {needed:,} bytes of weights are there"
        )


def component_files(folder: Path) -> tuple[Path, ...]:
    """List the weight files of one component of a model folder, in the order of the shards.

    Args:
        folder: Such as `<model>/unet`.

    Returns:
        One safetensors file, or all shards that the index names. A full-precision file wins over a variant.

    Raises:
        ModelFileMissingError: The folder, or a shard that its index names, is missing.
        ModelFileRefusedError: The folder holds its weights as pickles only.
        CheckpointCorruptError: The index is damaged.
    """
    if not folder.is_dir():
        raise ModelFileMissingError(
            path=folder, hint="The model folder lacks a component; download it again."
        )
    indices = sorted(folder.glob("*.safetensors.index*.json"), key=_by_variant)
    if indices:
        return _shards(indices[0])
    files = sorted(folder.glob("*.safetensors"), key=_by_variant)
    if files:
        return (files[0],)
    for file in sorted(folder.iterdir()):
        if file.suffix in PICKLE_SUFFIXES:
            raise ModelFileRefusedError(path=file, reason="is the only weight file there and holds a pickle")
    raise ModelFileMissingError(
        path=folder / "*.safetensors", hint="The folder holds no weights; download it again."
    )


def _by_variant(file: Path) -> tuple[int, str]:
    return (len(file.name.split(".")), file.name)


def _shards(index: Path) -> tuple[Path, ...]:
    table = _parse(index, index.read_bytes()).get("weight_map")
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
        raise CheckpointCorruptError(path=index, problem="the index names no shards")
    shards = tuple(index.parent / name for name in sorted(set(table.values())))
    for shard in shards:
        # A name in an index is untrusted: it must not lead out of the folder.
        if shard.parent != index.parent:
            raise CheckpointCorruptError(path=index, problem=f"it names a shard outside its folder ({shard})")
        if not shard.is_file():
            raise ModelFileMissingError(
                path=shard, hint=f"{index.name} names it as a shard; download it again."
            )
    return shards


def iterate_tensors(
    path: Path, *, prefixes: tuple[str, ...] = ("",), mapped: list[MappedFile] | None = None
) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a weight file one by one, with their full names, on the CPU.

    Args:
        path: The file.
        prefixes: Only names that begin with one of these are read.
        mapped: Is given the mapped file, whose memory can be given back as its tensors are copied.

    Yields:
        Name and tensor; the tensor may be a view of the mapped file, so copy it before the file can change.

    Raises:
        ModelFileMissingError: See `read_header`.
        ModelFileRefusedError: See `read_header`.
        CheckpointCorruptError: See `read_header`.
    """
    header = read_header(path)
    files = [] if mapped is None else mapped
    if is_gguf(path):
        found = iterate_blocks(path, files)
        yield from ((name, tensor) for name, tensor in found if name.startswith(prefixes))
        return
    _check_by_library(path)
    file = MappedFile.open(path)
    files.append(file)
    first = 8 + header.length
    for name, info in header.tensors.items():
        if name.startswith(prefixes):
            if info.dtype not in _TYPES:
                raise CheckpointCorruptError(path=path, problem=f"{name} is of the type {info.dtype}")
            start = info.end - math.prod(info.shape) * _BITS[info.dtype] // 8
            yield name, file.tensor(first + start, info.shape, _TYPES[info.dtype])


def _check_by_library(path: Path) -> None:
    """Have the library that defines the format look at all tensors together, such as for overlaps."""
    try:
        with safe_open(path, framework="pt", device="cpu"):
            return
    except SafetensorError as error:
        raise CheckpointCorruptError(path=path, problem=str(error)) from error


def count_bytes(module: torch.nn.Module) -> int:
    """Count the bytes of a module's parameters and buffers; tensors that are shared inside it count once."""
    tensors = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
