"""Tokens: nobody gets in without one where one is needed, and nobody sees what belongs to others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from live_server import LiveServer, live_server
from weft.web.app import all_routes
from weft.web.routing import Media, Policy, Route
from weft.web.tokens import Tokens

UNKNOWN = {404, 409, 415, 422}
"""What callers may be told of what they may not see: never that it worked."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that asks for tokens."""
    with live_server(tmp_path_factory.mktemp("guarded"), require_token=True) as server:
        yield server


@pytest.fixture(scope="module")
def people(guarded: LiveServer) -> Any:
    """The same server as seen by nobody, two owners, a reader and the manager."""
    tokens = Tokens(guarded.folder / "data")

    def holding(secret: str | None) -> LiveServer:
        return replace(guarded, headers={"Authorization": f"Bearer {secret}"})

    return SimpleNamespace(
        nobody=guarded,
        stranger=holding("weft_" + "x" * 43),
        reader=holding(tokens.add("reader", "read").secret),
        ann=holding(tokens.add("ann", "submit").secret),
        bob=holding(tokens.add("bob", "submit").secret),
        manager=holding(guarded.token),
    )


@pytest.fixture(scope="module")
def anns_job(people: Any) -> str:
    """A job of Ann's that has ended."""
    people.manager.wait_until_ready()
    return str(people.ann.submit({"name": "draw", "inputs": {"fault": "ann's secret"}}, wait=100)["id"])


def test_the_first_token_is_made_where_one_is_needed(guarded: LiveServer) -> None:
    assert guarded.token is not None
    file = guarded.folder / "data" / "tokens.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert guarded.token not in file.read_text()


def test_no_token_is_made_where_none_is_needed(server: LiveServer) -> None:
    assert server.token is None
    assert server.call("GET", "/api/session").json == {"owner": "local", "scope": "manage"}


def test_a_wrong_token_is_refused_even_where_none_is_needed(server: LiveServer) -> None:
    answer = server.call("GET", "/api/jobs", headers={"Authorization": "Bearer nonsense"})

    assert (answer.status, answer.code) == (401, "token-refused")


@pytest.mark.parametrize("value", ["", "Bearer", "Basic YTpi", "bearer \xff", "Token x"])
def test_what_is_no_bearer_token_is_refused(people: Any, value: str) -> None:
    answer = people.nobody.call("GET", "/api/jobs", headers={"Authorization": value})

    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="weft"')


def test_scopes_reach_as_far_as_they_say(people: Any) -> None:
    job = {"name": "draw"}

    assert people.nobody.call("GET", "/healthz").status == 200
    assert people.nobody.call("GET", "/api/jobs").code == "token-missing"
    assert people.stranger.call("GET", "/api/jobs").code == "token-refused"
    assert people.stranger.call("GET", "/healthz").status == 200
    assert people.reader.call("GET", "/api/jobs").status == 200
    assert people.reader.call("POST", "/api/jobs", job).code == "scope-missing"
    assert people.ann.call("POST", "/api/queue/pause").code == "scope-missing"
    assert people.manager.call("POST", "/api/queue/resume").status == 200


def test_a_body_is_not_read_of_those_who_may_not_send_it(people: Any) -> None:
    answer = people.nobody.call("POST", "/api/jobs", data=b"{", headers={"Content-Type": "text/plain"})

    assert answer.status == 401


def test_jobs_of_others_are_unknown(people: Any, anns_job: str) -> None:
    path = f"/api/jobs/{anns_job}"
    ways = [
        ("GET", path), ("GET", f"{path}/document"), ("GET", f"{path}/preview"), ("GET", f"{path}/events"),
        ("POST", f"{path}/cancel"), ("POST", f"{path}/first"), ("POST", f"{path}/retry"),
        ("DELETE", path),
    ]  # fmt: skip

    assert {people.bob.call(*way).code for way in ways} == {"job-unknown"}
    assert people.bob.call("PUT", path, {"name": "draw"}).status == 409
    assert people.ann.call("GET", path).json["owner"] == "ann"
    assert people.manager.call("GET", path).status == 200


def test_lists_and_counts_hold_ones_own_alone(people: Any, anns_job: str) -> None:
    def ids(who: LiveServer) -> set[str]:
        return {job["id"] for job in who.call("GET", "/api/jobs?limit=200").json["jobs"]}

    assert anns_job in ids(people.ann)
    assert anns_job in ids(people.manager)
    assert anns_job not in ids(people.bob)
    assert sum(people.reader.call("GET", "/api/queue").json["counts"].values()) == 0


def test_the_same_id_and_key_of_two_owners_stand_for_two_jobs(people: Any, anns_job: str) -> None:
    key = {"Idempotency-Key": "shared"}
    made = [who.call("POST", "/api/jobs", {"name": "draw"}, headers=key) for who in (people.ann, people.bob)]

    assert [answer.status for answer in made] == [202, 202]
    assert made[0].json["id"] != made[1].json["id"]
    assert people.ann.call("PUT", "/api/jobs/shared", {"name": "draw"}).status in {200, 202}
    assert people.bob.call("PUT", "/api/jobs/shared", {"name": "draw"}).code == "job-exists"


