"""The server looks into pictures without ever holding one: it stays small however large they are."""

from collections.abc import Iterator

import pytest
from live_server import LiveServer, live_server
from server.test_picture_texts import END, HEAD, chunk
from server.web.files.test_asset_routes import uploaded

MIB = 2**20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own, so that what it grows by comes from here."""
    with live_server(tmp_path_factory.mktemp("large")) as server:
        server.wait_until_ready()
        yield server


def test_the_workflow_of_a_large_picture_is_read_in_little_memory(server: LiveServer) -> None:
    text = b'weft\0{"weft":{"weft":1,"title":"mine","nodes":{}}}'
    large = HEAD + chunk(b"IDAT", bytes(MIB)) * 60 + chunk(b"tEXt", text) + END

    view = uploaded(server, large)
    before = server.status("VmHWM")
    answers = [server.call("GET", view["workflow_url"]) for _ in range(3)]
    grown_kib = server.status("VmHWM") - before

    assert [answer.json["workflow"]["title"] for answer in answers] == ["mine"] * 3
    assert grown_kib < 10 * 1024


def test_a_picture_that_carries_no_workflow_that_can_be_is_refused(server: LiveServer) -> None:
    deep = b'{"weft":1,"nodes":{"a":{"type":"b","inputs":{"x":' + b"[" * 800 + b"]" * 800 + b"}}}}"
    odd = (b'{"weft":' + deep + b"}", b"[" * 100_000, b'{"weft":{"nodes":5}}', b'{"weft":{"weft":99}}')

    for text in odd:
        view = uploaded(server, HEAD + chunk(b"tEXt", b"weft\0" + text) + END)
        answer = server.call("GET", view["workflow_url"])
        assert answer.status in {404, 422}, answer.body
