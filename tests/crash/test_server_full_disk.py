"""A server whose disk is full says so, acknowledges nothing that is not kept, and recovers with room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from signal import SIGKILL

import pytest
from crash.clients import Keeper
from crash.evidence import FINAL
from crash.toys import chain, job
from live_server import Answer, LiveServer, eventually

DISK_BYTES = 12 * 2**20
STEP_BYTES = 16 * 2**10
PADDING = "x" * 4000
"""Makes a request large, so that a disk is full after few of them."""


class Ballast:
    """A file that takes the room on a disk.

    Args:
        disk: The disk.
    """

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self, leaving: int = 0) -> None:
        """Take all room, but for so many bytes."""
        with self._path.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                file.truncate(max(0, file.tell() - leaving))

    def lift(self) -> None:
        """Give all room back."""
        self._path.unlink()


@dataclass(frozen=True)
class Narrow:
    """A server whose data lie on a small disk.

    Attributes:
        keeper: Has the server.
        ballast: Fills the disk.
        promised: The value of each job that was acknowledged, by its id.
    """

    keeper: Keeper
    ballast: Ballast
    promised: dict[str, int] = field(default_factory=dict)

    @property
    def server(self) -> LiveServer:
        """The server."""
        return self.keeper.server

    def try_to_submit(self, name: str, value: int) -> Answer:
        """Submit a job that takes some room in the database, if the server takes it."""
        workflow = {**chain(("work.rest", {}), paints=True), "description": PADDING}
        body = {"workflow": workflow, "inputs": {"value": value}, "id": name}
        answer = self.server.call("POST", "/api/jobs", body)
        if answer.status == 202:
            self.promised[name] = value
        return answer

    def submit_until_refused(self) -> str:
        """Submit jobs until one is refused; give the id of that."""
        for value in count(len(self.promised)):
            name = f"job-{value}"
            if (answer := self.try_to_submit(name, value)).status != 202:
                break
        assert (answer.status, answer.code) == (507, "disk-full"), answer.body
        assert answer.json["hint"]
        return name

    def ends(self) -> set[str]:
        """Wait for the end of all jobs and say which ends there were."""
        return {self.server.wait_for(name, *FINAL)["state"] for name in self.promised}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk, where this system lets us have one."""
    folder = tmp_path_factory.mktemp("disk")
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only an administrator may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, disk: Path) -> Iterator[Narrow]:
    """A server on the small disk, which is looked at in the end."""
    folder = tmp_path_factory.mktemp("narrow") / "server"
    with Keeper(folder, data_dir=disk / "data") as keeper:
        keeper.server.wait_until_ready()
        narrow = Narrow(keeper, Ballast(disk))
        yield narrow
        assert keeper.faults(narrow.promised) == []


def test_nothing_is_acknowledged_that_a_full_disk_does_not_keep(narrow: Narrow) -> None:
    narrow.server.call("POST", "/api/queue/pause")
    # The disk is full at another place of the database each time.
    for turn in range(5):
        narrow.ballast.fill(leaving=2 * turn * STEP_BYTES)
        refused = narrow.submit_until_refused()
        assert narrow.server.call("GET", "/healthz").status == 200
        assert narrow.server.call("GET", f"/api/jobs/{refused}").status == 404
        assert narrow.server.call("GET", "/api/jobs").json["total"] == len(narrow.promised)
        is_killed = turn % 5 == 4
        if is_killed:
            narrow.keeper.end(SIGKILL)
        narrow.ballast.lift()
        if is_killed:
            narrow.keeper.start()
        # With room, the same request is taken.
        assert narrow.try_to_submit(refused, len(narrow.promised)).status == 202
    narrow.server.call("POST", "/api/queue/resume")

    assert narrow.ends() == {"succeeded"}


def test_a_job_whose_end_cannot_be_written_down_ends_once_there_is_room(narrow: Narrow) -> None:
    server = narrow.server
    server.submit({**job("paint", 1, pause_s=3.0), "id": "running"})
    server.wait_for("running", "running")
    narrow.ballast.fill()
    narrow.submit_until_refused()
    eventually(lambda: any("cannot be written now" in line["message"] for line in server.log()))
    assert server.job("running")["state"] == "running"
    narrow.ballast.lift()

    shown = server.wait_for("running", *FINAL)

    # Its picture may have come too early for the room that there is now.
    assert shown["state"] == "succeeded" or "disk-full" in [fault["code"] for fault in shown["problems"]]
    assert narrow.ends() <= {"succeeded", "failed"}
    assert server.submit(job("paint", 2), wait=120)["state"] == "succeeded"


def test_a_file_that_finds_no_room_is_refused_and_leaves_nothing(narrow: Narrow) -> None:
    server = narrow.server
    shown = server.submit(job("paint", 3), wait=120)
    url = next(output["asset"]["url"] for output in shown["outputs"] if output["asset"])
    picture = server.call("GET", url).body + bytes(2**20)
    headers = {"Content-Type": "application/octet-stream"}
    narrow.ballast.fill(leaving=2**19)

    refused = server.call("POST", "/api/assets", data=picture, headers=headers)

    assert (refused.status, refused.code) == (507, "disk-full")
    left = [*narrow.keeper.data.glob("arrivals/*"), *narrow.keeper.data.glob("blobs/incoming/*")]
    assert left == []
    narrow.ballast.lift()
    assert server.call("POST", "/api/assets", data=picture, headers=headers).status == 201
