"""What the server adds around the engine: start, memory, submitting, events, small jobs, answers meanwhile.

A server in a process of its own, real HTTP, toy nodes that cost nothing. Wall time where a person waits, CPU
time of the processes where it is about cost.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from bench.bench_executor import make_document
from live_server import LiveServer, fresh_server, lay_out

PACK = '''"""Nodes that cost nothing."""

from weft.sdk import node


@node("bench.number", lane="inline", output="value")
def number(value: int = 0) -> int:
    """Give a number.

    Args:
        value: The number.
    """
    return value


@node("bench.add", lane="inline", output="value")
def add(a: int, b: int = 1) -> int:
    """Add two numbers.

    Args:
        a: One of them.
        b: The other.
    """
    return a + b
'''

ROUNDS = 3
SUBMISSIONS = 30
SMALL_JOBS = 100
PROBES = 200
TICKS = os.sysconf("SC_CLK_TCK")


def chain(size: int, first: int) -> dict[str, Any]:
    """Return a chain of additions that starts at a number of its own, so that no result is known yet."""
    text = json.dumps(make_document("chain", size)).replace('"bench.', '"bench:bench.')
    document: dict[str, Any] = json.loads(text)
    document["nodes"]["n0"]["inputs"]["value"] = first
    return document


@contextmanager
def bench_server() -> Iterator[LiveServer]:
    """Start a server with the toy nodes and nothing else."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        (folder / "custom_nodes" / "bench.py").write_text(PACK)
        with fresh_server(folder) as server:
            yield server


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def worker_of(server: LiveServer) -> int:
    """Return the process of the server's only worker."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])


def measure_start() -> tuple[list[float], list[float]]:
    """Return seconds from starting the server to its first page, and those of a bare import of torch."""
    pages, imports = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with bench_server() as server:
            while server.call("GET", "/").status != 200:
                time.sleep(0.005)
            pages.append(time.perf_counter() - started)
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        imports.append(time.perf_counter() - started)
    return pages, imports


class Observer:
    """One observer of everything, that counts what it hears."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.received_bytes = 0

    async def hear(self, job: str, *, until: str) -> None:
        """Listen until a job's first nodes were told of, or until it has succeeded."""
        while True:
            message = await self._socket.receive(timeout=120)
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            self.received_bytes += len(message.data)
            for event in json.loads(message.data):
                if event.get("job") != job:
                    continue
                if until == event["type"] == "nodes":
                    return
                if event["type"] == "job" and event["data"]["state"] in {"succeeded", "failed"}:
                    if event["data"]["state"] == "failed":
                        raise RuntimeError(event)
                    return


async def measure_submitting(server: LiveServer, sizes: tuple[int, ...]) -> dict[int, list[float]]:
    """Return seconds from POST to the news of the first node, by size of the workflow."""
    found: dict[int, list[float]] = {size: [] for size in sizes}
    async with (
        aiohttp.ClientSession(server.url) as session,
        session.ws_connect("/api/events", max_msg_size=0) as socket,
    ):
        observer = Observer(socket)
        for turn in range(SUBMISSIONS):
            for size in sizes:
                body = {"workflow": chain(size, 1000 * size + turn), "id": f"submit-{size}-{turn}"}
                started = time.perf_counter()
                async with session.post("/api/jobs", json=body) as answer:
                    await answer.read()
                await observer.hear(f"submit-{size}-{turn}", until="nodes")
                found[size].append(time.perf_counter() - started)
                server.wait_for(f"submit-{size}-{turn}", "succeeded")
    return found


