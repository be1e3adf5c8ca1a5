"""Sessions: how a browser trades a token for a cookie that its pages cannot read."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import Field

from weft.web.access import SESSION_COOKIE
from weft.web.app_keys import ACCESS
from weft.web.routing import Call, Policy, Reply, route
from weft.web.wire_base import Wire


class SessionRequest(Wire):
    """What a browser shows to begin a session.

    Attributes:
        token: The token.
    """

    token: str = Field(min_length=1, max_length=200)


class SessionView(Wire):
    """Who is calling.

    Attributes:
        owner: Name that new jobs and files belong to.
        scope: How far the caller may go.
    """

    owner: str
    scope: Literal["public", "read", "submit", "manage"]


@route("GET", "/api/session", policy=Policy.READ, tag="Sessions", answers={200: SessionView})
async def show_session(call: Call[None]) -> Reply:
    """Say who is calling, and how far they may go."""
    return Reply(SessionView(owner=call.caller.owner, scope=call.caller.policy.value))


@route(
    "POST",
    "/api/session",
    policy=Policy.PUBLIC,
    tag="Sessions",
    body=SessionRequest,
    answers={204: None},
    faults=(401,),
)
async def begin_session(call: Call[SessionRequest]) -> web.Response:
    """Begin a session with a token.

    The answer sets a cookie that counts as the token for 30 days, or until the token is removed. Pages cannot
    read it, and a browser sends it only with requests of the server's own pages.
    """
    answer = web.Response(status=204)
    is_secure = call.request.headers.get("Origin", "").startswith("https:")
    call.request.app[ACCESS].begin_session(call.body.token, answer, secure=is_secure)
    return answer


@route("DELETE", "/api/session", policy=Policy.PUBLIC, tag="Sessions", answers={204: None})
async def end_session(call: Call[None]) -> web.Response:
    """End the session of this browser; other sessions and the token stay."""
    del call
    answer = web.Response(status=204)
    answer.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Strict")
    return answer
