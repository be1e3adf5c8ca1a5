"""The description and its page are served, kept, and follow what is saved."""

import json
from pathlib import Path

from live_server import DRAW, LiveServer, eventually, lay_out, live_server
from weft.graph.document import parse_document
from weft.graph.workflows import FolderWorkflows
from weft.web.description.docs_routes import Snapshot

RUN = "/api/workflows/draw/run"


def test_the_description_has_an_operation_for_each_saved_workflow(ready_server: LiveServer) -> None:
    answer = ready_server.call("GET", "/api/openapi.json")

    schema = answer.json["paths"][RUN]["post"]["requestBody"]["content"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["openapi"] == "3.1.0"
    assert list(schema["application/json"]["schema"]["properties"]) == list(DRAW["inputs"])


def test_the_description_is_not_sent_again_until_it_changes(ready_server: LiveServer) -> None:
    first = ready_server.call("GET", "/api/openapi.json")

    again = ready_server.call("GET", "/api/openapi.json", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status, again.body) == (304, b"")


def test_a_workflow_that_is_added_is_described_at_once(tmp_path: Path) -> None:
    lay_out(tmp_path)
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        before = server.call("GET", "/api/openapi.json")
        (tmp_path / "workflows" / "second one.json").write_text(json.dumps(DRAW))
        (tmp_path / "workflows" / "broken.json").write_text("{")
        after = server.call("GET", "/api/openapi.json", headers={"If-None-Match": before.headers["etag"]})

    assert after.status == 200
    assert set(after.json["paths"]) - set(before.json["paths"]) == {"/api/workflows/second%20one/run"}


def test_the_page_is_one_that_a_strict_policy_allows(ready_server: LiveServer) -> None:
    page = ready_server.call("GET", "/api/docs")
    style = ready_server.call("GET", "/api/docs.css")

    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy
    assert b"Draw something" in page.body
    assert f"http://127.0.0.1:{ready_server.port}".encode() in page.body
    assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_whoever_may_not_see_workflows_reads_about_all_the_others(tmp_path: Path) -> None:
    with live_server(tmp_path, require_token="true") as server:
        token = {"Authorization": f"Bearer {server.token}"}
        without = server.call("GET", "/api/openapi.json")
        page = server.call("GET", "/api/docs")
        eventually(lambda: RUN in server.call("GET", "/api/openapi.json", headers=token).json["paths"])

    assert (without.status, page.status) == (200, 200)
    assert RUN not in without.json["paths"]
    assert "/api/jobs" in without.json["paths"]


def test_a_snapshot_equals_another_only_while_nothing_changes(tmp_path: Path) -> None:
    file = tmp_path / "draw.json"
    source = FolderWorkflows([tmp_path])
    file.write_text(json.dumps(DRAW))
    first, same = Snapshot.of(source), Snapshot.of(source)
    file.write_text(json.dumps({**DRAW, "title": "Another"}))
    changed = Snapshot.of(source)

    assert first == same
    assert hash(first) == hash(same)
    assert first != changed
    assert first.names() == ("draw",)
    assert first.load("draw") == parse_document(DRAW)
