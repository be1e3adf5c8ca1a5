"""What whoever runs the server looks at."""

import shlex

from live_server import LiveServer
from weft.web.operations_routes import curl_line


def test_the_curl_line_is_one_that_a_shell_takes() -> None:
    words = shlex.split(curl_line("http://127.0.0.1:9338"))

    assert words[:2] == ["curl", "http://127.0.0.1:9338/api/jobs?wait=300"]
    assert '{"name": "text-to-image", "inputs": {"prompt": "a red circle"}}' in words


def test_the_curl_line_shows_the_token_where_one_is_needed() -> None:
    assert "Authorization: Bearer weft_x" in shlex.split(curl_line("http://h", "weft_x"))


def test_health_readiness_and_metrics_are_there(ready_server: LiveServer) -> None:
    ready = ready_server.call("GET", "/readyz")
    metrics = ready_server.call("GET", "/metrics")

    assert ready_server.call("GET", "/healthz").json == {"status": "ok"}
    assert ready.json["ready"] is True
    assert ready.json["workers"][0]["device"] == "cpu"
    assert metrics.headers["content-type"].startswith("text/plain")
