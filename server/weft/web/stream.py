"""Streams of events to clients: as text over plain HTTP (SSE), or in both directions over a WebSocket.

Neither holds a queue for its client. All that is new goes out in one piece; while a client reads slowly,
progress and previews that it misses are replaced by newer ones, and durable events wait in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Literal

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import Field

from weft.errors import JSON
from weft.web.bodies import read_json
from weft.web.faults import BodyUnreadableError
from weft.web.wire_base import Wire

if TYPE_CHECKING:
    from weft.jobs.events import Batch, Subscription

EVENT_STREAM = "text/event-stream"

EventType = Literal["job", "nodes", "queue", "worker", "catalog", "workflow", "asset", "progress", "preview"]
"""Kinds of events; progress and previews pass without a number."""

PING_S = 15.0
"""So often something is sent, so that proxies keep a quiet stream open."""

STALLED_S = 60.0
"""A client that takes nothing for so long is dropped."""

GATHER_S = 1 / 60
"""After something was sent, news gathers for so long."""

_CLOSE_S = 2.0
_MOST_SAID_BYTES = 64 * 2**10
_MOST_WATCHED = 1000
_FINAL = frozenset({"succeeded", "failed", "cancelled"})


class StreamedEvent(Wire):
    """One event of a text stream.

    Attributes:
        id: Its number; what passes has none.
        event: Its type.
        data: What happened, as the text of a JSON object.
    """

    id: str | None = Field(default=None, pattern="^[0-9]+$")
    event: EventType
    data: str = Field(json_schema_extra={"contentMediaType": "application/json"})


def sse_text(batch: Batch) -> bytes:
    """Write a batch as events of a text stream; what passes has no id, and previews have no picture."""
    parts = [
        f"id: {item.event.number}\nevent: {item.event.type}\ndata: {item.text}\n\n" for item in batch.events
    ]
    parts.extend(f"event: {frame.kind}\ndata: {frame.text}\n\n" for frame in batch.passing)
    return "".join(parts).encode()


def ends_job(batch: Batch) -> bool:
    """Tell whether a batch holds the end of a job."""
    return any(item.event.type == "job" and item.event.data.get("state") in _FINAL for item in batch.events)


async def send_sse(
    request: web.Request, subscription: Subscription, *, first: Batch | None = None, ends: bool = False
) -> web.StreamResponse:
    """Send events as text until the client leaves or the server stops.

    Args:
        request: The request.
        subscription: What to send.
        first: What was taken from it already.
        ends: Whether the stream ends with the end of a job.
    """
    answer = web.StreamResponse(headers={"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
    await answer.prepare(request)
    if request.method == "HEAD":
        return answer
    batch = first
    while True:
        if batch is not None:
            text = sse_text(batch) or b": ping\n\n"
            await _unstalled(request, answer.write(text))
            if ends and ends_job(batch):
                break
            await asyncio.sleep(GATHER_S)
        batch = await subscription.next_batch(PING_S)
        if batch is None:
            break
    await answer.write_eof()
    return answer


async def send_websocket(request: web.Request, subscription: Subscription) -> web.StreamResponse:
    """Send events over a WebSocket until either side leaves: texts as lists, previews as binary frames.

    The client may say `{"watch": ["job-id", …]}` to get progress and previews of these jobs alone, and
    `{"watch": null}` to get those of all again.

    Args:
        request: The request, which asks for the upgrade.
        subscription: What to send.
    """
    socket = web.WebSocketResponse(timeout=_CLOSE_S, compress=False, max_msg_size=_MOST_SAID_BYTES)
    await socket.prepare(request)
    listening = asyncio.create_task(_listen(socket, subscription), name="websocket-listener")
    speaking = asyncio.create_task(_speak(request, socket, subscription), name="websocket-speaker")
    try:
        await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
        await socket.close(code=WSCloseCode.GOING_AWAY if speaking.done() else WSCloseCode.OK)
    finally:
        for task in (listening, speaking):
            task.cancel()
        # A client that left shows as a failed write; that it left is all there is to know.
        await asyncio.gather(listening, speaking, return_exceptions=True)
    return socket


async def _speak(request: web.Request, socket: web.WebSocketResponse, subscription: Subscription) -> None:
    while (batch := await subscription.next_batch(PING_S)) is not None:
        if not batch.events and not batch.passing:
            await _unstalled(request, socket.ping())
            continue
        texts = [item.text for item in batch.events]
        texts.extend(frame.text for frame in batch.passing if not frame.binary)
        if texts:
            await _unstalled(request, socket.send_str(f"[{','.join(texts)}]"))
        for frame in batch.passing:
            if frame.binary:
                await _unstalled(request, socket.send_bytes(frame.frame))
        await asyncio.sleep(GATHER_S)


async def _listen(socket: web.WebSocketResponse, subscription: Subscription) -> None:
    """Heed what the client says, and end when it leaves."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"only text is understood")
            return
        try:
            subscription.watch(_watched(read_json(message.data.encode())))
        except BodyUnreadableError as error:
            await socket.close(code=WSCloseCode.INVALID_TEXT, message=error.message.encode()[:120])
            return


def _watched(said: JSON) -> list[str] | None:
    """Read the one thing that a client can say."""
    names = said.get("watch", False) if isinstance(said, dict) else False
    if names is None:
        return None
    if not isinstance(names, list) or len(names) > _MOST_WATCHED:
        raise BodyUnreadableError(fault=f'it is not {{"watch": […]}} with at most {_MOST_WATCHED} ids')
    return [str(name) for name in names]


async def _unstalled(request: web.Request, writing: Coroutine[object, object, None]) -> None:
    """Write; a client that takes nothing for `STALLED_S` is cut off, so that it holds no memory."""
    try:
        async with asyncio.timeout(STALLED_S):
            await writing
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None
