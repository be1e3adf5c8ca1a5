"""Clients of a server that comes and goes: they submit, ask again when an answer is lost, and check all."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from crash.evidence import FINAL, errors_in, faults_of, processes_of, served_faults, workers_of
from crash.toys import job, lay_out
from live_server import PATIENCE_S, Answer, LiveServer, eventually, live_server

LOST = (OSError, HTTPException)
"""What a client sees of a server that ends while it answers, or that is not there."""

CLIENTS = 3
AHEAD = 4
"""A client waits for the end of a job once so many later ones are submitted."""


class Keeper:
    """Keeps a server in a folder, ends it in good and bad ways, and starts it again.

    Args:
        folder: The folder; its data stay between one server and the next.
        settings: Settings of the server, by name.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.data = Path(str(settings.get("data_dir", folder / "data")))
        self.server: LiveServer
        self._settings = settings
        self._running: AbstractContextManager[LiveServer] | None = None
        if not folder.exists():
            lay_out(folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(signal.SIGKILL)

    def start(self) -> None:
        """Start a server."""
        self._running = live_server(self.folder, **self._settings)
        self.server = self._running.__enter__()

    def end(self, number: int) -> int:
        """End the server by a signal, if it runs, and give its exit code.

        Args:
            number: The signal.
        """
        if self._running is None:
            return 0
        code = self.server.end(number)
        self._running.__exit__(None, None, None)
        self._running = None
        return code

    def wait_until_busy(self, ended: int) -> None:
        """Wait until so many more jobs have ended and a worker has others."""

        def counts() -> dict[str, int]:
            found: dict[str, int] = self.server.call("GET", "/api/queue").json["counts"]
            return {"ended": sum(found[state] for state in FINAL), **found}

        until = counts()["ended"] + ended
        eventually(lambda: counts()["ended"] >= until and counts()["running"] > 0)

    def kill_worker(self, chance: Random) -> bool:
        """Kill some worker; tell whether there was one."""
        pids = workers_of(self.folder)
        if not pids:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(pids), signal.SIGKILL)
        return True

    def faults(self, promised: Mapping[str, int]) -> list[str]:
        """End the server in order and say all that is wrong with what it leaves.

        Args:
            promised: The values of the acknowledged jobs, by their ids.
        """
        code = self.end(signal.SIGTERM)
        faults = [] if code == 0 else [f"the server ended with code {code}"]
        eventually_gone(self.folder)
        return [*faults, *errors_in(self.server.log()), *faults_of(self.data, promised)]


def eventually_gone(folder: Path) -> None:
    """Wait until the server of a folder, and all that it and its workers started, is gone."""
    eventually(lambda: not processes_of(folder), 30)


@dataclass
class Stream:
    """Jobs that keep coming, from clients that give up on none of them.

    Attributes:
        keeper: Has the server.
        seed: Of everything that is left to chance.
        longest_s: A job takes so long at most.
        promised: The value of each job that was acknowledged, by its id.
        faults: What the clients found wrong.
        reads: How many files were read.
        refusals: How often a client had to ask again.
    """

    keeper: Keeper
    seed: int = 0
    longest_s: float = 0.2
    promised: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    reads: int = 0
    refusals: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _done: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        for number in range(CLIENTS):
            self._begin(lambda number=number: self._submit_all(number))  # type: ignore[misc]
        self._reader = self._begin(self._read_all)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if kind is not None:
            self._done.set()
        for thread in self._threads:
            if thread is not self._reader:
                thread.join()
        self._done.set()
        self._reader.join()

    def insist(
        self, method: str, path: str, body: Any = None, *, key: str = "", chance: Random | None = None
    ) -> Answer:
        """Send a request until it is answered; by chance, hang up before the answer comes."""
        headers = {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and not self._done.is_set():
            try:
                if chance is not None and chance.random() < 0.1:
                    drop(self.keeper.server, method, path, body, headers=headers)
                answer = self.keeper.server.call(method, path, body, headers=headers)
                if answer.status not in {429, 503, 507}:
                    return answer
            except LOST:
                # The server is gone; the next one is asked the same.
                self.refusals += 1
            time.sleep(0.05)
        raise TimeoutError(f"{method} {path} was never answered")

    def _begin(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001
                self.faults.append(f"a client gave up: {error!r}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _submit_all(self, client: int) -> None:
        chance = Random(f"{self.seed} {client}")
        waiting: deque[str] = deque()
        for number in count(1):
            if self._stopping.is_set():
                break
            waiting.append(self._submit(client * 1_000_000 + number, chance))
            if len(waiting) > AHEAD:
                self._follow(waiting.popleft())
        for name in waiting:
            self._follow(name)

    def _submit(self, value: int, chance: Random) -> str:
        """Submit a job under an id of its own, with a key, or under an address; some of them twice."""
        body = job("paint", value, pause_s=round(chance.uniform(0, self.longest_s), 3))
        name, way = f"job-{value}", chance.choice(("id", "key", "address"))
        told: set[str] = set()
        for _ in range(chance.choice((1, 1, 2))):
            if way == "address":
                answer = self.insist("PUT", f"/api/jobs/{name}", body, chance=chance)
            else:
                sent, key = (body, name) if way == "key" else ({**body, "id": name}, "")
                answer = self.insist("POST", "/api/jobs", sent, key=key, chance=chance)
            if answer.status not in {200, 202}:
                raise ValueError(f"{way} {name} was refused: {answer.body!r}")
            told.add(answer.json["id"])
            self.promised[answer.json["id"]] = value
        if len(told) > 1:
            self.faults.append(f"{name} became {told}")
        return min(told)

    def _follow(self, name: str) -> None:
        while not self._done.is_set():
            answer = self.insist("GET", f"/api/jobs/{name}?wait=5")
            if answer.status != 200:
                self.faults.append(f"{name} is shown as {answer.status}: {answer.body!r}")
                return
            if answer.json["state"] in FINAL:
                self._check(answer.json)
                return

    def _read_all(self) -> None:
        """Read files of jobs that have ended, all the while."""
        chance = Random(self.seed)
        while not self._done.is_set():
            try:
                answer = self.keeper.server.call("GET", "/api/jobs?state=succeeded&limit=20")
                # A server that is being stopped refuses to list anything.
                if answer.status == 200 and answer.json["jobs"]:
                    self._check(chance.choice(answer.json["jobs"]))
            except LOST:
                self.refusals += 1
            time.sleep(0.02)

    def _check(self, shown: Mapping[str, Any]) -> None:
        """Fetch what a job made."""
        if shown["state"] != "succeeded":
            return
        for output in shown["outputs"]:
            if output["asset"] is not None:
                answer = self.insist("GET", output["asset"]["url"])
                self.reads += 1
                faults = served_faults(output["asset"], answer.status, answer.body)
                self.faults.extend(f"{shown['id']}: {fault}" for fault in faults)


def drop(
    server: LiveServer, method: str, path: str, body: Any, *, headers: Mapping[str, str] | None = None
) -> None:
    """Send a request and hang up before the answer comes."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    try:
        sent = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body=json.dumps(body).encode(), headers=sent)
    finally:
        connection.close()
