"""All routes together: each of them in the application, described, and alone at its place."""

from collections import Counter
from pathlib import Path

import weft.web
from weft.web.app import ROUTE_MODULES, all_routes

SURFACE = {
    "public": """
        GET /
        GET /api/docs
        GET /api/docs.css
        GET /api/openapi.json
        DELETE /api/session
        POST /api/session
        GET /editor/{edition}/{path:.+}
        GET /healthz
        GET /readyz
    """,
    "read": """
        GET /api/assets
        GET /api/assets/{digest}
        GET /api/assets/{digest}/thumbnail
        GET /api/assets/{digest}/workflow
        GET /api/batches/{batch_id}
        GET /api/choices/{provider}
        GET /api/events
        GET /api/jobs
        GET /api/jobs/{job_id}
        GET /api/jobs/{job_id}/document
        GET /api/jobs/{job_id}/events
        GET /api/jobs/{job_id}/preview
        GET /api/models
        GET /api/models/pictures/{picture_id}
        GET /api/nodes
        GET /api/nodes/{type}
        GET /api/packs
        GET /api/packs/{pack}/web/{path:.+}
        GET /api/queue
        GET /api/session
        GET /api/types
        GET /api/workflows
        GET /api/workflows/{name}
        GET /api/workflows/{name}/revisions
        GET /api/workflows/{name}/revisions/{revision}
        GET /metrics
        GET /v1/models
        GET /v1/models/{model}
    """,
    "submit": """
        POST /api/assets
        DELETE /api/assets/{digest}
        POST /api/batches
        POST /api/batches/{batch_id}/cancel
        POST /api/check
        POST /api/convert
        POST /api/jobs
        DELETE /api/jobs/{job_id}
        PUT /api/jobs/{job_id}
        POST /api/jobs/{job_id}/cancel
        POST /api/jobs/{job_id}/first
        POST /api/jobs/{job_id}/retry
        POST /api/plan
        DELETE /api/workflows/{name}
        PUT /api/workflows/{name}
        POST /api/workflows/{name}/run
        POST /v1/images/edits
        POST /v1/images/generations
    """,
    "manage": """
        POST /api/models/pull
        GET /api/models/pulls
        DELETE /api/models/pulls/{pull_id}
        GET /api/models/pulls/{pull_id}
        POST /api/packs/reload
        POST /api/queue/pause
        POST /api/queue/resume
    """,
}
"""All that the network reaches, by who may call it. Nothing here brings code or installs anything: what is
added to this list is added on purpose."""


def test_every_module_of_routes_is_part_of_the_application() -> None:
    folder = Path(weft.web.__file__).parent
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*_routes.py")]
    modules = {".".join(("weft.web", *path.parts)) for path in paths}

    assert modules == set(ROUTE_MODULES)


def test_no_two_routes_have_one_place_or_one_name() -> None:
    routes = all_routes()

    assert [p for p, n in Counter((r.method, r.path) for r in routes).items() if n > 1] == []
    assert [name for name, n in Counter(route.name for route in routes).items() if n > 1] == []


def test_every_route_says_what_it_does() -> None:
    assert [route.name for route in all_routes() if not (route.handler.__doc__ or "").strip()] == []


def test_what_only_reads_is_declared_as_reading() -> None:
    """Whoever may only read can change nothing, since no route for them takes a changing method."""
    changing = [r for r in all_routes() if r.method != "GET" and r.policy.value == "read"]

    assert [f"{route.method} {route.path}" for route in changing] == []


def test_the_network_reaches_these_operations_and_no_others() -> None:
    written = {f"{line.strip()} {policy}" for policy, lines in SURFACE.items() for line in lines.split("\n")}
    reached = {f"{route.method} {route.path} {route.policy.value}" for route in all_routes()}

    assert reached == {entry for entry in written if entry[0] != " "}
