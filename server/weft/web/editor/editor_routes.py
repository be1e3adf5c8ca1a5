"""The editor: its page, and the files that the page loads.

Both are public: they show nothing of anyone's work. The page itself asks for a token where the API needs one.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from weft.web.app_keys import EDITOR
from weft.web.catalog_routes import catalog_of
from weft.web.conditional import conditional
from weft.web.editor.pack_files import find_pack_file
from weft.web.editor.page import POLICY_HEADER
from weft.web.faults import RouteUnknownError
from weft.web.routing import Call, Media, Policy, route

TAG = "Operations"

_HTML = Media(("text/html",), "A page.")
_FILE = Media(("*/*",), "A file of the editor.")


@route("GET", "/", policy=Policy.PUBLIC, tag=TAG, answers={200: _HTML, 304: None}, is_documented=False)
async def show_editor(call: Call[None]) -> web.Response:
    """Show the editor."""
    page = (await asyncio.to_thread(call.request.app[EDITOR].edition)).page
    answer = conditional(call.request, page.body, "text/html")
    answer.headers[POLICY_HEADER] = page.policy
    return answer


@route(
    "GET",
    r"/editor/{edition}/{path:.+}",
    policy=Policy.PUBLIC,
    tag=TAG,
    answers={200: _FILE},
    faults=(404,),
    is_documented=False,
)
async def show_file(call: Call[None]) -> web.Response:
    """Give a file of the editor, which never changes: what does lies at another address."""
    request = call.request
    edition, path = request.match_info["edition"], request.match_info["path"]
    part = await asyncio.to_thread(request.app[EDITOR].part, edition, path)
    if part is None:
        raise RouteUnknownError(path=request.rel_url.raw_path[:200])
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    body = part.body
    if part.is_gzipped:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = part.plain
    charset = "utf-8" if part.media_type.startswith("text/") else None
    return web.Response(body=body, content_type=part.media_type, charset=charset, headers=headers)


@route(
    "GET",
    r"/api/packs/{pack}/web/{path:.+}",
    policy=Policy.READ,
    tag=TAG,
    answers={200: _FILE, 304: None},
    faults=(404, 503),
    is_documented=False,
)
async def show_pack_file(call: Call[None]) -> web.Response:
    """Give a file that a pack adds to the editor; packs are edited, so a browser asks about it each time."""
    request = call.request
    catalog = await catalog_of(call.services)
    name, file = request.match_info["pack"], request.match_info["path"]
    path = next((str(report["path"]) for report in catalog.packs if report["name"] == name), "")
    found = await asyncio.to_thread(find_pack_file, path, file)
    if found is None:
        raise RouteUnknownError(path=request.rel_url.raw_path[:200])
    return conditional(request, await asyncio.to_thread(found[0].read_bytes), found[1])
