"""What happens, as it happens and since any number: of one job, or of all."""

from __future__ import annotations

import re
from typing import Annotated

from aiohttp import hdrs, web
from pydantic import BeforeValidator, Field

from weft.web.faults import RequestMalformedError
from weft.web.routing import Call, Media, Policy, route
from weft.web.stream import EVENT_STREAM, EventType, StreamedEvent, send_sse, send_websocket
from weft.web.wire import JobId
from weft.web.wire_base import Wire

LAST_EVENT_HEADER = "Last-Event-ID"

_EVENTS = Media((EVENT_STREAM,), "Server-sent events, their data in JSON.", fields=StreamedEvent)
_NUMBER = re.compile(r"[0-9]{1,18}")


def _split_types(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


class JobEventsQuery(Wire):
    """Where to begin.

    Attributes:
        after: Number of the last event that is known; 0, which it is where it is missing, for none.
    """

    after: int | None = Field(default=None, ge=0, lt=10**18)


class EventsQuery(JobEventsQuery):
    """Where to begin, and what to tell.

    Attributes:
        after: Number of the last event that is known, 0 for none; where it is missing, only what happens from
            now on is told.
        job: Only events of this job.
        types: Only these types of events, with commas between them.
    """

    job: JobId | None = None
    types: Annotated[tuple[EventType, ...] | None, BeforeValidator(_split_types)] = None


@route(
    "GET",
    "/api/jobs/{job_id}/events",
    policy=Policy.READ,
    tag="Events",
    query=JobEventsQuery,
    headers=(LAST_EVENT_HEADER,),
    answers={200: _EVENTS, 204: None},
    faults=(404,),
)
async def stream_job(call: Call[None]) -> web.StreamResponse:
    """Follow a job from its beginning to its end.

    The stream ends behind the event that says how the job ended. Whoever comes back with `Last-Event-ID` goes
    on where it was; 204 says that there is nothing more to come.

    Events of the type `nodes` name the nodes that `started` and those that `finished`. The latter are rows:
    id, state (`hit`, `ran`, `failed`, `skipped` or `cancelled`), code of the reason, seconds of its own work,
    what the reason is about, bytes of the tensors that its results keep alive, and the most memory in bytes
    that its device had in use. A row ends where nothing more is known.
    """
    jobs, caller = call.services.jobs, call.caller
    job = await jobs.job(call.request.match_info["job_id"], owner=caller.sees)
    after = _after(call.request, call.query.after) or 0
    with call.services.events.subscribe(after=after, owner=caller.sees, job=job.id) as subscription:
        if not job.is_final:
            return await send_sse(call.request, subscription, ends=True)
        first = await subscription.next_batch(0)
        if first is None or not first.events:
            return web.Response(status=204)
        return await send_sse(call.request, subscription, first=first, ends=True)


@route(
    "GET",
    "/api/events",
    policy=Policy.READ,
    tag="Events",
    query=EventsQuery,
    headers=(LAST_EVENT_HEADER,),
    answers={200: _EVENTS},
)
async def stream_events(call: Call[None]) -> web.StreamResponse:
    """Follow everything that happens.

    Over plain HTTP these are server-sent events. With `Upgrade: websocket` they come as text frames, each a
    list of events `{"number", "at", "type", "job", "data"}`; previews come as binary frames: four bytes with
    the length of the JSON that follows (big-endian), that JSON, and a JPEG. On such a socket the client may
    say `{"watch": ["job-id"]}` to get progress and previews of these jobs alone.

    Whoever reads slowly misses progress and previews, which newer ones replace, but no event with a number.
    """
    query: EventsQuery = call.query
    after = _after(call.request, query.after)
    types = None if query.types is None else frozenset(query.types)
    subscribe = call.services.events.subscribe
    with subscribe(after=after, owner=call.caller.sees, job=query.job, types=types) as subscription:
        if call.request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await send_websocket(call.request, subscription)
        return await send_sse(call.request, subscription)


def _after(request: web.Request, asked: int | None) -> int | None:
    """Give the number of the last event that the client knows: what a browser says on its own goes first."""
    said = request.headers.get(LAST_EVENT_HEADER)
    if not said:
        return asked
    if not _NUMBER.fullmatch(said):
        raise RequestMalformedError(fault=f"has a {LAST_EVENT_HEADER} that is not a number")
    return int(said)
