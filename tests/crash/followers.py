"""An observer that is cut off again and again, and comes back with the number of the last event it saw."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from random import Random
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
from crash.clients import Keeper

Way = Literal["sse", "websocket"]


class Following:
    """Follows all events of a server on a thread of its own, over cuts and over the server's death.

    Args:
        keeper: Has the server.
        way: How it listens.
        after: The number behind which it begins.
        most: It is cut off behind at most so many events; 0 to leave it alone.
        seed: Of the cuts.
    """

    def __init__(self, keeper: Keeper, way: Way, *, after: int = 0, most: int = 0, seed: int = 0) -> None:
        self.last = after
        self.cuts = 0
        self.faults: list[str] = []
        self._keeper = keeper
        self._way = way
        self._most = most
        self._chance = Random(seed)
        self._seen: list[dict[str, Any]] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._follow()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._is_over.set()

    def end(self) -> list[dict[str, Any]]:
        """Stop, and give what was seen."""
        self._is_over.set()
        self._thread.join()
        return self._seen

    async def _follow(self) -> None:
        while not self._is_over.is_set():
            listen = self._listen_sse if self._way == "sse" else self._listen_websocket
            try:
                async with aiohttp.ClientSession() as session, asyncio.timeout(2.0):
                    await listen(session, f"{self._keeper.server.url}/api/events?after={self.last}")
            except (aiohttp.ClientError, TimeoutError, OSError):
                # Cut off, or there is no server now, or there was nothing to see for a while.
                await asyncio.sleep(0.01)

    async def _listen_sse(self, session: aiohttp.ClientSession, url: str) -> None:
        left = self._chance.randint(1, self._most) if self._most else -1
        async with session.get(url) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    left -= self._note(json.loads(line[6:]))
                if left == 0 and answer.connection is not None and answer.connection.transport is not None:
                    self._cut(answer.connection.transport.get_extra_info("socket"))
                    return

    async def _listen_websocket(self, session: aiohttp.ClientSession, url: str) -> None:
        left = self._chance.randint(1, self._most) if self._most else -1
        async with session.ws_connect(url, max_msg_size=0) as stream:
            async for message in stream:
                if message.type is aiohttp.WSMsgType.TEXT:
                    for event in json.loads(message.data):
                        left -= self._note(event)
                        if left == 0:
                            self._cut(stream.get_extra_info("socket"))
                            return

    def _note(self, event: dict[str, Any]) -> int:
        """Note an event that has a number; tell whether it has."""
        if "number" not in event:
            return 0
        self._seen.append(event)
        self.last = event["number"]
        return 1

    def _cut(self, connection: socket.socket) -> None:
        self.cuts += 1
        connection.shutdown(socket.SHUT_RDWR)
