"""Sessions of browsers, as far as they need no token; `tests/web/test_access.py` has the rest."""

from live_server import LiveServer


def test_an_open_server_says_that_its_caller_may_do_all(server: LiveServer) -> None:
    assert server.call("GET", "/api/session").json == {"owner": "local", "scope": "manage"}


def test_a_session_ends_without_having_begun(server: LiveServer) -> None:
    answer = server.call("DELETE", "/api/session")

    assert answer.status == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_a_guess_begins_no_session(server: LiveServer) -> None:
    answer = server.call("POST", "/api/session", {"token": "weft_guess"})

    assert (answer.status, answer.code) == (401, "token-refused")
    assert "set-cookie" not in answer.headers
