"""The frame: whatever a handler does, the answer is orderly, and what went wrong stands in the log alone."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from weft.errors import FileUnwritableError, Problem, ProblemsError
from weft.jobs.faults import QueueFullError
from weft.settings import load_settings
from weft.web.app import create_app
from weft.web.app_keys import CLOSING
from weft.web.frame import is_page
from weft.web.routing import Call, Media, Policy, Reply, Route, route
from weft.web.services import Services
from weft.web.wire_base import Wire

SECRET = "/srv/somebody/secret"


class Greeting(Wire):
    """A greeting."""

    name: str
    times: int = 1


@route("POST", "/greet", policy=Policy.SUBMIT, tag="Toys", body=Greeting, answers={201: Greeting})
async def greet(call: Call[Greeting]) -> Reply:
    """Greet."""
    return Reply(call.body, status=201, headers={"Location": "/here"})


@route("GET", "/fail/{how}", policy=Policy.READ, tag="Toys")
async def fail(call: Call[None]) -> Reply:
    """Fail in one of many ways."""
    failures: dict[str, Exception] = {
        "bug": KeyError(SECRET),
        "weft": QueueFullError(queued=3, new=1, most=3),
        "disk": FileUnwritableError(path="x", reason="read-only"),
        "problems": ProblemsError([Problem("a", "A.", "", node="n"), Problem("b", "B.", "", node="n")]),
        "found": web.HTTPFound("/greet"),
        "large": web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2),
        "teapot": web.HTTPTeapot() if hasattr(web, "HTTPTeapot") else web.HTTPGone(),
        "left": ConnectionResetError(),
    }
    raise failures[call.request.match_info["how"]]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A client of an application with the toy routes; its services are not asked for anything."""
    parts: dict[str, Any] = dict.fromkeys(field.name for field in fields(Services))
    services = Services(**parts | {"settings": load_settings({"data_dir": tmp_path})})
    async with TestClient(TestServer(create_app(services, (greet, fail)))) as client:
        yield client


async def test_a_reply_is_sent_as_json_with_its_status_and_headers(client: TestClient[Any, Any]) -> None:
    answer = await client.post("/greet", json={"name": "weft"})

    assert (answer.status, await answer.json()) == (201, {"name": "weft", "times": 1})
    assert (answer.headers["Location"], answer.content_type) == ("/here", "application/json")


async def test_nothing_is_converted_in_silence(client: TestClient[Any, Any]) -> None:
    answer = await client.post("/greet", json={"name": "weft", "times": "2"})

    assert (answer.status, (await answer.json())["code"]) == (422, "body-invalid")


async def test_a_bug_stands_in_the_log_and_its_id_in_the_answer(
    client: TestClient[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "weft.http"):
        answer = await client.get("/fail/bug")

    text = await answer.text()
    assert (answer.status, (await answer.json())["code"]) == (500, "unexpected")
    assert answer.headers["X-Request-Id"] in text
    assert "KeyError" not in text
    assert SECRET not in text
    assert SECRET in caplog.text


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("weft", 429, "queue-full"),
        ("disk", 500, "file-unwritable"),
        ("problems", 422, "problems"),
        ("large", 413, "body-too-large"),
        ("teapot", 400, "request-malformed"),
    ],
)
async def test_every_failure_is_a_problem_document(
    client: TestClient[Any, Any], how: str, status: int, code: str
) -> None:
    answer = await client.get(f"/fail/{how}")

    assert (answer.status, (await answer.json())["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


async def test_a_redirect_stays_one(client: TestClient[Any, Any]) -> None:
    answer = await client.get("/fail/found", allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (302, "/greet")


async def test_a_client_that_left_is_no_error(
    client: TestClient[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await client.get("/fail/left")

    assert caplog.records == []


async def test_a_server_that_is_being_stopped_takes_nothing_more(client: TestClient[Any, Any]) -> None:
    client.app[CLOSING].set()

    answer = await client.post("/greet", json={"name": "late"})

    assert (answer.status, (await answer.json())["code"]) == (503, "server-stopping")
    assert answer.headers["Retry-After"]


def _route(**answers: Any) -> Route:
    return Route("GET", "/x", Policy.READ, "Toys", fail.handler, answers={200: answers["ok"]})


def test_a_page_is_what_answers_with_html() -> None:
    page = Media(("text/html",), "A page.")

    assert is_page(_route(ok=page))
    assert is_page(_route(ok=(Greeting, page)))
    assert not is_page(_route(ok=Greeting))
    assert not is_page(_route(ok=Media(("image/png",), "A picture.")))