async def measure_executor(server: LiveServer, worker: int, size: int) -> tuple[float, float, float]:
    """Return CPU microseconds per node of worker and of server, and bytes of events per node."""
    async with (
        aiohttp.ClientSession(server.url) as session,
        session.ws_connect("/api/events", max_msg_size=0) as socket,
    ):
        observer = Observer(socket)
        before = cpu_seconds(worker), cpu_seconds(server.process.pid)
        for turn in range(ROUNDS):
            body = {"workflow": chain(size, -1 - turn), "id": f"chain-{turn}"}
            async with session.post("/api/jobs", json=body) as answer:
                await answer.read()
            await observer.hear(f"chain-{turn}", until="end")
        after = cpu_seconds(worker), cpu_seconds(server.process.pid)
    nodes = ROUNDS * size
    in_worker, in_server = (1e6 * (late - early) / nodes for early, late in zip(before, after, strict=True))
    return in_worker, in_server, observer.received_bytes / nodes


async def measure_throughput(server: LiveServer) -> tuple[float, list[float]]:
    """Return jobs per second for small jobs sent at once, and the seconds that each took to its end."""

    async def one(session: aiohttp.ClientSession, turn: int) -> float:
        started = time.perf_counter()
        body = {"workflow": chain(5, 10**6 + turn)}
        async with session.post("/api/jobs?wait=120", json=body) as answer:
            job: Mapping[str, Any] = await answer.json()
        if job["state"] != "succeeded":
            raise RuntimeError(job)
        return time.perf_counter() - started

    async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        started = time.perf_counter()
        taken = await asyncio.gather(*(one(session, turn) for turn in range(SMALL_JOBS)))
        return SMALL_JOBS / (time.perf_counter() - started), list(taken)


async def probe(server: LiveServer, count: int) -> list[float]:
    """Return the seconds that answers of /healthz take, asked for fifty times a second."""
    taken = []
    async with aiohttp.ClientSession(server.url) as session:
        for _ in range(count):
            started = time.perf_counter()
            async with session.get("/healthz") as answer:
                await answer.read()
            taken.append(time.perf_counter() - started)
            await asyncio.sleep(max(0.0, 0.02 - taken[-1]))
    return taken


def main() -> None:
    """Print the tables."""
    pages, imports = measure_start()
    print("The server, in a process of its own, with toy nodes")
    print(f"{'first page after start':34}{1e3 * min(pages):9.0f} ms")
    print(f"{'a bare import of torch':34}{1e3 * min(imports):9.0f} ms")
    with bench_server() as server:
        loading = asyncio.run(probe(server, PROBES))
        server.wait_until_ready()
        worker = worker_of(server)
        server.submit({"workflow": chain(5, 0)}, wait=60)
        latencies = asyncio.run(measure_submitting(server, (20, 1000)))
        in_worker, in_server, event_bytes = asyncio.run(measure_executor(server, worker, 1000))
        per_second, taken = asyncio.run(measure_throughput(server))
        server.submit({"name": "draw", "inputs": {"steps": 500, "pause_s": 0.01}})
        running = asyncio.run(probe(server, PROBES))
        memory = server.status("VmRSS") / 1024
    print(
        f"{'/healthz while the worker loads':34}{1e3 * percentile(loading, 0.99):9.1f} ms p99 (target <= 20)"
    )
    print(f"{'/healthz while a job runs':34}{1e3 * percentile(running, 0.99):9.1f} ms p99 (target <= 20)")
    for size, seconds in latencies.items():
        print(f"{f'POST to first node, {size} nodes':34}{1e3 * statistics.median(seconds):9.1f} ms median")
    print(f"{'1,000-node chain, one observer':34}{in_worker:9.1f} us per node in the worker, CPU")
    print(f"{'':34}{in_server:9.1f} us per node in the server, CPU")
    print(f"{'events on the wire':34}{event_bytes:9.1f} bytes per executed node (target <= 200)")
    print(f"{f'{SMALL_JOBS} small jobs at once':34}{per_second:9.1f} jobs per second")
    print(f"{'':34}{1e3 * statistics.median(taken):9.1f} ms to the end p50")
    print(f"{'':34}{1e3 * percentile(taken, 0.95):9.1f} ms p95")
    print(f"{'server memory after all this':34}{memory:9.1f} MB resident (target <= 80)")


if __name__ == "__main__":
    main()
