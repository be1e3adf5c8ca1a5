"""Sockets: lists of events, previews in bytes, and nobody who waits for the slowest."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse, WSMsgType
from live_server import PATIENCE_S, SLOW, LiveServer

OBSERVERS = 100


@asynccontextmanager
async def _socket(server: LiveServer, query: str = "") -> AsyncIterator[ClientWebSocketResponse]:
    async with (
        ClientSession(timeout=ClientTimeout(total=PATIENCE_S)) as session,
        session.ws_connect(f"{server.url}/api/events{query}", max_msg_size=0) as socket,
    ):
        yield socket


async def _submit(server: LiveServer, body: Any) -> str:
    return str((await asyncio.to_thread(server.submit, body))["id"])


async def _cancel(server: LiveServer, job_id: str) -> None:
    await asyncio.to_thread(server.call, "POST", f"/api/jobs/{job_id}/cancel")


async def test_a_socket_tells_events_in_lists_and_previews_in_bytes(ready_server: LiveServer) -> None:
    async with _socket(ready_server) as socket:
        job_id = await _submit(ready_server, SLOW)
        told: list[Any] = []
        heads: list[tuple[str, str, bytes]] = []
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                told.extend(json.loads(message.data))
            else:
                heads.append(_preview(message.data))
            if heads and heads[-1][1] == job_id:
                break
        await _cancel(ready_server, job_id)

    numbers = [entry["number"] for entry in told if "number" in entry]
    assert heads[-1] == ("preview", job_id, b"\xff\xd8")
    assert numbers == sorted(set(numbers))
    assert {"job", "nodes"} <= {entry["type"] for entry in told}


def _preview(frame: bytes) -> tuple[str, str, bytes]:
    """The type and job of a binary frame, and how its picture begins."""
    (length,) = struct.unpack(">I", frame[:4])
    head = json.loads(frame[4 : 4 + length])
    return head["type"], head["job"], frame[4 + length :][:2]


async def test_a_socket_that_watches_one_job_gets_progress_of_no_other(ready_server: LiveServer) -> None:
    async with _socket(ready_server, "?types=progress") as socket:
        await socket.send_json({"watch": ["watched"]})
        unwatched = await _submit(ready_server, SLOW)
        await asyncio.to_thread(ready_server.wait_for, unwatched, "running")
        await asyncio.to_thread(ready_server.call, "PUT", "/api/jobs/watched", SLOW)
        # What was sent before the server heard which job is watched does not count.
        while "watched" not in {entry["job"] for entry in await socket.receive_json()}:
            pass
        jobs = {entry["job"] for _ in range(3) for entry in await socket.receive_json()}
        await _cancel(ready_server, unwatched)
        await _cancel(ready_server, "watched")

    assert jobs == {"watched"}


@pytest.mark.parametrize("said", ["no JSON", "[]", '{"watch": 3}', '{"else": 1}'])
async def test_a_socket_that_says_nonsense_is_closed_with_the_reason(server: LiveServer, said: str) -> None:
    async with _socket(server, "?types=queue") as socket:
        await socket.send_str(said)
        message = await socket.receive()

    assert (message.type, message.data) == (WSMsgType.CLOSE, 1007)


async def test_frames_of_a_socket_are_not_compressed(server: LiveServer) -> None:
    async with (
        ClientSession() as session,
        session.ws_connect(f"{server.url}/api/events", compress=15) as socket,
    ):
        assert socket.compress == 0


async def test_nobody_waits_for_an_observer_that_does_not_read(ready_server: LiveServer) -> None:
    """One client opens a stream and never reads it; a hundred others see the job's end all the same."""
    _, silent = await asyncio.open_connection("127.0.0.1", ready_server.port)
    silent.write(f"GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1:{ready_server.port}\r\n\r\n".encode())
    async with ClientSession(timeout=ClientTimeout(total=PATIENCE_S)) as session:
        url = f"{ready_server.url}/api/events"
        sockets = await asyncio.gather(*(session.ws_connect(url) for _ in range(OBSERVERS)))
        body = {"name": "draw", "inputs": {"prompt": "seen by all", "steps": 20, "pause_s": 0.05}}
        job_id = await _submit(ready_server, body)
        previews = await asyncio.gather(*(_until_end(socket, job_id) for socket in sockets))
        await asyncio.gather(*(socket.close() for socket in sockets))
    silent.close()

    assert all(previews)


async def _until_end(socket: ClientWebSocketResponse, job_id: str) -> int:
    """Read until a job has succeeded; gives how many of its previews were seen."""
    previews = 0
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            previews += _preview(message.data)[1] == job_id
            continue
        for entry in json.loads(message.data):
            if entry["job"] == job_id and entry["data"].get("state") == "succeeded":
                return previews
    raise AssertionError("the socket closed before the job ended")
