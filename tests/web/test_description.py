"""The server keeps what its own description promises, whatever is sent to it.

What sends it is imported when it is used, since that takes a while in each process that collects tests.
"""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies
from live_server import PATIENCE_S, LiveServer
from poster_server import poster_server
from stock_server import NOWHERE
from weft.web.app import all_routes
from weft.web.description.openapi import plain_path
from weft.web.routing import Route

EXAMPLES = 4
LONG_EXAMPLES = 400
"""Requests per operation."""

LONGEST_WAIT_S = 1.0
"""Nobody has to wait here for what may take minutes."""

ENDLESS = {"/api/events"}
"""A stream of everything that happens has no end to be looked at."""

FUZZED = [route for route in all_routes() if route.is_documented and route.path not in ENDLESS]
SLOW = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much]


@pytest.fixture(scope="module")
def fuzzed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own, since what is sent to it cancels, deletes and pauses at random."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", NOWHERE)
        with poster_server(tmp_path_factory.mktemp("fuzzed")) as server:
            yield server


@pytest.fixture(scope="module")
def description(fuzzed_server: LiveServer) -> Any:
    """The description as schemathesis reads it."""
    import schemathesis

    return schemathesis.openapi.from_url(f"{fuzzed_server.url}/api/openapi.json")


@pytest.fixture(scope="module")
def known(fuzzed_server: LiveServer) -> dict[str, str]:
    """Parts of addresses at which something lies; at made-up ones there is hardly ever anything."""
    run = fuzzed_server.call("POST", "/api/workflows/poster/run?wait=100", {}).json
    batch = fuzzed_server.call("POST", "/api/batches", {"name": "poster", "vary": {"seed": [1, 2]}}).json
    digest = run["outputs"][0]["asset"]["digest"]
    return {
        "job_id": run["id"],
        "batch_id": batch["id"],
        "digest": digest,
        "name": "poster",
        "model": "poster",
    }


def checks() -> list[Any]:
    """What is looked for in every answer."""
    from schemathesis import checks
    from schemathesis.specs.openapi.checks import allow_header_conformance

    return [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
        checks.unsupported_method,
        allow_header_conformance,
    ]


def hold(operation: Any, server: LiveServer, known: dict[str, str], examples: int = EXAMPLES) -> None:
    """Send an operation what its description allows and what it does not; every answer must be described."""
    from schemathesis.generation import GenerationMode

    cases = operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @hypothesis.settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=SLOW)
    @hypothesis.given(case=cases, is_known=strategies.booleans())
    def answered(case: Any, is_known: bool) -> None:
        if is_known and case.path_parameters:
            case.path_parameters.update({key: known[key] for key in case.path_parameters if key in known})
        wait = (case.query or {}).get("wait")
        if isinstance(wait, int | float) and wait > LONGEST_WAIT_S:
            case.query["wait"] = LONGEST_WAIT_S
        answer = case.call(timeout=PATIENCE_S)
        if case.operation.path == "/api/queue/pause":
            server.call("POST", "/api/queue/resume")
        case.validate_response(answer, checks=checks())

    answered()


@pytest.mark.parametrize("route", FUZZED, ids=lambda route: f"{route.method} {route.path}")
def test_every_answer_is_one_that_the_description_allows(
    route: Route, description: Any, fuzzed_server: LiveServer, known: dict[str, str]
) -> None:
    hold(description[plain_path(route.path)][route.method], fuzzed_server, known)


@pytest.mark.parametrize("name", ["poster", "one-size", "touch-up"])
def test_the_operation_of_a_saved_workflow_answers_as_it_is_described(
    name: str, description: Any, fuzzed_server: LiveServer, known: dict[str, str]
) -> None:
    hold(description[f"/api/workflows/{name}/run"]["POST"], fuzzed_server, known)


def test_every_event_of_a_stream_is_one_that_the_description_allows(
    description: Any, fuzzed_server: LiveServer
) -> None:
    job = fuzzed_server.call("POST", "/api/workflows/poster/run?wait=100", {}).json
    case = description["/api/jobs/{job_id}/events"]["GET"].Case(path_parameters={"job_id": job["id"]})
    answer = case.call(timeout=PATIENCE_S)

    assert "event: nodes" in answer.text
    case.validate_response(answer, checks=checks())


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("route", FUZZED, ids=lambda route: f"{route.method} {route.path}")
def test_however_much_is_sent_every_answer_is_described(
    route: Route, description: Any, fuzzed_server: LiveServer, known: dict[str, str]
) -> None:
    hold(description[plain_path(route.path)][route.method], fuzzed_server, known, LONG_EXAMPLES)
