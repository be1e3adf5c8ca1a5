"""The description of the API for programs, and the page of it for people."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata

from aiohttp import web

from weft.errors import JSON, WeftError
from weft.graph.document import Document
from weft.graph.workflows import WorkflowSource
from weft.graph_errors import WorkflowUnknownError
from weft.registry import Catalog
from weft.values import canonical_json
from weft.web.app_keys import ROUTES
from weft.web.conditional import conditional
from weft.web.description.function_schema import read_functions
from weft.web.description.openapi import Functions, describe
from weft.web.description.overview import PAGES
from weft.web.routing import Call, Media, Policy, Route, route

TAG = "Operations"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The saved workflows as they are at one moment; equal where they are the same.

    Attributes:
        digest: Digest of their names and contents.
        documents: The workflows by name; those that are malformed are missing.
    """

    digest: str
    documents: Mapping[str, Document] = field(compare=False)

    @classmethod
    def of(cls, source: WorkflowSource) -> Snapshot:
        """Read all saved workflows."""
        documents: dict[str, Document] = {}
        for name in source.names():
            try:
                documents[name] = source.load(name)
            except WeftError:
                # What is malformed has no operation; the list of workflows says what is wrong with it.
                continue
        content: dict[str, JSON] = {name: found.to_json() for name, found in documents.items()}
        return cls(hashlib.sha256(canonical_json(content).encode()).hexdigest(), documents)

    def names(self) -> tuple[str, ...]:
        """List the names, sorted."""
        return tuple(sorted(self.documents))

    def load(self, name: str) -> Document:
        """Give one workflow.

        Raises:
            WorkflowUnknownError: There is none of that name.
        """
        if name not in self.documents:
            raise WorkflowUnknownError(name=name, known=self.documents)
        return self.documents[name]


@route(
    "GET",
    "/api/openapi.json",
    policy=Policy.PUBLIC,
    tag=TAG,
    answers={200: Media(("application/json",), "An OpenAPI 3.1 document."), 304: None},
)
async def show_description(call: Call[None]) -> web.Response:
    """Give the OpenAPI 3.1 description of this API.

    Besides the operations of every weft it has one for each workflow that is saved here, typed by the
    workflow's own inputs; callers who may not see workflows get it without those.
    """
    return conditional(call.request, await description_body(call), "application/json")


@route(
    "GET",
    "/api/docs",
    policy=Policy.PUBLIC,
    tag=TAG,
    answers={200: Media(("text/html",), "A page."), 304: None},
    is_documented=False,
)
async def show_docs(call: Call[None]) -> web.Response:
    """Show how the API is used."""
    address = f"{call.request.scheme}://{call.request.host}"
    page = await asyncio.to_thread(_page, await description_body(call), address)
    return conditional(call.request, page, "text/html")


@route(
    "GET",
    "/api/docs.css",
    policy=Policy.PUBLIC,
    tag=TAG,
    answers={200: Media(("text/css",), "The style of the page."), 304: None},
    is_documented=False,
)
async def show_style(call: Call[None]) -> web.Response:
    """Give the style of the page."""
    return conditional(call.request, _style(), "text/css")


async def description_body(call: Call[None]) -> bytes:
    """Write the description that the caller may see, as JSON.

    It is made anew when the catalogue or a saved workflow has changed. Before there is a catalogue, it has no
    operations of saved workflows.
    """
    catalog = call.services.workers.catalog
    is_reader = call.caller.may(Policy.READ)
    routes = call.request.app[ROUTES]
    if catalog is None or not is_reader:
        return _description(routes, None, None)
    snapshot = await asyncio.to_thread(Snapshot.of, call.services.workflows.of(call.caller.owner))
    return await asyncio.to_thread(_description, routes, catalog, snapshot)


@lru_cache(maxsize=2)
def _description(routes: tuple[Route, ...], catalog: Catalog | None, snapshot: Snapshot | None) -> bytes:
    functions = None
    if catalog is not None and snapshot is not None:
        functions = Functions(read_functions(snapshot, catalog), catalog)
    found = describe(routes, version=metadata.version("weft"), functions=functions)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(maxsize=1)
def _page(description: bytes, address: str) -> bytes:
    # In a process of its own: templates and Markdown would stay in the memory of the server.
    command = [sys.executable, "-P", "-m", "weft.web.description.docs_page", address]
    ended = subprocess.run(command, input=description, stdout=subprocess.PIPE, check=True)  # noqa: S603 — no shell reads it
    return ended.stdout


@lru_cache(maxsize=1)
def _style() -> bytes:
    return (PAGES / "docs.css").read_bytes()
