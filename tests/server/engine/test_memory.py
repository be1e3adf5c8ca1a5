"""A shortage of memory is recognised, what can be freed is freed, and the numbers are told."""

from pathlib import Path

import pytest
import torch
from weft.engine.memory import MemoryRelief, Shortage, free_bytes, limit_memory, peak_of, shortage_of

CUDA_TEXT = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.81 GiB "
    "of which 1.50 GiB is free. Process 1 has 138.30 GiB memory in use."
)


def test_a_device_shortage_tells_what_was_needed_and_what_was_there() -> None:
    assert shortage_of(torch.OutOfMemoryError(CUDA_TEXT)) == Shortage(20 * 2**30, 3 * 2**29)


def test_a_host_shortage_is_recognised_as_torch_reports_it() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)

    assert shortage_of(raised.value) == Shortage(2**60, None)


def test_a_shortage_in_an_unknown_unit_is_one_of_unknown_size() -> None:
    assert shortage_of(torch.OutOfMemoryError("Tried to allocate 3 pages.")) == Shortage(None, None)


def test_python_running_out_of_memory_counts_too() -> None:
    assert shortage_of(MemoryError()) == Shortage(None, None)


@pytest.mark.parametrize("error", [RuntimeError("shape mismatch"), ValueError("memory"), KeyError("x")])
def test_other_errors_are_not_about_memory(error: Exception) -> None:
    assert shortage_of(error) is None


def test_relief_asks_one_holder_after_the_other_until_enough_is_free() -> None:
    asked: list[tuple[str, int]] = []

    def holder(name: str, has: int) -> int:
        return has

    def first(needed: int) -> int:
        asked.append(("results", needed))
        return holder("results", 60)

    def second(needed: int) -> int:
        asked.append(("models", needed))
        return holder("models", 40)

    def third(needed: int) -> int:
        asked.append(("never", needed))
        return 0

    freed = MemoryRelief("cpu", (first, second, third)).relieve(Shortage(100, 0))

    assert freed == 100
    assert asked == [("results", 100), ("models", 40)]


def test_where_nobody_says_how_much_is_missing_everything_is_freed() -> None:
    asked: list[int] = []

    def holder(needed: int) -> int:
        asked.append(needed)
        return 5

    assert MemoryRelief("cpu", (holder, holder)).relieve(Shortage(None, None)) == 10
    assert min(asked) > 2**60


def test_the_final_error_names_device_and_numbers() -> None:
    error = MemoryRelief("cpu", ()).failure(Shortage(2**30, 2**20))

    assert error.code == "out-of-memory"
    assert "1,024 MiB" in error.message
    assert error.details["needed_bytes"] == 2**30
    assert error.details["available_bytes"] == 2**20


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system counts memory another way")
def test_where_nobody_said_what_was_there_the_system_is_asked() -> None:
    error = MemoryRelief("cpu", ()).failure(Shortage(2**60, None))

    assert isinstance(error.details["available_bytes"], int)
    assert error.details["available_bytes"] > 0


def test_nothing_is_known_of_the_memory_of_other_devices() -> None:
    assert free_bytes("mps") is None


@pytest.mark.parametrize(("device", "budget"), [("cpu", 0), ("cpu", -1), ("mps", 2**30)])
def test_without_a_budget_or_a_way_to_hold_to_it_there_is_no_limit(device: str, budget: int) -> None:
    assert limit_memory(device, budget) is False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system counts memory another way")
def test_under_a_budget_too_large_a_tensor_fails_and_the_process_does_not(limits_kept: None) -> None:
    assert limit_memory("cpu", 300 * 2**20)
    before = free_bytes("cpu")
    held = torch.ones(200 * 2**20, dtype=torch.uint8)
    after = free_bytes("cpu")
    with pytest.raises(RuntimeError) as raised:
        torch.ones(2**31, dtype=torch.uint8)
    del held
    again = torch.ones(200 * 2**20, dtype=torch.uint8)

    assert before is not None
    assert after is not None
    assert before >= 300 * 2**20
    assert before - after >= 200 * 2**20
    assert shortage_of(raised.value) == Shortage(2**31, None)
    assert len(again) == 200 * 2**20


def test_a_processor_keeps_no_count_of_its_peak() -> None:
    assert peak_of("cpu") is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_a_graphics_card_tells_its_peak_since_it_was_last_asked() -> None:
    take = peak_of("cuda:0")
    assert take is not None
    take()
    before = take()
    block = torch.zeros(2**20, dtype=torch.uint8, device="cuda:0")
    del block

    assert take() >= before + 2**20
    assert take() == before
