"""All routes together: each of them in the application, described, and alone at its place."""

from collections import Counter
from pathlib import Path

import weft.web
from weft.web.app import ROUTE_MODULES, all_routes


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
