"""The description says of every route what the route declares, and of every saved workflow what it takes."""

import re
from functools import cache
from typing import Any

import pytest
from server.graph.toys import Shelf, catalog, entry, tree
from weft.web.app import all_routes
from weft.web.description.function_schema import read_functions
from weft.web.description.openapi import Functions, describe, fault_statuses, plain_path
from weft.web.description.overview import HEADERS, PATH_PARAMETERS, TAGS
from weft.web.routing import Policy, Route

DOCUMENTED = [route for route in all_routes() if route.is_documented]
every_route = pytest.mark.parametrize("route", DOCUMENTED, ids=lambda route: f"{route.method} {route.path}")

SUM = tree({"add": entry("toy.add", a=1)}, inputs={"a": "add.a", "b": "add.b"}, outputs={"sum": "add.value"})


@cache
def description() -> dict[str, Any]:
    functions = Functions(read_functions(Shelf(**{"my sum": SUM}), catalog()), catalog())
    return describe(all_routes(), version="1.2.3", functions=functions)


def operation(route: Route) -> dict[str, Any]:
    found = description()["paths"][plain_path(route.path)][route.method.lower()]
    assert isinstance(found, dict)
    return found


def references(part: object) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(references, part)) if part else set()
    if not isinstance(part, dict):
        return set()
    found = set().union(*map(references, part.values())) if part else set()
    return found | ({part["$ref"]} if isinstance(part.get("$ref"), str) else set())


@every_route
def test_every_operation_says_what_it_does(route: Route) -> None:
    found = operation(route)

    assert found["operationId"] == route.name
    assert found["summary"]
    assert not found["summary"].endswith(".")
    assert route.tag in TAGS


@every_route
def test_every_answer_and_every_refusal_is_described(route: Route) -> None:
    statuses = {int(status) for status in operation(route)["responses"]}

    assert statuses == {*route.answers, *route.faults, *fault_statuses(route)}


@every_route
def test_every_part_of_the_address_is_described(route: Route) -> None:
    parameters = [entry for entry in operation(route).get("parameters", []) if entry["in"] == "path"]

    assert [entry["name"] for entry in parameters] == re.findall(r"\{(\w+)\}", plain_path(route.path))
    assert all(PATH_PARAMETERS[entry["name"]].description == entry["description"] for entry in parameters)


@every_route
def test_every_query_parameter_and_header_is_explained(route: Route) -> None:
    parameters = [entry for entry in operation(route).get("parameters", []) if entry["in"] != "path"]

    assert [entry["name"] for entry in parameters if not entry["description"]] == []
    assert {entry["name"] for entry in parameters if entry["in"] == "header"} <= HEADERS.keys()


@every_route
def test_a_token_is_asked_for_where_the_policy_does(route: Route) -> None:
    needs_token = {"token": []} in operation(route)["security"]

    assert needs_token is (route.policy is not Policy.PUBLIC)


@every_route
def test_refusals_have_the_shape_of_their_dialect(route: Route) -> None:
    for status, response in operation(route)["responses"].items():
        if int(status) >= 400 and int(status) not in route.answers:
            media = "application/json" if route.path.startswith("/v1/") else "application/problem+json"
            assert list(response["content"]) == [media]


@every_route
def test_a_body_of_json_has_an_example_that_is_tried(route: Route) -> None:
    body = operation(route).get("requestBody")
    if body is None or "application/json" not in body["content"] or route.path == "/api/session":
        return

    assert body["content"]["application/json"]["example"] == route.example


def test_every_reference_leads_to_a_schema() -> None:
    schemas = description()["components"]["schemas"]

    assert {name for name in references(description()) if name.rpartition("/")[2] not in schemas} == set()


def test_no_schema_is_kept_that_nothing_refers_to() -> None:
    used = {name.rpartition("/")[2] for name in references(description())}

    assert set(description()["components"]["schemas"]) - used == set()


def test_every_field_of_every_schema_is_explained() -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in description()["components"]["schemas"].items()
        for field, part in schema.get("properties", {}).items()
        if not part.get("description")
    ]

    assert silent == []


def test_names_of_schemas_are_those_of_their_models() -> None:
    assert [
        name for name in description()["components"]["schemas"] if not name.isidentifier() or "__" in name
    ] == []


def test_no_operation_has_the_id_of_another() -> None:
    ids = [entry["operationId"] for item in description()["paths"].values() for entry in item.values()]

    assert len(ids) == len(set(ids))


def test_a_saved_workflow_is_an_operation_with_its_own_inputs() -> None:
    found = description()["paths"]["/api/workflows/my%20sum/run"]["post"]

    schema = found["requestBody"]["content"]["application/json"]["schema"]
    assert found["tags"] == ["Saved workflows"]
    assert list(schema["properties"]) == ["a", "b"]
    assert schema["properties"]["b"] == {"type": "integer", "default": 1}
    assert "`sum` (int)" in found["description"]
    assert [entry["name"] for entry in found["parameters"] if entry["in"] == "path"] == []


def test_a_workflow_that_can_be_called_without_inputs_has_an_example_and_no_other_one() -> None:
    needy = tree({"add": entry("toy.add")}, inputs={"a": "add.a"}, outputs={"sum": "add.value"})
    functions = Functions(read_functions(Shelf(needy=needy, ready=SUM), catalog()), catalog())

    paths: Any = describe(all_routes(), version="1.2.3", functions=functions)["paths"]

    bodies = [paths[f"/api/workflows/{name}/run"]["post"]["requestBody"] for name in ("ready", "needy")]
    ready, needed = (body["content"]["application/json"] for body in bodies)
    assert ready["example"] == {"a": 1, "b": 1}
    assert (needed["schema"]["required"], "example" in needed) == (["a"], False)


def test_saved_workflows_are_left_out_where_they_are_not_to_be_seen() -> None:
    paths = describe(all_routes(), version="1.2.3")["paths"]

    assert isinstance(paths, dict)
    assert "/api/workflows/{name}/run" in paths
    assert "/api/workflows/my%20sum/run" not in paths


def test_an_answer_that_can_be_kept_says_so() -> None:
    found = description()["paths"]["/api/nodes"]["get"]

    assert "ETag" in found["responses"]["200"]["headers"]
    assert "If-None-Match" in [entry["name"] for entry in found["parameters"]]


def test_what_was_made_has_an_address_and_what_is_too_much_a_time() -> None:
    found = description()["paths"]["/api/jobs"]["post"]["responses"]

    assert "Location" in found["202"]["headers"]
    assert "Retry-After" in found["429"]["headers"]


def test_paths_lose_their_patterns_only() -> None:
    assert plain_path("/api/assets/{digest:[0-9a-f]{64}}/thumbnail") == "/api/assets/{digest}/thumbnail"
