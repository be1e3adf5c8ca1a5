"""A thousand jobs at once and a hundred observers: the server stays quick for each of them."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Any, Self

import aiohttp
import pytest
from crash.clients import Keeper
from crash.evidence import FINAL
from crash.toys import job
from live_server import LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose worker takes jobs."""
    with Keeper(tmp_path_factory.mktemp("crowds") / "server") as keeper:
        keeper.server.wait_until_ready()
        yield keeper.server


class Clock:
    """Times requests over one connection that stays open.

    Args:
        server: The server.
    """

    def __init__(self, server: LiveServer) -> None:
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.seconds: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: object = None) -> int:
        """Send a request, wait for the whole answer and give its status."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        began = time.perf_counter()
        self._connection.request(method, path, body=data, headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        self.seconds.append(time.perf_counter() - began)
        return answer.status


@dataclass
class Seen:
    """What an observer saw: the numbers of the events, and the sizes of the previews."""

    numbers: list[int] = field(default_factory=list)
    previews: list[int] = field(default_factory=list)


async def observe(stream: aiohttp.ClientWebSocketResponse, last: str) -> Seen:
    """Watch until the last job has ended, or the connection."""
    seen = Seen()
    async for message in stream:
        if message.type is aiohttp.WSMsgType.BINARY:
            seen.previews.append(len(message.data))
            continue
        for event in json.loads(message.data):
            if "number" in event:
                seen.numbers.append(event["number"])
                if event["job"] == last and event["data"].get("state") in FINAL:
                    return seen
    return seen


def narrow_socket(address: tuple[Any, ...]) -> socket.socket:
    """Make a socket into which little goes that is not read."""
    made = socket.socket(address[0], address[1])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return made


async def watch(server: LiveServer, observers: int) -> tuple[list[Seen], Seen]:
    """Have jobs run while many watch; give what they saw, and what one saw who read when all was over."""
    narrow = aiohttp.TCPConnector(socket_factory=narrow_socket)
    url, name = f"{server.url}/api/events", f"last-{observers}"
    async with (
        asyncio.timeout(120),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        aiohttp.ClientSession(connector=narrow) as slow_session,
        slow_session.ws_connect(url, max_msg_size=0) as slow,
    ):
        streams = [await session.ws_connect(url, max_msg_size=0) for _ in range(observers)]
        for stream in streams:
            # The large pictures are for the slow one alone, who must have more than systems keep for it.
            await stream.send_str(json.dumps({"watch": [name]}))
        watching = [asyncio.create_task(observe(stream, name)) for stream in streams]
        for value in range(20):
            await asyncio.to_thread(server.submit, job("rest", value, pause_s=0.5, preview_px=512))
        last = {**job("rest", 99, pause_s=1.5), "id": name, "priority": -1}
        await asyncio.to_thread(server.submit, last)
        seen = await asyncio.gather(*watching)
        for stream in streams:
            await stream.close()
        return seen, await observe(slow, name)


@pytest.mark.parametrize("observers", [33, pytest.param(99, marks=pytest.mark.soak)])
def test_of_many_observers_none_waits_for_the_one_that_does_not_read(
    server: LiveServer, observers: int
) -> None:
    before = server.status("VmRSS:")
    seen, slow = asyncio.run(watch(server, observers))
    grown = server.status("VmRSS:") - before

    numbers = seen[0].numbers
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    # They may have begun at different events, but from there on nobody missed one.
    assert all(each.numbers == numbers[-len(each.numbers) :] for each in seen)
    assert all(each.previews for each in seen)
    shown = sum(len(each.previews) for each in seen) / observers
    print(
        f"\n{len(numbers)} events and {shown:.0f} previews for each of {observers}; {len(slow.previews)} "
        f"previews of {sum(slow.previews) / 2**20:.1f} MiB for the one that did not read; {grown} KiB grown"
    )
    # It missed pictures, which newer ones replaced, but no event.
    assert slow.numbers == list(range(slow.numbers[0], slow.numbers[-1] + 1))
    assert len(slow.previews) < 60
    assert grown < 64 * 2**10


def undisturbed(seconds: list[float]) -> float:
    """Give the time of the quickest tenth, which a busy machine changes least."""
    return sorted(seconds)[len(seconds) // 10]


def milliseconds(seconds: list[float]) -> str:
    """Say median and 99th percentile."""
    return f"{median(seconds) * 1e3:.1f} ms (p99 {quantiles(seconds, n=100)[98] * 1e3:.1f})"


@pytest.mark.parametrize("jobs", [400, pytest.param(1000, marks=pytest.mark.soak)])
def test_the_last_of_many_jobs_is_taken_as_quickly_as_the_first_and_others_are_answered(
    server: LiveServer, jobs: int
) -> None:
    queued = server.call("GET", "/api/queue").json["counts"]["queued"]
    server.call("POST", "/api/queue/pause")
    with Clock(server) as health, Clock(server) as posts, Clock(server) as early, Clock(server) as late:
        done = threading.Event()

        def ask_for_health() -> None:
            while not done.wait(0.02):
                assert health.ask("GET", "/healthz") == 200

        asking = threading.Thread(target=ask_for_health)
        asking.start()
        for value in range(jobs):
            body = {**job("rest", value), "id": f"job-{jobs}-{value}"}
            assert posts.ask("POST", "/api/jobs", body) == 202
            if 50 <= value < 70:
                assert early.ask("GET", "/api/jobs?limit=50") == 200
        for _ in range(20):
            assert late.ask("GET", "/api/jobs?limit=50") == 200
        done.set()
        asking.join()

    first, last = undisturbed(posts.seconds[:100]), undisturbed(posts.seconds[-100:])
    slower = undisturbed(late.seconds) / undisturbed(early.seconds)
    print(
        f"\nPOST {milliseconds(posts.seconds)}, last to first hundred {last / first:.2f}; "
        f"page {milliseconds(late.seconds)}, late to early {slower:.2f}; "
        f"healthz meanwhile {milliseconds(health.seconds)}"
    )
    # What grew with the queue would be ten times as slow at its end; a busy machine is not.
    assert last < 4 * first
    assert slower < 4
    assert len(health.seconds) > 10
    assert server.call("GET", "/api/queue").json["counts"]["queued"] == queued + jobs
