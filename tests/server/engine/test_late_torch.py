"""What is asked about torch is answered without importing it."""

import subprocess
import sys
import threading

import torch
from weft.engine.late_torch import is_out_of_memory, is_tensor, without_gradients

PROGRAM = """
import sys
import weft.cli.execution
import weft.workers.desk
from weft.engine.codec import decode, digest, encode, size_bytes
from weft.engine.late_torch import is_out_of_memory, is_tensor, without_gradients
from weft.engine.memory import limit_memory, shortage_of
from weft.engine.seals import Seals
from weft.workers.desk import choose_device, device_name

value = {"size": [3, 4.5], "name": "x"}
assert decode(encode(value)) == value
assert digest(value) and size_bytes(value)
assert not is_tensor(value)
assert not is_out_of_memory(MemoryError()) and shortage_of(MemoryError()) is not None
seals = Seals()
seals.note({"value": value})
seals.check("a", seals.take("a", {"value": value}))
with without_gradients():
    pass
assert limit_memory("cpu", 0) is False
assert device_name(choose_device("cpu", 0))
assert "torch" not in sys.modules, "torch was imported"
"""


def test_an_engine_whose_packs_need_no_torch_never_imports_it() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr


def test_tensors_and_nothing_else_are_tensors() -> None:
    values = (torch.ones(2), torch.nn.Parameter(torch.ones(2)), [torch.ones(2)], torch.float32, 1, None)

    assert [is_tensor(value) for value in values] == [True, True, False, False, False, False]


def test_only_torchs_own_error_says_that_a_device_is_full() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not is_out_of_memory(MemoryError())


def test_what_is_computed_within_records_nothing_and_other_threads_are_left_alone() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    elsewhere: list[bool] = []

    with without_gradients():
        product = weight * 2
        thread = threading.Thread(target=lambda: elsewhere.append((weight * 2).requires_grad))
        thread.start()
        thread.join()

    assert not product.requires_grad
    assert elsewhere == [True]
    assert (weight * 2).requires_grad
