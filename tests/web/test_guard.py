"""What pages of others can make a browser send, byte for byte, and what the server makes of it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from live_server import LiveServer
from weft.web.app import all_routes

JSON = "Content-Type: application/json"


def _status(server: LiveServer, line: str, *headers: str, body: bytes = b"", host: str = "own") -> int:
    """Send one request as raw bytes; PORT in a header stands for the server's port."""
    hosts = {"own": (f"Host: 127.0.0.1:{server.port}",), "none": ()}.get(host, (f"Host: {host}",))
    named = [header.replace("PORT", str(server.port)) for header in (*hosts, *headers)]
    head = "\r\n".join([line, *named, f"Content-Length: {len(body)}", "Connection: close"])
    answer = server.raw(f"{head}\r\n\r\n".encode() + body)
    assert b"access-control" not in answer.lower()
    return int(answer.split()[1])


GET = "GET /api/jobs HTTP/1.1"
PAGE = "GET / HTTP/1.1"
POST = "POST /api/queue/resume HTTP/1.1"
SOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
NAVIGATION = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT", "LocalHost", "127.0.0.1:8000"]
)
def test_the_server_answers_to_its_own_names(server: LiveServer, host: str) -> None:
    assert _status(server, GET, f"Host: {host}", host="none") == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:PORT", "127.0.0.1.evil.example", "localhost.", "192.168.1.5", "0.0.0.0"],
)
def test_a_rebound_name_is_misdirected(server: LiveServer, host: str) -> None:
    assert _status(server, GET, f"Host: {host}", host="none") == 421


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Host: 127.0.0.1:PORT", "Host: evil.example"),
        ("Host: 127.0.0.1:PORT", "Host: 127.0.0.1:PORT"),
        ("Host: ",),
        ("Host: user@127.0.0.1",),
        ("Host: 127.0.0.1:99999",),
        ("Host: 127.0.0.1/evil",),
    ],
)
def test_a_request_names_exactly_one_host(server: LiveServer, headers: tuple[str, ...]) -> None:
    assert _status(server, GET, *headers, host="none") == 400


def test_an_address_in_the_request_line_does_not_speak_for_another_host(server: LiveServer) -> None:
    assert _status(server, "GET http://evil.example/api/jobs HTTP/1.1") == 400


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "http://evil.example:PORT",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "https://127.0.0.1:PORT",
        "http://localhost:PORT",
        "http://127.0.0.1:PORT.evil.example",
        "file://",
        "",
    ],
)
@pytest.mark.parametrize("line", [GET, POST])
def test_pages_of_other_origins_are_forbidden(server: LiveServer, line: str, origin: str) -> None:
    assert _status(server, line, f"Origin: {origin}", JSON) == 403


@pytest.mark.parametrize("line", [GET, POST])
def test_pages_of_the_server_itself_are_let_in(server: LiveServer, line: str) -> None:
    headers = ("Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors")

    assert _status(server, line, *headers) == 200


def test_two_origins_are_malformed(server: LiveServer) -> None:
    own = "Origin: http://127.0.0.1:PORT"

    assert _status(server, GET, own, own) == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "unheard-of"])
@pytest.mark.parametrize("line", [GET, POST, "GET /healthz HTTP/1.1"])
def test_what_a_browser_marks_as_foreign_is_forbidden(server: LiveServer, line: str, site: str) -> None:
    assert _status(server, line, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: no-cors") == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_of_another_site_may_lead_to_the_page_alone(server: LiveServer, site: str) -> None:
    foreign = f"Sec-Fetch-Site: {site}"

    assert _status(server, PAGE, foreign, *NAVIGATION) == 200
    assert _status(server, GET, foreign, *NAVIGATION) == 403
    assert _status(server, "POST / HTTP/1.1", foreign, *NAVIGATION) == 403
    assert _status(server, PAGE, foreign, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe") == 403


def test_an_address_that_the_user_typed_is_let_in(server: LiveServer) -> None:
    assert _status(server, GET, "Sec-Fetch-Site: none", *NAVIGATION) == 200


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
@pytest.mark.parametrize(
    "path", ["/api/jobs", "/api/queue/pause", "/api/batches", "/api/jobs/x/cancel", "/api/session"]
)
def test_bodies_that_any_page_can_post_are_of_an_unsupported_type(
    server: LiveServer, path: str, kind: str
) -> None:
    assert _status(server, f"POST {path} HTTP/1.1", f"Content-Type: {kind}", body=b"{}") == 415


def test_a_body_without_a_type_is_refused(server: LiveServer) -> None:
    assert _status(server, "POST /api/jobs HTTP/1.1", body=b"{}") == 415


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("Origin: http://127.0.0.1:PORT", 101),
        ("Sec-Fetch-Site: none", 101),
        ("Origin: http://evil.example", 403),
        ("Origin: null", 403),
        ("Sec-Fetch-Site: cross-site", 403),
    ],
)
def test_a_websocket_opens_for_the_servers_own_pages_and_for_programs(
    server: LiveServer, origin: str, status: int
) -> None:
    import socket

    lines = ["GET /api/events HTTP/1.1", "Host: 127.0.0.1:PORT", origin, *SOCKET]
    request = "\r\n".join(lines).replace("PORT", str(server.port)) + "\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request.encode())
        answer = connection.recv(4096)

    assert int(answer.split()[1]) == status


def test_every_answer_tells_browsers_to_be_strict(server: LiveServer) -> None:
    for path in ("/", "/healthz", "/api/jobs", "/nothing", "/api/events?after=x"):
        headers = server.call("GET", path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "aiohttp" not in headers["server"].lower()
        assert not [name for name in headers if name.startswith("access-control")]


def test_a_preflight_of_another_origin_is_refused(server: LiveServer) -> None:
    asking = ("Origin: http://evil.example", "Access-Control-Request-Method: POST")

    assert _status(server, "OPTIONS /api/jobs HTTP/1.1", *asking) == 403
    assert _status(server, "OPTIONS /api/jobs HTTP/1.1") == 405


def test_reading_changes_nothing(ready_server: LiveServer) -> None:
    """Every route that can be read is read; the database and the tree of files stay as they are."""
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "pure"}}, wait=100)
    paths = {route.path for route in all_routes() if route.path != "/api/events"}

    before = _state(ready_server)

    for path in paths:
        for method in ("GET", "HEAD"):
            named = re.sub(r"\{[a-z_]+\}", "draw", path.replace("{job_id}", job["id"]))
            assert ready_server.call(method, named).status < 500, named

    assert _state(ready_server) == before


def _state(server: LiveServer) -> tuple[object, ...]:
    """What the server knows and keeps: its jobs, and its files but for those of the database."""
    jobs = server.call("GET", "/api/jobs?limit=200").json
    queue = server.call("GET", "/api/queue").json
    kept = [path for name in ("blobs", "workflows") for path in _files(server.folder / "data" / name)]
    return jobs, queue, [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in kept]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_long_address_is_answered_in_our_words(server: LiveServer) -> None:
    answer = server.call("GET", f"/api/jobs?limit={'9' * 40_000}")

    assert (answer.status, answer.code) == (400, "query-invalid")
