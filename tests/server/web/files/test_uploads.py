"""The file of an upload is the body itself or the one file of a form, and nothing else is taken for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, FormData, web
from aiohttp.test_utils import TestServer
from weft.errors import WeftError
from weft.web.files.uploads import read_upload
from weft.web.problems import problem_response


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[ClientSession, str]]:
    """A server that says back what it was sent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            upload = await read_upload(request)
            data = b"".join([piece async for piece in upload.pieces])
        except WeftError as error:
            return problem_response(error)
        return web.Response(body=data, headers={"X-Name": upload.name})

    app = web.Application()
    app.router.add_post("/", answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    async with ClientSession() as session:
        yield session, str(server.make_url("/"))
    await server.close()


def a_form(*files: tuple[str, bytes | str, str | None]) -> FormData:
    form = FormData(default_to_multipart=True)
    for field, data, name in files:
        form.add_field(field, data, filename=name)
    return form


DATA = bytes(range(256)) * 1000


async def test_a_body_is_the_file_itself() -> None:
    async with receiving() as (session, url), session.post(url, data=DATA) as answer:
        assert (await answer.read(), answer.headers["X-Name"]) == (DATA, "")


async def test_the_one_file_of_a_form_is_taken_with_its_name() -> None:
    form = a_form(("anything", DATA, "cat.png"))

    async with receiving() as (session, url), session.post(url, data=form) as answer:
        assert (await answer.read(), answer.headers["X-Name"]) == (DATA, "cat.png")


@pytest.mark.parametrize(
    "form",
    [
        [("text", "hello", None)],
        [("file", DATA, "a.png"), ("file", DATA, "b.png")],
        [("file", DATA, "a.png"), ("text", "hello", None)],
    ],
)
async def test_other_forms_are_refused(form: list[tuple[str, bytes | str, str | None]]) -> None:
    async with receiving() as (session, url), session.post(url, data=a_form(*form)) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, "request-malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B",
        b"--B\r\n\r\n",
        b"--B--\r\n",
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nhalf',
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nhalf\r\n--B',
        b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\nx\r\n--C--\r\n--B--\r\n",
        b"--B\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\nx\r\n--B--\r\n",
    ],
)
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=B", "multipart/form-data"])
async def test_a_form_that_is_none_or_breaks_off_is_refused(body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}

    async with receiving() as (session, url), session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 400