def test_events_of_others_never_reach_a_stream(people: Any, anns_job: str) -> None:
    seen = people.bob.submit({"name": "draw", "inputs": {"prompt": "bob's"}}, wait=100)["id"]
    request = f"GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1:{people.bob.port}\r\n"
    token = f"Authorization: {people.bob.headers['Authorization']}\r\n\r\n"

    heard = _hear(people.bob, (request + token).encode(), until=b'"state":"succeeded"')

    assert seen.encode() in heard
    assert anns_job.encode() not in heard
    assert b"ann's secret" not in heard


def test_a_browser_trades_a_token_for_a_cookie_that_its_pages_cannot_read(people: Any) -> None:
    secret = people.ann.headers["Authorization"].removeprefix("Bearer ")

    begun = people.nobody.call("POST", "/api/session", {"token": secret})
    cookie = begun.headers["set-cookie"]
    holding = {"Cookie": cookie.partition(";")[0]}

    assert begun.status == 204
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert secret not in cookie
    assert people.nobody.call("GET", "/api/session", headers=holding).json == {
        "owner": "ann",
        "scope": "submit",
    }
    assert people.nobody.call("POST", "/api/session", {"token": "guessed"}).code == "token-refused"
    assert "weft_session=;" in people.nobody.call("DELETE", "/api/session").headers["set-cookie"].replace(
        '""', ""
    )


@pytest.mark.parametrize(
    "change", [("ann", "manager"), (r"\.\d+\.", ".9999999999."), (r".$", "_"), (r"^", "x")]
)
def test_a_cookie_that_was_changed_is_refused(people: Any, change: tuple[str, str]) -> None:
    secret = people.ann.headers["Authorization"].removeprefix("Bearer ")
    begun = people.nobody.call("POST", "/api/session", {"token": secret})
    value = begun.headers["set-cookie"].partition(";")[0].partition("=")[2]

    forged = {"Cookie": f"weft_session={re.sub(*change, value, count=1)}"}

    assert people.nobody.call("GET", "/api/session", headers=forged).status == 401


def test_a_token_that_is_removed_is_refused_at_once_and_its_sessions_too(people: Any) -> None:
    tokens = Tokens(people.nobody.folder / "data")
    made = tokens.add("brief", "manage")
    held = {"Authorization": f"Bearer {made.secret}"}
    begun = people.nobody.call("POST", "/api/session", {"token": made.secret})
    session = {"Cookie": begun.headers["set-cookie"].partition(";")[0]}
    before = [people.nobody.call("GET", "/api/jobs", headers=way).status for way in (held, session)]

    tokens.remove("brief")

    assert before == [200, 200]
    assert [people.nobody.call("GET", "/api/jobs", headers=way).status for way in (held, session)] == [
        401,
        401,
    ]


def test_every_route_of_the_server_declares_who_may_call_it() -> None:
    assert all(isinstance(route.policy, Policy) for route in all_routes())
    public = {f"{route.method} {route.path}" for route in all_routes() if route.policy is Policy.PUBLIC}
    assert public <= {
        "GET /", "GET /editor/{edition}/{path:.+}", "GET /healthz", "GET /readyz",
        "POST /api/session", "DELETE /api/session",
        "GET /api/docs", "GET /api/openapi.json", "GET /api/docs/style.css", "GET /api/docs.css",
    }  # fmt: skip


def test_no_route_can_be_called_by_those_it_is_not_for(people: Any, anns_job: str) -> None:
    """Every route, called by nobody, by a stranger, and with too small a scope."""
    let_in = []
    for route in all_routes():
        if route.policy is Policy.PUBLIC:
            continue
        order = list(Policy)
        kept_out = [people.nobody, people.stranger]
        kept_out += [people.reader] if order.index(route.policy) > order.index(Policy.READ) else []
        kept_out += [people.bob] if route.policy is Policy.MANAGE else []
        for who in kept_out:
            status = _call(who, route, anns_job).status
            let_in += [(route.method, route.path, status)] if status not in {401, 403} else []

    assert let_in == []


def test_no_route_shows_or_changes_what_belongs_to_another_owner(people: Any, anns_job: str) -> None:
    """Every route that names a thing, called by its owner's neighbour for a thing of the owner's."""
    for route in all_routes():
        if "{job_id}" in route.path or "{batch_id}" in route.path:
            assert _call(people.bob, route, anns_job).status in UNKNOWN, route.path
    assert people.ann.call("GET", f"/api/jobs/{anns_job}").json["state"] == "failed"


def _call(who: LiveServer, route: Route, job_id: str) -> Any:
    path = re.sub(r"\{job_id\}", job_id, route.path)
    path = re.sub(r"\{[a-z_]+\}", "a" * 64, path)
    if isinstance(route.body, Media):
        return who.call(route.method, path, data=b"x", headers={"Content-Type": "image/png"})
    body = None if route.body is None else dict(route.example or {})
    return who.call(route.method, path, body)


def _hear(server: LiveServer, request: bytes, *, until: bytes) -> bytes:
    import socket

    heard = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        while until not in heard:
            part = connection.recv(65536)
            assert part
            heard += part
    return heard


def test_secrets_stay_out_of_logs_and_answers(people: Any) -> None:
    secret = people.ann.headers["Authorization"].removeprefix("Bearer ")
    people.ann.call("GET", f"/api/jobs?name={secret}")
    people.nobody.call("POST", "/api/session", {"token": secret})

    log = (Path(people.nobody.folder) / "log").read_text()

    assert secret not in log
    assert secret not in json.dumps(people.manager.call("GET", "/metrics").body.decode())
