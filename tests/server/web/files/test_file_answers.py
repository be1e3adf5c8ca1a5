"""A file is answered whole or in part, and as nothing that a browser would run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from weft.errors import WeftError
from weft.web.files.file_answers import PIECE_BYTES, file_answer
from weft.web.problems import problem_response

DATA = bytes(range(256)) * (PIECE_BYTES // 256 * 2) + b"end"


@asynccontextmanager
async def serving(path: Path, media_type: str = "image/png") -> AsyncIterator[tuple[ClientSession, str]]:
    """A server of one file."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await file_answer(request, path, tag="tag", media_type=media_type, name="name")
        except WeftError as error:
            return problem_response(error)

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    async with ClientSession() as session:
        yield session, str(server.make_url("/"))
    await server.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "file"
    found.write_bytes(DATA)
    return found


async def test_a_file_of_several_pieces_comes_whole(path: Path) -> None:
    async with serving(path) as (session, url), session.get(url) as answer:
        assert await answer.read() == DATA
        assert (answer.headers["ETag"], answer.headers["Accept-Ranges"]) == ('"tag"', "bytes")


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-", 0, len(DATA)),
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        (f"bytes={len(DATA) - 1}-", len(DATA) - 1, len(DATA)),
        (f"bytes={PIECE_BYTES - 1}-{PIECE_BYTES}", PIECE_BYTES - 1, PIECE_BYTES + 1),
        ("bytes=-3", len(DATA) - 3, len(DATA)),
        (f"bytes=-{len(DATA) * 2}", 0, len(DATA)),
    ],
)
async def test_a_part_is_exactly_what_was_asked_for(path: Path, wanted: str, start: int, stop: int) -> None:
    async with serving(path) as (session, url), session.get(url, headers={"Range": wanted}) as answer:
        assert await answer.read() == DATA[start:stop]
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(DATA)}"


@pytest.mark.parametrize("wanted", [f"bytes={len(DATA)}-", "bytes=999999999-"])
async def test_a_part_behind_the_end_is_refused(path: Path, wanted: str) -> None:
    async with serving(path) as (session, url), session.get(url, headers={"Range": wanted}) as answer:
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")
        assert (await answer.json(content_type=None))["code"] == "range-refused"


@pytest.mark.parametrize("wanted", ["bytes=1-0", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes="])
async def test_a_range_that_is_none_is_answered_with_the_whole_file(path: Path, wanted: str) -> None:
    async with serving(path) as (session, url), session.get(url, headers={"Range": wanted}) as answer:
        assert (answer.status, len(await answer.read())) == (200, len(DATA))


@pytest.mark.parametrize(
    ("media_type", "way", "shown"),
    [
        ("image/png", "inline", "image/png"),
        ("image/jpeg", "inline", "image/jpeg"),
        ("image/webp", "inline", "image/webp"),
        ("image/svg+xml", "attachment", "application/octet-stream"),
        ("text/html", "attachment", "application/octet-stream"),
        ("application/javascript", "attachment", "application/octet-stream"),
        ("application/octet-stream", "attachment", "application/octet-stream"),
    ],
)
async def test_only_pictures_without_scripts_are_shown(
    path: Path, media_type: str, way: str, shown: str
) -> None:
    async with serving(path, media_type) as (session, url), session.get(url) as answer:
        assert answer.headers["Content-Disposition"].startswith(f"{way}; ")
        assert answer.headers["Content-Type"] == shown
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("known", "status"), [('"tag"', 304), ('W/"tag"', 304), ("*", 304), ('"a", "tag"', 304), ('"a"', 200)]
)
async def test_who_knows_the_tag_needs_no_file(path: Path, known: str, status: int) -> None:
    async with serving(path) as (session, url), session.get(url, headers={"If-None-Match": known}) as answer:
        assert answer.status == status


async def test_an_empty_file_is_answered(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")

    async with serving(tmp_path / "empty") as (session, url), session.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
