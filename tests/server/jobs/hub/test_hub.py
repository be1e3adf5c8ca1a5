"""A hub is asked for files, its redirects are followed where they may lead, and its errors are told."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from server.jobs.stand_in_hub import COMMIT, StandInHub, safetensors
from weft.errors import WeftError
from weft.jobs.files.file_faults import (
    AddressRefusedError,
    HubRefusedError,
    HubUnknownError,
    HubUnreachableError,
    ModelNameError,
)
from weft.jobs.hub.hub import Hub, Snapshot, check_path, check_repo, check_revision

LARGE = safetensors({"weight": [64, 64]})

TRAVERSALS = [
    "",
    ".",
    "..",
    "../x",
    "../../etc/passwd",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "//etc/passwd",
    "a//b",
    "a/",
    "./a",
    "a/./b",
    ".hidden",
    "a/.hidden",
    "~/x",
    "~root",
    "a\\b",
    "..\\x",
    "..\\..\\windows\\win.ini",
    "C:\\x",
    "C:x",
    "C:/x",
    "\\\\server\\share\\x",
    "\\\\?\\C:\\x",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "%2e%2e/x",
    "%2e%2e%2fx",
    "..%2fx",
    "..%c0%afx",
    "..;/x",
    "....//x",
    "a/ ",
    "a./b",
    " a",
    "-rf",
    "file:///etc/passwd",
    "http://127.0.0.1/x",
    "$HOME/x",
    "`id`",
    "a|b",
    "x?y=1",
    "x#y",
    "a" * 300,
    "/".join("a" * 20),
    "\u202etxt.x",
    "\uff0e\uff0e/x",
]
"""Strings that lead out of a folder, or that some system or program takes so."""

TARGETS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "https://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "https://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::]:{port}/",
    "http://2130706433:{port}/",
    "https://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "https://0x7f000001:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://127.000.000.001:{port}/",
    "https://localhost.:{port}/",
    "https://loopback.example:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.example/computeMetadata/v1/",
    "https://10.0.0.1/",
    "https://192.168.0.1/",
    "https://172.16.0.1/",
    "https://100.64.0.1/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://user:password@127.0.0.1:{port}/",
    "https://huggingface.co@127.0.0.1:{port}/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "data:text/plain,x",
    "https://",
    "",
]
"""Where a hub that was taken over might send us."""


class Names(AbstractResolver):
    """Names of this machine and of a cloud's metadata service; everything else does not exist."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        known = {"metadata.example": "169.254.169.254", "loopback.example": "127.0.0.1"}
        if host not in known and "localhost" not in host and not host.strip(".").startswith("127"):
            raise OSError(f"There is no {host}.")
        address = known.get(host, "127.0.0.1")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[str]]]:
    """A server of this machine that nobody may call: its port, and who did."""
    calls: list[str] = []

    def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(str(writer.get_extra_info("peername")))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], calls


async def read(hub: Hub, snapshot: Snapshot, path: str, start: int = 0) -> bytes:
    async with hub.download(snapshot, path, start) as download:
        return b"".join([piece async for piece in download.pieces])


@asynccontextmanager
async def opened(there: StandInHub, **options: str) -> AsyncIterator[Hub]:
    async with there.open():
        hub = Hub(there.url, resolver=Names(), **options)
        yield hub
        await hub.close()


async def test_a_snapshot_names_commit_sizes_and_digests() -> None:
    async with opened(StandInHub({"owner/model": {"config.json": b"{}", "model.safetensors": LARGE}})) as hub:
        snapshot = await hub.snapshot("owner/model", "main")

    assert snapshot.commit == COMMIT
    assert {path: file.size for path, file in snapshot.files.items()} == {
        "config.json": 2,
        "model.safetensors": len(LARGE),
    }
    assert [len(file.digest) for file in snapshot.files.values()] == [40, 64]


async def test_a_large_file_comes_from_where_the_hub_sends_us_with_its_digest() -> None:
    there = StandInHub({"owner/model": {"unet/model.safetensors": LARGE}})
    async with opened(there) as hub:
        snapshot = await hub.snapshot("owner/model", "main")
        async with hub.download(snapshot, "unet/model.safetensors", 0) as download:
            data = b"".join([piece async for piece in download.pieces])

    assert data == LARGE
    assert (download.start, download.size) == (0, len(LARGE))
    assert download.digest == snapshot.files["unet/model.safetensors"].digest


async def test_a_download_goes_on_where_it_is_asked_to() -> None:
    async with opened(StandInHub({"owner/model": {"model.safetensors": LARGE}})) as hub:
        snapshot = await hub.snapshot("owner/model", "main")

        assert await read(hub, snapshot, "model.safetensors", 1000) == LARGE[1000:]


async def test_a_hub_that_knows_no_ranges_begins_at_the_beginning() -> None:
    async with opened(StandInHub({"o/m": {"model.safetensors": LARGE}}, knows_ranges=False)) as hub:
        snapshot = await hub.snapshot("o/m", "main")
        async with hub.download(snapshot, "model.safetensors", 1000) as download:
            data = b"".join([piece async for piece in download.pieces])

    assert (download.start, data) == (0, LARGE)


