"""A whole server in a process of its own, with a pack of toy nodes, and plain HTTP to talk to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol

from server_process import FreshServerProcess, ServerProcess

PATIENCE_S = 120.0
"""A process may need long to start on a busy machine."""

ENDS = frozenset({"succeeded", "failed", "cancelled"})
"""The states in which a job stays."""

PACK = '''"""Toy nodes; those that need torch import it themselves, since that takes seconds."""

import time
from typing import Annotated

import numpy as np
from weft.sdk import Image, Run, Seed, Slider, node


@node("picture.draw")
def draw(
    run: Run,
    text: str,
    seed: Seed = 0,
    *,
    steps: Annotated[int, Slider(1, 10000)] = 2,
    pause_s: float = 0.0,
    fault: str = "",
) -> Image:
    """Draw noise that depends on the text.

    Args:
        run: The run.
        text: What to show.
        seed: Seed of the noise.
        steps: Number of steps.
        pause_s: Seconds per step.
        fault: Raise an error of these words.
    """
    for step in range(steps):
        run.check_cancelled()
        time.sleep(pause_s)
        run.progress(step + 1, steps)
        run.preview(np.full((8, 8, 3), step % 256, dtype=np.uint8))
    if fault:
        raise ValueError(fault)
    import torch

    generator = torch.Generator().manual_seed(seed + sum(map(ord, text)))
    return Image(torch.rand(1, 8, 8, 3, generator=generator))


@node("picture.measure", output="width")
def measure(image: Image) -> int:
    """Measure the width of a picture.

    Args:
        image: The picture.
    """
    return int(image.pixels_BHWC.shape[2])
'''

DRAW: dict[str, Any] = {
    "weft": 1,
    "title": "Draw something",
    "inputs": {
        "prompt": {"to": ["draw.text"]},
        "seed": {"to": ["draw.seed"]},
        "steps": {"to": ["draw.steps"]},
        "pause_s": {"to": ["draw.pause_s"]},
        "fault": {"to": ["draw.fault"]},
    },
    "outputs": {"image": {"from": "draw.image"}, "width": {"from": "measure.width"}},
    "nodes": {
        "draw": {"type": "toys:picture.draw", "inputs": {"text": "a circle", "seed": 3}},
        "measure": {"type": "toys:picture.measure", "inputs": {"image": {"from": "draw.image"}}},
    },
}
"""The workflow `draw`, which lies in a workflow folder of the server."""

SLOW: dict[str, Any] = {"name": "draw", "inputs": {"steps": 10_000, "pause_s": 0.05}}
"""A job that runs for minutes, unless it is cancelled."""


class Process(Protocol):
    """A server process, be it a command that was started or a fork."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give its exit code."""
        ...

    def send_signal(self, number: int, /) -> None:
        """Send it a signal, if it runs."""
        ...

    def kill(self) -> None:
        """End it without asking."""
        ...


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", self.headers
        return str(self.json["code"])


@dataclass
class LiveServer:
    """A server in a process of its own."""

    folder: Path
    process: Process
    url: str
    token: str | None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rpartition(":")[2])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """Send one request; a body is sent as JSON, data as it is."""
        sent = dict(self.headers)
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body=data, headers=sent)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are, and give what comes until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(request)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)

    def submit(self, body: Any, *, wait: float = 0) -> Any:
        """Submit a job."""
        answer = self.call("POST", f"/api/jobs?wait={wait}", body)
        assert answer.status in {200, 202}, answer.body
        return answer.json

    def job(self, job_id: str) -> Any:
        """Show a job."""
        return self.call("GET", f"/api/jobs/{job_id}").json

    def wait_until_ready(self) -> None:
        """Wait until a worker takes jobs."""
        eventually(lambda: self.call("GET", "/readyz").status == 200)

    def wait_for(self, job_id: str, *states: str) -> Any:
        """Wait until a job is in one of the states."""
        # Its end is told by the server itself; what comes before is asked for again and again.
        query = "?wait=30" if ENDS.issuperset(states) else ""
        shown: list[Any] = []

        def is_there() -> bool:
            shown[:] = [self.call("GET", f"/api/jobs/{job_id}{query}").json]
            return shown[0]["state"] in states

        eventually(is_there)
        return shown[0]

    def log(self) -> list[dict[str, Any]]:
        """What it logged so far."""
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def status(self, field_name: str) -> int:
        """A number of the process as Linux tells it."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith(field_name)))

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


def eventually(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience_s
    pause_s = 0.02
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(pause_s)
        # What does not come at once is not asked for all the time.
        pause_s = min(1.2 * pause_s, 0.15)


def lay_out(folder: Path) -> None:
    """Write the pack and the workflow into the folder that a server is started in."""
    (folder / "custom_nodes").mkdir(parents=True)
    (folder / "custom_nodes" / "toys.py").write_text(PACK)
    (folder / "workflows").mkdir()
    (folder / "workflows" / "draw.json").write_text(json.dumps(DRAW))


def live_server(folder: Path, **settings: object) -> AbstractContextManager[LiveServer]:
    """Start a server in a folder; one that ended there before is taken up."""
    return _started(folder, settings, is_fresh=False)


def fresh_server(folder: Path, **settings: object) -> AbstractContextManager[LiveServer]:
    """Start one whose process imports everything itself, for those who measure what it needs."""
    return _started(folder, settings, is_fresh=True)


@contextmanager
def _started(folder: Path, settings: Mapping[str, object], *, is_fresh: bool) -> Iterator[LiveServer]:
    if not (folder / "custom_nodes").exists():
        lay_out(folder)
    named = {f"WEFT_{name.upper()}": str(value) for name, value in settings.items()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")} | {
        "WEFT_DATA_DIR": str(folder / "data"),
        "WEFT_WORKFLOWS_DIRS": str(folder / "workflows"),
        "WEFT_DEVICE": "cpu",
        "WEFT_PORT": "0",
        "OMP_NUM_THREADS": "1",
        **named,
    }
    process = (FreshServerProcess if is_fresh else ServerProcess)(folder, environment)
    assert process.url, (folder / "log").read_text()
    try:
        yield LiveServer(folder, process, process.url, process.token)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
