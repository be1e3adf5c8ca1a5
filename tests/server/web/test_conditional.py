"""An answer that has not changed is not sent again."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from weft.web.conditional import conditional


async def fetched(*tags: str) -> list[tuple[int, bytes, str]]:
    """Fetch one body several times, each time saying what is at hand."""

    async def answer(request: web.Request) -> web.Response:
        return conditional(request, b"body", "text/css")

    app = web.Application()
    app.router.add_get("/", answer)
    found = []
    async with TestClient(TestServer(app)) as client:
        for tag in tags:
            async with client.get("/", headers={"If-None-Match": tag} if tag else {}) as response:
                found.append((response.status, await response.read(), response.headers["ETag"]))
    return found


async def test_a_body_comes_with_a_tag_and_not_twice() -> None:
    ((status, body, tag),) = await fetched("")

    assert (status, body) == (200, b"body")
    assert await fetched(tag, f'"other", {tag}', "*") == [(304, b"", tag)] * 3


async def test_another_tag_gets_the_whole_body() -> None:
    assert [(status, body) for status, body, _ in await fetched('"other"')] == [(200, b"body")]
