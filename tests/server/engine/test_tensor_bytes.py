"""Tensors are written as the library writes them, but a shortage of memory does not end the process."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from weft.engine.memory import limit_memory
from weft.engine.tensor_bytes import tensor_bytes

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def test_the_bytes_are_those_of_the_library() -> None:
    tensors = {
        f"{dtype}/größe".replace("torch.", ""): torch.arange(6).reshape(2, 3).to(dtype) for dtype in DTYPES
    }

    assert tensor_bytes(tensors) == safetensors.torch.save(tensors)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 2, 3, 4)])
def test_every_shape_is_written(shape: tuple[int, ...]) -> None:
    tensors = {"b": torch.ones(shape), "a": torch.ones(shape, dtype=torch.bool)}

    assert tensor_bytes(tensors) == safetensors.torch.save(tensors)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_library_reads_what_was_written(dtype: torch.dtype) -> None:
    tensor = torch.tensor([0, 1, 2, 3]).to(dtype)

    found = safetensors.torch.load(tensor_bytes({"x": tensor}))["x"]

    assert found.dtype == dtype
    assert torch.equal(found, tensor)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.float8_e4m3fn, torch.uint16])
def test_rare_kinds_of_numbers_are_left_to_the_library(dtype: torch.dtype) -> None:
    tensors = {"x": torch.tensor([1.0, 2.0]).to(dtype)}

    assert tensor_bytes(tensors) == safetensors.torch.save(tensors)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system counts memory another way")
def test_a_shortage_of_memory_is_an_exception(limits_kept: None) -> None:
    held = torch.empty(2**31, dtype=torch.uint8)
    limit_memory("cpu", 10 * 2**20)

    with pytest.raises(MemoryError):
        tensor_bytes({"x": held})
