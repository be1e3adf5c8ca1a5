"""Answers that a client keeps and only asks about again."""

from __future__ import annotations

import hashlib

from aiohttp import ETag, web

NOT_MODIFIED = 304


def conditional(request: web.Request, body: bytes, content_type: str) -> web.Response:
    """Answer with a body, or with 304 where the client has it already.

    Args:
        request: The request, whose `If-None-Match` says what the client has.
        body: The whole body.
        content_type: Its media type.

    Returns:
        An answer with an `ETag`; it may be kept, but must be asked about before it is used again.
    """
    tag = hashlib.sha256(body).hexdigest()[:32]
    known = request.if_none_match or ()
    # A tag of aiohttp for `*` has that as its value.
    is_known = any(entry.value in (tag, "*") for entry in known)
    answer = web.Response(status=NOT_MODIFIED) if is_known else web.Response(body=body)
    if not is_known:
        answer.content_type = content_type
        answer.charset = "utf-8" if content_type.startswith("text/") else None
    answer.etag = ETag(value=tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
