"""What is installed: node types, value types and their rules, choices, packs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from aiohttp import web

from weft.errors import JSON, Problem, ProblemsError
from weft.graph.converters import Converters
from weft.graph_errors import NodeTypeUnknownError
from weft.registry import Catalog
from weft.sockets import BOOL, FLOAT, INT, JSON_TYPE, STRING, Named, fits
from weft.web.catalog_wire import (
    RULES,
    ChoicesView,
    NodesQuery,
    NodesView,
    NodeView,
    PacksView,
    PackView,
    TypesView,
    node_view,
)
from weft.web.conditional import conditional
from weft.web.editor.pack_files import pack_modules
from weft.web.problems import ProblemEntry
from weft.web.routing import Call, Policy, Reply, route
from weft.web.services import Services
from weft.workers.catalog import StoredCatalog
from weft.workers.protocol import AskReload

TAG = "Catalogue"
WAIT_FOR_CATALOG_S = 30.0
"""At the very first start a worker has to import its packs before anything is known of them."""

RELOAD_S = 120.0
_JSON = "application/json"


async def catalog_of(services: Services) -> StoredCatalog:
    """Give the catalogue, at the very first start of all after a moment.

    Raises:
        WorkerUnavailableError: No worker has published one in time.
    """
    return await services.workers.wait_for_catalog(WAIT_FOR_CATALOG_S)


@route(
    "GET",
    "/api/nodes",
    policy=Policy.READ,
    tag=TAG,
    query=NodesQuery,
    answers={200: NodesView, 304: None},
    faults=(503,),
)
async def list_nodes(call: Call[None]) -> web.Response:
    """List the node types, with all that an editor needs to draw and fill them in.

    `values` is the JSON Schema of what can be entered. The whole list is the same until packs are reloaded or
    files come or go: keep it, and ask with `If-None-Match`.
    """
    catalog = await catalog_of(call.services)
    query = cast("NodesQuery", call.query)
    return conditional(call.request, nodes_body(catalog, query.area), _JSON)


@route(
    "GET",
    "/api/nodes/{type}",
    policy=Policy.READ,
    tag=TAG,
    answers={200: NodeView, 304: None},
    faults=(404, 503),
)
async def show_node(call: Call[None]) -> web.Response:
    """Describe one node type."""
    catalog = await catalog_of(call.services)
    name = call.request.match_info["type"]
    schema = catalog.schema(name)
    if schema is None:
        raise NodeTypeUnknownError(type=name, known=catalog.types())
    return conditional(call.request, _bytes(node_view(schema)), _JSON)


@route("GET", "/api/types", policy=Policy.READ, tag=TAG, answers={200: TypesView, 304: None}, faults=(503,))
async def list_types(call: Call[None]) -> web.Response:
    """List the value types, and the rules by which an output may feed an input.

    A type is written `int`, `image`, `list[image]`, `image | null` or `$T`. The first rule that allows a link
    gives its verdict; wrapping and mapping happen once per link, never twice. Where none does, `converters`
    names node types to put in between.
    """
    catalog = await catalog_of(call.services)
    return conditional(call.request, await asyncio.to_thread(types_body, catalog), _JSON)


@route(
    "GET",
    "/api/choices/{provider}",
    policy=Policy.READ,
    tag=TAG,
    answers={200: ChoicesView},
    faults=(404, 503),
)
async def show_choices(call: Call[None]) -> Reply:
    """List the words that an input with a `choice` widget takes."""
    catalog = await catalog_of(call.services)
    provider = call.request.match_info["provider"]
    return Reply(ChoicesView(provider=provider, choices=catalog.choices(provider)))


@route("GET", "/api/packs", policy=Policy.READ, tag=TAG, answers={200: PacksView}, faults=(503,))
async def list_packs(call: Call[None]) -> Reply:
    """List the packs of nodes, and say of each that is not loaded why.

    A broken pack hurts nobody but itself. Its traceback is shown to callers with the scope `manage`.
    """
    catalog = await catalog_of(call.services)
    return Reply(PacksView(packs=tuple(_packs(catalog.packs, is_traced=call.caller.sees_all))))


@route("POST", "/api/packs/reload", policy=Policy.MANAGE, tag=TAG, answers={200: PacksView}, faults=(503,))
async def reload_packs(call: Call[None]) -> Reply:
    """Load the packs that were edited again, in every worker.

    Jobs that run keep the code they began with. A pack that fails now keeps its last good version. Nothing is
    installed: packs are what lies in the folders of the server.
    """
    answer = await call.services.workers.ask(AskReload(), timeout_s=RELOAD_S)
    if answer.problems:
        raise ProblemsError([_problem(entry) for entry in answer.problems])
    reports = cast("list[dict[str, JSON]]", answer.result)
    return Reply(PacksView(packs=tuple(_packs(reports, is_traced=True))))


@lru_cache(maxsize=64)
def nodes_body(catalog: StoredCatalog, area: str | None) -> bytes:
    """Write the node types of a catalogue, which never changes, as JSON.

    Args:
        catalog: The catalogue.
        area: Only the node types of this area; None for all.
    """
    schemas = [schema for schema in catalog.schemas() if area in (None, schema.category)]
    return _bytes({"nodes": [node_view(schema) for schema in schemas]})


@lru_cache(maxsize=2)
def types_body(catalog: StoredCatalog) -> bytes:
    """Write the value types of a catalogue, the rules and the converters as JSON."""
    types = sorted(catalog.value_types, key=lambda entry: str(entry["name"]))
    return _bytes(
        {
            "types": [dict(entry) for entry in types],
            "rules": [rule.model_dump() for rule in RULES],
            "converters": list(_converters(catalog, [str(entry["name"]) for entry in types])),
        }
    )


def _converters(catalog: Catalog, names: list[str]) -> Iterator[dict[str, JSON]]:
    known = Converters(catalog)
    types = [INT, FLOAT, BOOL, STRING, JSON_TYPE, *map(Named, names)]
    for source in types:
        for target in types:
            if not fits(source, target, catalog.supertypes).ok:
                found = known.between(source, target)
                if found:
                    yield {"source": str(source), "target": str(target), "nodes": list(found.split(" or "))}


def _packs(reports: object, *, is_traced: bool) -> Iterator[PackView]:
    for report in cast("list[dict[str, JSON]]", reports):
        error = report["error"]
        yield PackView.model_validate(
            {
                **report,
                "error": None if error is None else ProblemEntry.model_validate(error),
                "traceback": report["traceback"] if is_traced else "",
                "nodes": tuple(cast("list[str]", report["nodes"])),
                "web": pack_modules(str(report["name"]), str(report["path"])),
            }
        )


def _problem(entry: object) -> Problem:
    return Problem(**ProblemEntry.model_validate(entry).model_dump())


def _bytes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
