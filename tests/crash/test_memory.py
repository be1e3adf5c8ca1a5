"""Work that needs too much memory, or makes numbers that are none, fails by name, and the next job runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from crash.clients import Keeper
from crash.toys import chain, job
from live_server import LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose worker may use 256 MiB."""
    with Keeper(tmp_path_factory.mktemp("memory") / "server", memory_bytes="256MiB") as keeper:
        keeper.server.wait_until_ready()
        yield keeper.server


def hold(mebibytes: int) -> dict[str, Any]:
    """A request for so much memory."""
    nodes = {"hold": {"type": "toys:memory.hold", "inputs": {"mebibytes": mebibytes}}}
    return {"workflow": {"weft": 1, "outputs": {"bytes": {"from": "hold.bytes"}}, "nodes": nodes}}


def restarts(server: LiveServer) -> int:
    """How often the worker was started again."""
    return int(server.call("GET", "/readyz").json["workers"][0]["restarts"])


def test_too_much_memory_is_refused_with_the_numbers_and_the_next_job_works(server: LiveServer) -> None:
    failed = server.submit(hold(2048), wait=120)
    after = server.submit(hold(64), wait=120)

    (problem,) = failed["problems"]
    assert (failed["state"], problem["code"], problem["node"]) == ("failed", "out-of-memory", "hold")
    assert problem["details"]["needed_bytes"] == 2048 * 2**20
    # What a process gave back of what it held at first comes on top of its budget.
    assert 0 < problem["details"]["available_bytes"] < 1024 * 2**20
    assert (after["state"], after["outputs"][0]["value"]) == ("succeeded", 64 * 2**20)
    assert restarts(server) == 0


def test_a_job_that_runs_beside_one_without_memory_is_not_harmed(server: LiveServer) -> None:
    beside = server.submit(job("rest", 1, pause_s=1.0))["id"]
    failed = server.submit(hold(2049), wait=120)

    assert failed["state"] == "failed"
    assert server.wait_for(beside, "succeeded", "failed")["state"] == "succeeded"


def test_a_picture_with_a_number_that_is_none_is_no_success_and_names_its_node(server: LiveServer) -> None:
    workflow = chain(paints=True)
    workflow["nodes"]["paint"]["inputs"]["is_spoilt"] = True

    failed = server.submit({"workflow": workflow, "inputs": {"value": 1}}, wait=120)

    (problem,) = failed["problems"]
    assert (failed["state"], problem["code"], problem["node"]) == ("failed", "not-finite", "paint")
    assert not any(output["asset"] for output in failed["outputs"])
