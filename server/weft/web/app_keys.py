"""What handlers find in the application beside the services."""

from __future__ import annotations

import asyncio

from aiohttp import web

from weft.web.access import Access
from weft.web.editor.edition import Editor
from weft.web.metrics import Metrics
from weft.web.routing import Route

ROUTES: web.AppKey[tuple[Route, ...]] = web.AppKey("routes", tuple)
ACCESS: web.AppKey[Access] = web.AppKey("access", Access)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
EDITOR: web.AppKey[Editor] = web.AppKey("editor", Editor)
CLOSING: web.AppKey[asyncio.Event] = web.AppKey("closing", asyncio.Event)
