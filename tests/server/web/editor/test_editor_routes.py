"""The editor over HTTP: the page, its files, and how long a browser keeps them."""

import gzip
import re

import pytest
from live_server import Answer, LiveServer


@pytest.fixture(scope="module")
def page(server: LiveServer) -> Answer:
    answer = server.call("GET", "/")
    assert answer.status == 200, answer.body
    return answer


@pytest.fixture(scope="module")
def style(page: Answer) -> str:
    found = re.search(r'href="(/editor/[0-9a-f]{16}/ui/ui\.css)"', page.body.decode())
    assert found is not None
    return found[1]


def test_the_page_is_html_that_a_browser_asks_about_each_time(server: LiveServer, page: Answer) -> None:
    again = server.call("GET", "/", headers={"If-None-Match": page.headers["etag"]})

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "private, no-cache"
    assert (again.status, again.body) == (304, b"")


def test_the_page_alone_may_have_a_script_inline(server: LiveServer, page: Answer, style: str) -> None:
    assert "'sha256-" in page.headers["content-security-policy"]
    assert "'sha256-" not in server.call("GET", style).headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


def test_every_file_that_the_page_names_is_there(server: LiveServer, page: Answer) -> None:
    named = re.findall(r'"(/editor/[^"]+)"', page.body.decode())

    assert len(named) > 10
    assert [path for path in named if server.call("GET", path).status != 200] == []


def test_a_file_is_kept_for_ever(server: LiveServer, style: str) -> None:
    assert server.call("GET", style).headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_file_comes_compressed_where_that_is_taken(server: LiveServer, style: str) -> None:
    plain = server.call("GET", style)
    compressed = server.call("GET", style, headers={"Accept-Encoding": "gzip, br"})

    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == plain.body
    assert {answer.headers["vary"] for answer in (plain, compressed)} == {"Accept-Encoding"}
    assert plain.headers["content-type"] == "text/css; charset=utf-8"


def test_a_head_tells_what_a_get_would_send(server: LiveServer, style: str) -> None:
    head, whole = server.call("HEAD", style), server.call("GET", style)

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.body))


@pytest.mark.parametrize(
    "path", ["index.html", "vendor/VERSIONS", "types.d.ts", "../pyproject.toml", "nothing.js"]
)
def test_nothing_else_is_there(server: LiveServer, style: str, path: str) -> None:
    folder = style.removesuffix("ui/ui.css")

    for written in (path, path.replace("/", "%2f"), path.replace(".", "%2e")):
        assert server.call("GET", folder + written).code == "route-unknown"


def test_a_file_of_another_edition_is_not_there(server: LiveServer) -> None:
    assert server.call("GET", f"/editor/{'0' * 16}/ui/ui.css").code == "route-unknown"


def test_another_site_may_link_to_the_page_but_not_load_its_files(server: LiveServer, style: str) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    script = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}

    assert server.call("GET", "/", headers=link).status == 200
    assert server.call("GET", style, headers=script).code == "origin-refused"
