"""A hub of models on this machine, which answers as the real one does and breaks off where it is told to."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

COMMIT = "c0ffee" * 6 + "c0ff"
SMALL_BYTES = 1000
"""Files below this are no large files: the hub hands them out itself and says their Git digest."""


def safetensors(
    tensors: Mapping[str, list[int]] | None = None, *, notes: Mapping[str, str] | None = None, fill: int = 0
) -> bytes:
    """A safetensors file with tensors of half precision of these shapes."""
    header: dict[str, object] = {}
    place = 0
    for name, shape in (tensors if tensors is not None else {"weight": [64, 32]}).items():
        count = 2
        for side in shape:
            count *= side
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [place, place + count]}
        place += count
    if notes:
        header["__metadata__"] = dict(notes)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes([fill]) * place


@dataclass
class Asked:
    """One request that reached the hub."""

    path: str
    range: str
    token: str


@dataclass
class StandInHub:
    """The hub: what it has, what it was asked, and how it misbehaves."""

    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    """After so many bytes the next answers with a file break off, one after the other."""

    redirect: str = ""
    """Where files lie instead of here."""

    knows_ranges: bool = True
    gated: bool = False
    wrong: Mapping[str, bytes] = field(default_factory=dict)
    """What is sent instead of a file's true content."""

    url: str = ""

    def downloads(self) -> list[Asked]:
        """The requests for contents."""
        return [asked for asked in self.asked if "/resolve/" in asked.path or asked.path.startswith("/cdn/")]

    @asynccontextmanager
    async def open(self) -> AsyncIterator["StandInHub"]:
        """Let it listen on this machine."""
        app = web.Application()
        app.router.add_get("/api/models/{repo:.+}/revision/{revision}", self._revision)
        app.router.add_get("/{repo:.+?}/resolve/{revision}/{path:.+}", self._resolve)
        app.router.add_get("/cdn/{repo:.+?}/file/{path:.+}", self._content)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        self.url = str(server.make_url("/")).rstrip("/")
        try:
            yield self
        finally:
            await server.close()

    def _note(self, request: web.Request) -> None:
        headers = request.headers
        self.asked.append(Asked(request.path, headers.get("Range", ""), headers.get("Authorization", "")))

    async def _revision(self, request: web.Request) -> web.Response:
        self._note(request)
        files = self.repos.get(request.match_info["repo"])
        if self.gated:
            return web.Response(status=401)
        if files is None or request.match_info["revision"] not in ("main", COMMIT):
            return web.Response(status=404)
        siblings = [_entry(path, data) for path, data in files.items()]
        return web.json_response({"sha": COMMIT, "siblings": siblings})

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        repo, path = request.match_info["repo"], request.match_info["path"]
        data = self.repos.get(repo, {}).get(path)
        if data is None:
            return web.Response(status=404)
        if self.redirect:
            return web.Response(status=302, headers={"Location": self.redirect})
        if len(data) < SMALL_BYTES:
            return await self._send(request, self.wrong.get(path, data))
        headers = {
            "Location": f"/cdn/{repo}/file/{path}",
            "X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Linked-Size": str(len(data)),
        }
        return web.Response(status=302, headers=headers)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        repo, path = request.match_info["repo"], request.match_info["path"]
        return await self._send(request, self.wrong.get(path, self.repos[repo][path]))

    async def _send(self, request: web.Request, data: bytes) -> web.StreamResponse:
        start = request.http_range.start or 0 if self.knows_ranges else 0
        answer = web.StreamResponse(status=206 if start else 200)
        if start:
            answer.headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        answer.content_length = len(data) - start
        await answer.prepare(request)
        if self.breaks:
            await answer.write(data[start : start + self.breaks.pop(0)])
            # What was written comes to the client before the end does.
            await asyncio.sleep(0.05)
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(data[start:])
        return answer


def _entry(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"rfilename": path, "size": len(data)}
    if len(data) < SMALL_BYTES:
        git = hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False)
        return {**entry, "blobId": git.hexdigest()}
    return {**entry, "lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}}
