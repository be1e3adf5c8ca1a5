"""The web application: every route of every module in one frame."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from weft.web.access import Access
from weft.web.app_keys import ACCESS, CLOSING, EDITOR, METRICS, ROUTES
from weft.web.editor.edition import Editor, shipped_editor
from weft.web.frame import AiohttpHandler, Frame, add_headers, endpoint, is_page
from weft.web.images.images_errors import speak_dialect
from weft.web.metrics import Metrics
from weft.web.routing import Route, routes_of
from weft.web.security import Guard

if TYPE_CHECKING:
    from weft.web.services import Services

ROUTE_MODULES = (
    "weft.web.job_routes",
    "weft.web.batch_routes",
    "weft.web.queue_routes",
    "weft.web.event_routes",
    "weft.web.files.workflow_routes",
    "weft.web.files.convert_routes",
    "weft.web.function_routes",
    "weft.web.files.asset_routes",
    "weft.web.files.model_routes",
    "weft.web.check_routes",
    "weft.web.catalog_routes",
    "weft.web.images.images_routes",
    "weft.web.operations_routes",
    "weft.web.session_routes",
    "weft.web.description.docs_routes",
    "weft.web.editor.editor_routes",
)
"""The modules that declare routes, in the order of the documentation."""


def all_routes() -> tuple[Route, ...]:
    """List the routes of all modules."""
    return tuple(route for name in ROUTE_MODULES for route in routes_of(importlib.import_module(name)))


def create_app(services: Services, routes: Sequence[Route] | None = None) -> web.Application:
    """Build the application.

    Args:
        services: The parts of the server that handlers work with; nothing is started.
        routes: The routes; by default those of all modules.

    Returns:
        An application whose every answer, refusals included, has passed the frame.
    """
    declared = tuple(routes) if routes is not None else all_routes()
    access, metrics = Access.of(services.settings), Metrics()
    pages = frozenset(route.path for route in declared if is_page(route))
    closing = asyncio.Event()
    frame = Frame(Guard.of(services.settings), metrics, pages, closing)

    @web.middleware
    async def around(request: web.Request, handler: AiohttpHandler) -> web.StreamResponse:
        return await frame.around(request, handler)

    # Handlers that read their body themselves count its bytes; this is what aiohttp allows where they do not.
    largest = max(services.settings.max_body_bytes, services.settings.max_upload_bytes)
    app = web.Application(middlewares=[speak_dialect, around], client_max_size=largest)
    app[ROUTES], app[ACCESS], app[METRICS], app[CLOSING] = declared, access, metrics, closing
    app[EDITOR] = Editor(shipped_editor())
    app.on_response_prepare.append(add_headers)
    for route in declared:
        handler = endpoint(route, services, access)
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, handler)
    return app
