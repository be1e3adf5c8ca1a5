"""Files as answers: whole or in part, kept by clients for ever, and nothing that a browser would run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

from aiohttp import ETag, web

from weft.web.faults import RangeRefusedError

PIECE_BYTES = 256 * 2**10
FOR_EVER = "private, max-age=31536000, immutable"
"""What is known by its content never changes."""

NOTHING_RUNS = "default-src 'none'; sandbox"
"""Whatever a browser takes a file for, it may neither run nor load anything."""

_SUFFIXES = (("image/png", ".png"), ("image/jpeg", ".jpg"), ("image/webp", ".webp"))
"""The kinds that a browser may show; they hold no scripts."""


async def file_answer(
    request: web.Request, path: Path, *, tag: str, media_type: str, name: str
) -> web.StreamResponse:
    """Answer with a file that is known by its content.

    Args:
        request: The request; its `Range`, `If-Range` and `If-None-Match` are heeded.
        path: The file.
        tag: Its ETag.
        media_type: What it is, as its own bytes say. Pictures are shown, all else is offered for saving.
        name: What it is called where it is saved, without a suffix.

    Raises:
        RangeRefusedError: The range that is wanted lies behind its end.
    """
    suffix = dict(_SUFFIXES).get(media_type)
    way = "attachment" if suffix is None else "inline"
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": FOR_EVER,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": NOTHING_RUNS,
        "Content-Disposition": f'{way}; filename="{name}{suffix or ""}"',
        "Content-Type": media_type if suffix is not None else "application/octet-stream",
    }
    if _is_known(request, tag):
        kept = {name: value for name, value in headers.items() if name in ("ETag", "Cache-Control")}
        return web.Response(status=304, headers=kept)
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        size = os.fstat(file.fileno()).st_size
        span = _span(request, tag, size)
        start, stop = (0, size) if span is None else span
        answer = web.StreamResponse(headers=headers)
        if span is not None:
            answer.set_status(206)
            answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        answer.content_length = stop - start
        await answer.prepare(request)
        if request.method != "HEAD":
            await _send(answer, file, start, stop)
        await answer.write_eof()
    return answer


async def _send(answer: web.StreamResponse, file: BinaryIO, start: int, stop: int) -> None:
    file.seek(start)
    while start < stop:
        piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, stop - start))
        if not piece:
            # The file was cut meanwhile; a short answer must not look whole.
            raise ConnectionAbortedError
        await answer.write(piece)
        start += len(piece)


def _is_known(request: web.Request, tag: str) -> bool:
    known: tuple[ETag, ...] = request.if_none_match or ()
    return any(entry.value in (tag, "*") for entry in known)


def _span(request: web.Request, tag: str, size: int) -> tuple[int, int] | None:
    """Give the first byte that is wanted and the one behind the last; None for the whole file."""
    condition = request.headers.get("If-Range", f'"{tag}"')
    try:
        wanted = request.http_range
    except ValueError:
        # Several ranges, or what is none: the whole file is a right answer to that.
        return None
    if condition != f'"{tag}"' or (wanted.start is None and wanted.stop is None):
        return None
    start, stop = wanted.start or 0, wanted.stop
    if start < 0:
        return max(0, size + start), size
    if start >= size:
        raise RangeRefusedError(size=size)
    return start, size if stop is None else min(stop, size)
