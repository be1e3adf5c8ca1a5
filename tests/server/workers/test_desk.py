"""A worker chooses its device, and a node that asks for too much memory hurts nobody but itself."""

from pathlib import Path

import pytest
import torch
from server.workers.toys import document, settings_below, toy, workers_in
from weft.errors import JSON
from weft.workers.desk import choose_device, device_name
from weft.workers.faults import WorkerDeviceError
from weft.workers.protocol import AskCatalog

MIB = 2**20


@pytest.fixture
def has_three_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)


@pytest.mark.parametrize("wanted", ["auto", "cuda"])
def test_workers_share_out_the_gpus(wanted: str, has_three_gpus: None) -> None:
    assert [choose_device(wanted, index) for index in range(5)] == [f"cuda:{n}" for n in (0, 1, 2, 0, 1)]


def test_a_gpu_that_is_named_is_taken_by_all(has_three_gpus: None) -> None:
    assert [choose_device("cuda:1", index) for index in range(2)] == ["cuda:1", "cuda:1"]


def test_a_gpu_that_is_not_there_is_refused(has_three_gpus: None) -> None:
    with pytest.raises(WorkerDeviceError, match="cuda:3"):
        choose_device("cuda:3", 0)


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps"])
def test_a_device_of_another_machine_is_refused(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    with pytest.raises(WorkerDeviceError):
        choose_device(wanted, 0)


def test_the_processor_has_a_name() -> None:
    assert choose_device("cpu", 5) == "cpu"
    assert device_name("cpu")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system counts memory another way")
async def test_too_large_a_node_fails_with_the_numbers_and_the_worker_goes_on(tmp_path: Path) -> None:
    def hold(name: str, mebibytes: int) -> dict[str, JSON]:
        nodes = {name: toy("memory.hold", mebibytes=mebibytes, name=name)}
        return document(
            [f"{name}_size.size"], **nodes, **{f"{name}_size": toy("memory.measure", block=f"@{name}.block")}
        )

    async with workers_in(settings_below(tmp_path, memory_bytes=600 * MIB)) as workers:
        pid = workers.pool.workers[0].pid
        # What is kept of the first ones must be given up, or the last ones have no room.
        kept = [await workers.run(name, hold(name, 300)) for name in ("one", "two", "three", "four", "five")]
        greedy = await workers.run("greedy", hold("greedy", 4000))
        after = await workers.run("after", hold("after", 300))
        await workers.pool.ask(AskCatalog())

        assert [job.products[0].value for job in (*kept, after)] == [300 * MIB] * 6
        # A result that has no room to be written down is a warning beside it.
        (problem,) = [problem for problem in greedy.problems if problem["severity"] == "error"]
        details = problem["details"]
        assert (greedy.state, problem["code"], problem["node"]) == ("failed", "out-of-memory", "greedy")
        assert "4,000 MiB were needed" in str(problem["message"])
        assert isinstance(details, dict)
        assert details["needed_bytes"] == 4000 * MIB
        assert isinstance(details["available_bytes"], int)
        assert 0 < details["available_bytes"] < 4000 * MIB
        assert workers.pool.workers[0].pid == pid
