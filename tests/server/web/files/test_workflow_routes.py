"""Workflows are saved with their revisions, also unfinished ones, and over what was read alone."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from live_server import DRAW, LiveServer, live_server
from server.jobs.hub.test_hub import TRAVERSALS
from weft.web.tokens import Tokens

NUMBERS = count()

UNFINISHED: dict[str, Any] = {
    "weft": 1,
    "title": "Not finished",
    "inputs": {"prompt": {"to": ["draw.text"]}},
    "nodes": {
        "draw": {"type": "toys:picture.draw", "inputs": {"steps": 99_999}},
        "lost": {"type": "toys:picture.lost", "inputs": {}},
    },
}


@pytest.fixture
def url() -> str:
    """The address of a workflow that nobody has saved yet."""
    return f"/api/workflows/mine%20{next(NUMBERS)}"


def titled(title: str) -> dict[str, Any]:
    return {**DRAW, "title": title}


def test_a_workflow_is_saved_and_fetched_as_it_was(ready_server: LiveServer, url: str) -> None:
    saved = ready_server.call("PUT", url, DRAW)
    fetched = ready_server.call("GET", url)

    assert (saved.status, saved.headers["etag"], saved.headers["location"]) == (201, '"1"', url)
    assert (saved.json["revision"], saved.json["problems"]) == (1, [])
    assert {item["name"] for item in saved.json["signature"]["inputs"]} == set(DRAW["inputs"])
    assert fetched.headers["etag"] == '"1"'
    assert fetched.json["inputs"] == DRAW["inputs"]
    assert {name: node["type"] for name, node in fetched.json["nodes"].items()} == {
        name: node["type"] for name, node in DRAW["nodes"].items()
    }


def test_what_was_fetched_can_be_saved_again_and_is_the_same(server: LiveServer, url: str) -> None:
    server.call("PUT", url, DRAW)

    again = server.call(
        "PUT", url, data=server.call("GET", url).body, headers={"Content-Type": "application/json"}
    )

    assert (again.status, again.json["revision"]) == (200, 1)


def test_an_unfinished_workflow_is_saved_with_its_problems(ready_server: LiveServer, url: str) -> None:
    saved = ready_server.call("PUT", url, UNFINISHED)

    assert saved.status == 201
    assert {problem["code"] for problem in saved.json["problems"]} >= {"node-type-unknown", "input-invalid"}
    assert ready_server.call("GET", url).json["title"] == "Not finished"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"weft": 99},
        {"weft": "1"},
        {"weft": 1, "nodes": []},
        {"weft": 1, "unknown": 1},
        {"weft": 1, "nodes": {"a.b": {"type": "x"}}},
        {"weft": 1, "nodes": {"a": {"type": "x", "inputs": {"y": {"from": "nowhere"}}}}},
    ],
)
def test_what_is_no_workflow_is_refused(server: LiveServer, url: str, document: dict[str, Any]) -> None:
    answer = server.call("PUT", url, document)

    assert answer.status == 422
    assert answer.json["problems"]
    assert server.call("GET", url).status == 404


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"1", b'{"weft": 1, "weft": 1}', b'{"weft": NaN}', b"\xff"]
)
def test_what_is_no_json_object_is_refused(server: LiveServer, url: str, data: bytes) -> None:
    answer = server.call("PUT", url, data=data, headers={"Content-Type": "application/json"})

    assert answer.status in {400, 422}


def test_a_change_is_saved_over_what_was_read_alone(server: LiveServer, url: str) -> None:
    first = server.call("PUT", url, titled("one"), headers={"If-None-Match": "*"})
    second = server.call("PUT", url, titled("two"), headers={"If-Match": first.headers["etag"]})
    late = server.call("PUT", url, titled("three"), headers={"If-Match": first.headers["etag"]})
    twice = server.call("PUT", url, titled("four"), headers={"If-None-Match": "*"})

    assert [first.status, second.status, late.status, twice.status] == [201, 200, 412, 412]
    assert late.code == twice.code == "precondition-failed"
    assert server.call("GET", url).json["title"] == "two"


def test_nothing_is_saved_over_what_is_not_there(server: LiveServer, url: str) -> None:
    for tag in ("*", '"1"', '"nonsense"', 'W/"1"'):
        assert server.call("PUT", url, DRAW, headers={"If-Match": tag}).status == 412

    assert server.call("GET", url).status == 404


def test_of_many_who_save_at_once_one_wins(server: LiveServer, url: str) -> None:
    server.call("PUT", url, titled("start"))

    def save(number: int) -> int:
        return server.call("PUT", url, titled(f"{number}"), headers={"If-Match": '"1"'}).status

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(save, range(24)))

    assert sorted(statuses) == [200, *[412] * 23]
    assert [entry["revision"] for entry in server.call("GET", f"{url}/revisions").json["revisions"]] == [2, 1]


def test_revisions_are_listed_fetched_and_restored(server: LiveServer, url: str) -> None:
    for title in ("one", "two"):
        server.call("PUT", url, titled(title))

    revisions = server.call("GET", f"{url}/revisions").json["revisions"]
    old = server.call("GET", revisions[-1]["url"])
    restored = server.call("PUT", url, old.json)

    assert [entry["revision"] for entry in revisions] == [2, 1]
    assert (old.json["title"], old.headers["etag"]) == ("one", '"1"')
    assert restored.json["revision"] == 3
    assert server.call("GET", url).json["title"] == "one"


@pytest.mark.parametrize("number", ["0", "-1", "2", "999999999", "9999999999999", "x", "1.0", "..", "1%20"])
def test_a_revision_that_does_not_exist_is_not_found(server: LiveServer, url: str, number: str) -> None:
    server.call("PUT", url, DRAW)

    assert server.call("GET", f"{url}/revisions/{number}").status == 404


def test_a_deleted_workflow_is_gone_but_its_revisions_stay(server: LiveServer, url: str) -> None:
    server.call("PUT", url, titled("one"))

    assert server.call("DELETE", url, headers={"If-Match": '"9"'}).status == 412
    assert server.call("DELETE", url, headers={"If-Match": '"1"'}).status == 204
    assert server.call("GET", url).code == "workflow-unknown"
    assert server.call("DELETE", url).code == "workflow-unknown"
    revisions = server.call("GET", f"{url}/revisions").json["revisions"]
    assert [(entry["revision"], entry["deleted"]) for entry in revisions] == [(2, True), (1, False)]
    assert server.call("GET", f"{url}/revisions/1").json["title"] == "one"
    assert server.call("GET", f"{url}/revisions/2").status == 404
    assert server.call("PUT", url, titled("again"), headers={"If-None-Match": "*"}).json["revision"] == 3


def test_who_has_it_already_is_told_so(server: LiveServer, url: str) -> None:
    server.call("PUT", url, DRAW)

    answer = server.call("GET", url, headers={"If-None-Match": '"1"'})

    assert (answer.status, answer.body) == (304, b"")


def test_a_template_is_read_and_copied_but_never_changed(server: LiveServer) -> None:
    template = server.call("GET", "/api/workflows/draw")
    entry = _listed(server, "draw")

    assert (entry["template"], entry["revision"], entry["modified_at"]) == (True, 0, None)
    assert server.call("DELETE", "/api/workflows/draw").code == "workflow-shipped"
    assert server.call("GET", "/api/workflows/draw/revisions").json == {"revisions": []}
    assert server.call("PUT", "/api/workflows/draw", DRAW, headers={"If-None-Match": "*"}).status == 412

    copy = server.call(
        "PUT", "/api/workflows/draw", titled("my own"), headers={"If-Match": template.headers["etag"]}
    )
    hidden = _listed(server, "draw")
    late = server.call("PUT", "/api/workflows/draw", DRAW, headers={"If-Match": template.headers["etag"]})
    file = json.loads((server.folder / "workflows" / "draw.json").read_text())
    deleted = server.call("DELETE", "/api/workflows/draw")

    assert copy.status == 201
    assert (hidden["template"], hidden["title"]) == (False, "my own")
    assert late.status == 412
    assert file == DRAW
    assert deleted.status == 204
    assert server.call("GET", "/api/workflows/draw").body == template.body


def _listed(server: LiveServer, name: str) -> dict[str, Any]:
    entries = server.call("GET", "/api/workflows").json["workflows"]
    return next(entry for entry in entries if entry["name"] == name)


def test_the_list_shows_what_each_workflow_takes_and_gives(ready_server: LiveServer, url: str) -> None:
    saved = ready_server.call("PUT", url, titled("Listed")).json

    entry = _listed(ready_server, saved["name"])

    assert (entry["title"], entry["url"], entry["problems"]) == ("Listed", url, [])
    assert [item["name"] for item in entry["signature"]["outputs"]] == ["image", "width"]


def test_a_broken_template_is_listed_with_what_is_wrong(ready_server: LiveServer) -> None:
    path = ready_server.folder / "workflows" / "broken.json"
    path.write_text('{"weft": 1, "nodes": 5}')
    try:
        entry = _listed(ready_server, "broken")
        fetched = ready_server.call("GET", "/api/workflows/broken")
    finally:
        path.unlink()

    assert entry["signature"] is None
    assert entry["problems"]
    assert fetched.status == 422


def test_a_saved_workflow_runs_by_its_name_and_within_others(ready_server: LiveServer) -> None:
    ready_server.call("PUT", "/api/workflows/inner", DRAW)
    outer = {
        "weft": 1,
        "outputs": {"image": {"from": "inside.image"}},
        "nodes": {"inside": {"type": "workflow:inner", "inputs": {"prompt": "nested"}}},
    }
    ready_server.call("PUT", "/api/workflows/outer", outer)

    job = ready_server.submit({"name": "outer"}, wait=100)

    assert job["state"] == "succeeded"


@pytest.mark.parametrize("name", ["a", "A 1", "über", "日本", "x" * 100, "v1.0", "a_b-c.d", "100"])
def test_usual_names_are_taken(server: LiveServer, name: str) -> None:
    url = f"/api/workflows/{quote(name)}"

    assert server.call("PUT", url, DRAW).status in {200, 201}
    assert server.call("GET", url).status == 200
    assert server.call("DELETE", url).status == 204


@pytest.mark.parametrize(
    "name",
    [
        *(text for text in TRAVERSALS if text not in {"", ".", ".."}),
        " a",
        "a ",
        "a" * 101,
        "_a",
        "a\u0301",
        "<b>",
        "a:b",
    ],
)
def test_no_name_leads_out_of_the_library(server: LiveServer, name: str) -> None:
    url = f"/api/workflows/{quote(name, safe='')}"
    (server.folder / "data" / "canary.json").write_text(json.dumps(titled("canary")))
    before = _files(server)

    saved = server.call("PUT", url, DRAW)
    fetched = server.call("GET", url)

    if saved.status in {200, 201}:
        # A name of usual signs that only looks odd, such as three dots within it, is kept in the database.
        assert server.call("DELETE", url).status == 204
    else:
        assert saved.status in {400, 404, 405, 422}
        assert fetched.status in {400, 404}
    assert b"canary" not in fetched.body
    assert server.call("DELETE", url).status in {400, 404, 405}
    assert server.call("GET", f"{url}/revisions/{quote(name, safe='')}").status in {400, 404}
    assert _files(server) == before


def _files(server: LiveServer) -> set[str]:
    return {str(path) for path in server.folder.rglob("*") if path.is_file() and "weft.db" not in path.name}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LiveServer]]:
    """A server that asks for tokens, as several people see it."""
    with live_server(tmp_path_factory.mktemp("people"), require_token=True) as server:
        tokens = Tokens(server.folder / "data")
        secrets = {
            "ann": tokens.add("ann", "submit").secret,
            "bob": tokens.add("bob", "submit").secret,
            "reader": tokens.add("reader", "read").secret,
        }
        yield {
            name: replace(server, headers={"Authorization": f"Bearer {secret}"})
            for name, secret in secrets.items()
        }


def test_everyone_has_workflows_of_their_own(people: dict[str, LiveServer]) -> None:
    people["ann"].call("PUT", "/api/workflows/portrait", titled("ann's"))

    before = people["bob"].call("GET", "/api/workflows/portrait").status
    created = people["bob"].call("PUT", "/api/workflows/portrait", titled("bob's"))

    assert (before, created.status, created.json["revision"]) == (404, 201, 1)
    assert people["ann"].call("GET", "/api/workflows/portrait").json["title"] == "ann's"
    assert people["bob"].call("GET", "/api/workflows/portrait").json["title"] == "bob's"
    assert people["bob"].call("DELETE", "/api/workflows/portrait").status == 204
    assert people["ann"].call("GET", "/api/workflows/portrait").status == 200


def test_everyone_runs_workflows_of_their_own(people: dict[str, LiveServer]) -> None:
    people["ann"].wait_until_ready()
    people["ann"].call("PUT", "/api/workflows/secret", DRAW)

    job = people["ann"].submit({"name": "secret"}, wait=100)
    refused = people["bob"].call("POST", "/api/jobs", {"name": "secret"})
    nested = people["bob"].call(
        "POST", "/api/jobs", {"workflow": {"weft": 1, "nodes": {"x": {"type": "workflow:secret"}}}}
    )

    assert job["state"] == "succeeded"
    assert refused.code == "workflow-unknown"
    assert nested.status in {404, 422}


def test_readers_save_and_delete_nothing(people: dict[str, LiveServer]) -> None:
    assert people["reader"].call("PUT", "/api/workflows/x", DRAW).code == "scope-missing"
    assert people["reader"].call("DELETE", "/api/workflows/draw").code == "scope-missing"
    assert people["reader"].call("GET", "/api/workflows/draw").status == 200
