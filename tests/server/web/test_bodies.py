"""Bodies that are bombs or nonsense are refused with a reason, and the server goes on."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from live_server import DRAW, LiveServer

TYPE = {"Content-Type": "application/json"}
MIB = 2**20


def _nested(depth: int) -> bytes:
    return b'{"name": "draw", "inputs": {"prompt": ' + b"[" * depth + b"]" * depth + b"}}"


def _inputs(text: str) -> bytes:
    return b'{"name": "draw", "inputs": {"prompt": ' + text.encode() + b"}}"


def _workflow(count: int) -> bytes:
    node = {"type": "toys:picture.draw", "inputs": {"text": "x"}}
    return json.dumps({"workflow": {"weft": 1, "nodes": {f"n{i}": node for i in range(count)}}}).encode()


BODIES: dict[str, tuple[bytes, set[int]]] = {
    "nothing": (b"", {400}),
    "white space": (b"  \n", {400}),
    "no JSON": (b"name=draw", {400}),
    "half of JSON": (b'{"name": "draw"', {400}),
    "two values": (b'{"name": "draw"} {}', {400}),
    "a list": (b"[]", {422}),
    "a text": (b'"draw"', {422}),
    "null": (b"null", {422}),
    "an empty object": (b"{}", {422}),
    "bad UTF-8": (b'{"name": "\xff\xfe"}', {400}),
    "UTF-16": ('{"name": "draw"}'.encode("utf-16"), {400}),
    "a byte order mark": (b'\xef\xbb\xbf{"name": "draw"}', {400}),
    "NaN": (_inputs("NaN"), {400}),
    "infinity": (_inputs("-Infinity"), {400}),
    "1e999": (_inputs("1e999"), {400}),
    "a number of a million digits": (_inputs("1" * 1_000_000), {400}),
    "depth 65": (_nested(63), {400}),
    "depth 100,000": (_nested(100_000), {400}),
    "depth 1,000,000 of objects": (b'{"a":' * 1_000_000, {400}),
    "a name twice": (b'{"name": "draw", "name": "other"}', {400}),
    "a name twice, far down": (_inputs('{"a": [{"b": 1, "b": 2}]}'), {400}),
    "a control character in a name": (b'{"name": "draw", "inputs": {"a\\u000d\\u000ab": 1}}', {400}),
    "a raw line break in a text": (b'{"name": "dr\naw"}', {400}),
    "a control character in the title": (b'{"name": "dr\\u000aaw"}', {422}),
    "U+0000 in a text": (_inputs('"a\\u0000b"'), {400}),
    "half a surrogate pair": (_inputs('"\\ud800"'), {400}),
    "an unknown field": (b'{"name": "draw", "prioritee": 3}', {422}),
    "a text for a number": (b'{"name": "draw", "priority": "3"}', {422}),
    "a priority beyond all": (b'{"name": "draw", "priority": 101}', {422}),
    "an id with a path": (b'{"name": "draw", "id": "../../etc"}', {422}),
    "too many nodes": (_workflow(12_000), {413, 422}),
    "more than 20 MB": (b'{"name": "' + b"x" * 21 * MIB + b'"}', {413}),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_bad_body_is_refused_with_its_reason(ready_server: LiveServer, kind: str) -> None:
    body, statuses = BODIES[kind]

    answer = ready_server.call("POST", "/api/jobs", data=body, headers=TYPE)

    assert answer.status in statuses, answer.body
    problem = answer.json
    assert problem["type"] == f"urn:weft:problem:{answer.code}"
    assert problem["status"] == answer.status
    assert problem["detail"]
    assert problem["problems"]
    assert ready_server.call("GET", "/healthz").status == 200


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_compressed_body_is_refused_before_it_is_unpacked(ready_server: LiveServer, coding: str) -> None:
    bomb = b'{"name": "' + b" " * 50 * MIB + b'"}'
    data = gzip.compress(bomb) if coding.startswith("gzip") else zlib.compress(bomb)
    before = ready_server.status("VmHWM:")

    answer = ready_server.call("POST", "/api/jobs", data=data, headers={**TYPE, "Content-Encoding": coding})

    assert (answer.status, answer.code) == (415, "media-type-refused")
    assert ready_server.status("VmHWM:") - before < 10 * 1024


def test_a_body_of_no_stated_length_is_counted_as_it_comes(ready_server: LiveServer) -> None:
    head = (
        f"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:{ready_server.port}\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"100000\r\n" + b" " * MIB + b"\r\n"

    answer = ready_server.raw(head.encode() + piece * 21 + b"0\r\n\r\n")

    assert answer.split()[1] == b"413"


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("state=done", "state"),
        ("colour=red", "colour"),
        ("created_after=yesterday", "created_after"),
        ("created_after=2026-01-01T00:00:00", "created_after"),
        ("batch=../x", "batch"),
        ("name=%0d%0a", "name"),
    ],
)
def test_a_bad_parameter_is_named(server: LiveServer, query: str, where: str) -> None:
    answer = server.call("GET", f"/api/jobs?{query}")

    assert (answer.status, answer.code) == (400, "query-invalid")
    assert answer.json["problems"][0]["details"]["location"].startswith(where)


def test_a_cursor_that_no_page_gave_is_refused(server: LiveServer) -> None:
    assert server.call("GET", "/api/jobs?cursor=x").status == 400


def test_all_faults_of_a_body_are_told_at_once(server: LiveServer) -> None:
    body: Any = {"workflow": DRAW, "priority": 1000, "outputs": [], "more": 1}

    problems = server.call("POST", "/api/jobs", body).json["problems"]

    assert {p["details"]["location"] for p in problems} == {"priority", "outputs", "more"}


def test_a_bad_idempotency_key_is_refused(server: LiveServer) -> None:
    for key in ("", "with space", "x" * 201, "ümlaut".encode().decode("latin-1")):
        answer = server.call("POST", "/api/jobs", {"name": "draw"}, headers={"Idempotency-Key": key})
        assert (answer.status, answer.code) == (400, "request-malformed")