async def test_a_connection_that_breaks_is_told_as_such() -> None:
    async with opened(StandInHub({"o/m": {"model.safetensors": LARGE}}, breaks=[100])) as hub:
        snapshot = await hub.snapshot("o/m", "main")

        with pytest.raises(HubUnreachableError, match="broke"):
            await read(hub, snapshot, "model.safetensors")


async def test_what_the_hub_does_not_have_is_told_as_such() -> None:
    async with opened(StandInHub({"o/m": {}})) as hub:
        with pytest.raises(HubUnknownError, match="repository o/other"):
            await hub.snapshot("o/other", "main")
        with pytest.raises(HubUnknownError, match=r"file x\.safetensors"):
            await read(hub, await hub.snapshot("o/m", "main"), "x.safetensors")


async def test_what_needs_a_licence_is_told_as_such() -> None:
    async with opened(StandInHub({"o/m": {}}, gated=True)) as hub:
        with pytest.raises(HubRefusedError, match="repository o/m") as refused:
            await hub.snapshot("o/m", "main")

    assert "HF_TOKEN" in refused.value.hint


async def test_a_hub_that_is_not_there_is_told_as_such() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hub = Hub(f"http://127.0.0.1:{port}")

    with pytest.raises(HubUnreachableError, match=r"127\.0\.0\.1"):
        await hub.snapshot("o/m", "main")
    await hub.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>captive portal</html>",
        b"[]",
        b"{}",
        b'{"sha": "main", "siblings": []}',
        b'{"sha": "' + COMMIT.encode() + b'", "siblings": [1]}',
        b'{"sha": "' + COMMIT.encode() + b'", "siblings": [{"size": 3}]}',
        b"[" * 100_000,
    ],
)
async def test_an_answer_that_is_no_hubs_is_told_as_such(answer: bytes) -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(body=answer)

    app = web.Application()
    app.router.add_get("/{path:.*}", say)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    hub = Hub(str(server.make_url("/")))

    with pytest.raises(HubUnreachableError):
        await hub.snapshot("o/m", "main")
    await hub.close()
    await server.close()


async def test_the_token_goes_to_the_hub_and_nowhere_else() -> None:
    other = StandInHub({"o/m": {"model.safetensors": LARGE}})
    async with other.open():
        app = web.Application()
        seen: list[str] = []

        async def elsewhere(request: web.Request) -> web.Response:
            seen.append(request.headers.get("Authorization", ""))
            return web.Response(
                status=302, headers={"Location": f"{other.url}/cdn/o/m/file/model.safetensors"}
            )

        app.router.add_get("/{path:.*}", elsewhere)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        hub = Hub(str(server.make_url("/")), token="hf_secret")
        # The other place is no public one either, so the way ends there; nothing may have been sent to it.
        with pytest.raises(AddressRefusedError):
            await read(hub, Snapshot("o/m", COMMIT, {}), "model.safetensors")
        await hub.close()
        await server.close()

    assert seen == ["Bearer hf_secret"]
    assert other.asked == []


@pytest.mark.parametrize("target", TARGETS)
async def test_a_redirect_never_leads_to_this_machine_or_its_network(target: str) -> None:
    async with canary() as (port, calls):
        there = StandInHub(
            {"o/m": {"model.safetensors": LARGE}}, redirect=target.format(port=port) or "http:"
        )
        async with opened(there) as hub:
            snapshot = await hub.snapshot("o/m", "main")

            with pytest.raises((AddressRefusedError, HubUnreachableError)):
                await read(hub, snapshot, "model.safetensors")

    assert calls == []


async def test_a_hub_that_nobody_named_must_lie_on_the_public_internet() -> None:
    async with canary() as (_, calls):

        class Rebound(Names):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
            ) -> list[ResolveResult]:
                return await super().resolve("localhost", port, family)

        hub = Hub(resolver=Rebound())
        with pytest.raises(AddressRefusedError, match=r"huggingface\.co"):
            await hub.snapshot("o/m", "main")
        await hub.close()

    assert calls == []


async def test_redirects_in_a_circle_end() -> None:
    there = StandInHub({"o/m": {"model.safetensors": LARGE}})
    async with opened(there) as hub:
        there.redirect = f"{there.url}/o/m/resolve/{COMMIT}/model.safetensors"
        snapshot = await hub.snapshot("o/m", "main")

        with pytest.raises(HubUnreachableError, match="redirects"):
            await read(hub, snapshot, "model.safetensors")


@pytest.mark.parametrize("path", TRAVERSALS)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ModelNameError):
        check_path(path)


@pytest.mark.parametrize("text", TRAVERSALS)
def test_what_is_no_repository_or_revision_is_refused(text: str) -> None:
    with pytest.raises(WeftError):
        check_repo(text)
    with pytest.raises(WeftError):
        check_revision(text)


@pytest.mark.parametrize(
    "path", ["model.safetensors", "unet/model-00001-of-00002.safetensors", "a b/c (1).json"]
)
def test_usual_paths_are_taken_as_they_are(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("repo", ["gpt2", "stabilityai/stable-diffusion-xl-base-1.0", "a_b/c.d-e"])
def test_usual_repositories_are_taken_as_they_are(repo: str) -> None:
    assert check_repo(repo) == repo


@pytest.mark.parametrize("revision", ["main", "fp16", "v1.0", COMMIT])
def test_usual_revisions_are_taken_as_they_are(revision: str) -> None:
    assert check_revision(revision) == revision
