"""The frame around every route: guard, errors as problem documents, headers, log and metrics."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from aiohttp import web

from weft.errors import WeftError
from weft.web.access import Access
from weft.web.bodies import read_body, read_query
from weft.web.faults import (
    BodyTooLargeError,
    MethodRefusedError,
    RequestMalformedError,
    RouteUnknownError,
    ServerStoppingError,
    UnexpectedError,
)
from weft.web.logs import REQUEST_ID
from weft.web.metrics import Metrics
from weft.web.problems import INTERNAL, problem_response
from weft.web.routing import Call, Media, Reply, Route
from weft.web.security import SECURITY_HEADERS, Guard
from weft.web.services import Services

AiohttpHandler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID_HEADER = "X-Request-Id"
SAFE_METHODS = frozenset({"GET", "HEAD"})

_LOG = logging.getLogger("weft.http")
_UNROUTED = "unrouted"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_QUIET_LEVELS: Mapping[str, int] = MappingProxyType(
    {
        "/healthz": logging.DEBUG,
        "/readyz": logging.DEBUG,
        "/metrics": logging.DEBUG,
        "/editor/{edition}/{path}": logging.DEBUG,
    }
)
"""What monitors ask every few seconds is not worth a line each, nor is every file of a page."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every request passes through.

    Attributes:
        guard: Refuses what other sites send.
        metrics: Counts the answers.
        pages: The paths that hold pages, to which links of other sites may lead.
        closing: Is set once the server is being stopped.
    """

    guard: Guard
    metrics: Metrics
    pages: frozenset[str]
    closing: asyncio.Event

    async def around(self, request: web.Request, handler: AiohttpHandler) -> web.StreamResponse:
        """Answer a request; whatever goes wrong, the answer is a problem document."""
        started = time.perf_counter()
        REQUEST_ID.set(secrets.token_hex(8))
        try:
            answer = await self._answer(request, handler)
        except WeftError as error:
            answer = self._refusal(request, error)
        except web.HTTPException as error:
            answer = self._translation(request, error)
        except ConnectionError:
            # The client has left; nobody reads an answer, and nothing is wrong here.
            answer = web.Response(status=499)
        except Exception:  # noqa: BLE001 — the outermost frame: what went wrong is for the log, not for the caller
            _LOG.exception("a request failed", extra={"path": request.rel_url.raw_path})
            answer = problem_response(UnexpectedError(request=REQUEST_ID.get()))
        self._note(request, answer, time.perf_counter() - started)
        return answer

    async def _answer(self, request: web.Request, handler: AiohttpHandler) -> web.StreamResponse:
        # A request line may name a host too, as those to proxies do.
        target = request.raw_path
        host = (
            None if target.startswith("/") or target == "*" else target.partition("://")[2].partition("/")[0]
        )
        self.guard.check(request.method, host, request.headers, page=request.path in self.pages)
        if self.closing.is_set():
            raise ServerStoppingError
        return await handler(request)

    @staticmethod
    def _refusal(request: web.Request, error: WeftError) -> web.Response:
        answer = problem_response(error)
        if answer.status >= INTERNAL:
            extra = {"path": request.rel_url.raw_path, "code": error.code, "status": answer.status}
            _LOG.warning("%s", error.message, extra=extra)
        return answer

    @staticmethod
    def _translation(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
        """Put what aiohttp itself found into our words."""
        if isinstance(error, web.HTTPNotFound):
            return problem_response(RouteUnknownError(path=request.rel_url.raw_path[:200]))
        if isinstance(error, web.HTTPMethodNotAllowed):
            refusal = MethodRefusedError(method=request.method[:20], allowed=error.allowed_methods)
            answer = problem_response(refusal)
            answer.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
            return answer
        if isinstance(error, web.HTTPRequestEntityTooLarge):
            return problem_response(BodyTooLargeError(limit_bytes=0))
        if error.status >= 400:
            return problem_response(RequestMalformedError(fault=f"is refused: {error.reason.lower()}"))
        raise error

    def _note(self, request: web.Request, answer: web.StreamResponse, seconds: float) -> None:
        resource = request.match_info.route.resource
        route = _UNROUTED if resource is None else resource.canonical
        method = request.method if request.method in _METHODS else "other"
        is_stream = not isinstance(answer, web.Response | web.FileResponse)
        self.metrics.count_request(method, route, answer.status, None if is_stream else seconds)
        job = _job_of(request, answer)
        about = {"job": job[:64]} if job else {}
        _LOG.log(
            _QUIET_LEVELS.get(route, logging.INFO),
            "%s %s %d",
            method,
            request.rel_url.raw_path[:500],
            answer.status,
            extra={"milliseconds": round(seconds * 1000, 1), **about},
        )


def _job_of(request: web.Request, answer: web.StreamResponse) -> str:
    """Name the job that an answer is about: the one that was submitted, or the one in the address."""
    _, is_submitted, job = answer.headers.get("Location", "").partition("/api/jobs/")
    return job if is_submitted else request.match_info.get("job_id", "")


async def add_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Put the headers on an answer that every answer has; those that a handler set itself stay."""
    del request
    for name, value in SECURITY_HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault(REQUEST_ID_HEADER, REQUEST_ID.get())
    answer.headers["Server"] = "weft"


def endpoint(route: Route, services: Services, access: Access) -> AiohttpHandler:
    """Give the function that answers a route's requests.

    Args:
        route: The route; who may call it is asked first, before a byte of its body is read.
        services: What its handler works with.
        access: Tells who is calling.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        caller = access.caller(request, route.policy)
        query = None if route.query is None else read_query(route.query, request.query)
        body = None
        if request.method not in SAFE_METHODS:
            body = await read_body(route.body, request, limit_bytes=services.settings.max_body_bytes)
        reply = await route.handler(Call(request, services, caller, body, query))
        return _sent(reply) if isinstance(reply, Reply) else reply

    return answer


def is_page(route: Route) -> bool:
    """Tell whether a route answers with a page of HTML."""
    given = [item for answer in route.answers.values() for item in _each(answer)]
    return any(isinstance(item, Media) and "text/html" in item.types for item in given)


def _each(answer: object) -> tuple[object, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _sent(reply: Reply) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status, headers=reply.headers)
    text = reply.body.model_dump_json(by_alias=True)
    headers = {"Content-Type": "application/json", **reply.headers}
    return web.Response(status=reply.status, body=text.encode(), headers=headers)
