"""The page of the API shows every operation, with nothing from elsewhere and nothing that could run."""

import re
from functools import cache
from html.parser import HTMLParser

from server.graph.toys import Shelf, catalog, entry, tree
from weft.web.app import all_routes
from weft.web.description.docs_page import render_docs
from weft.web.description.function_schema import read_functions
from weft.web.description.openapi import Functions, describe

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> [link](javascript:alert(1))"
ADDRESS = "http://127.0.0.1:4711"


class Reader(HTMLParser):
    """Collects the tags of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@cache
def page() -> str:
    workflow = tree({"add": entry("toy.add", a=1)}, inputs={"a": "add.a"}, outputs={"sum": "add.value"})
    workflow["title"] = workflow["description"] = HOSTILE
    functions = Functions(read_functions(Shelf(hostile=workflow), catalog()), catalog())
    return render_docs(describe(all_routes(), version="1.2.3", functions=functions), address=ADDRESS)


def tags() -> list[tuple[str, dict[str, str | None]]]:
    reader = Reader()
    reader.feed(page())
    return reader.tags


def test_every_documented_operation_has_its_place() -> None:
    anchors = {attributes.get("id") for _, attributes in tags()}

    assert {route.name for route in all_routes() if route.is_documented} <= anchors


def test_every_link_within_the_page_leads_somewhere() -> None:
    anchors = {attributes["id"] for _, attributes in tags() if "id" in attributes}
    links = {attributes["href"] for tag, attributes in tags() if tag == "a" and "href" in attributes}

    assert {link for link in links if link and link.startswith("#") and link[1:] not in anchors} == set()


def test_no_place_is_named_twice() -> None:
    anchors = [attributes["id"] for _, attributes in tags() if "id" in attributes]

    assert len(anchors) == len(set(anchors))


def test_nothing_runs_and_nothing_comes_from_elsewhere() -> None:
    loading = [
        (tag, attributes.get("src") or attributes.get("href"))
        for tag, attributes in tags()
        if tag in {"script", "style", "img", "iframe", "link", "object", "base", "form"}
    ]

    # The empty icon keeps browsers from asking for one.
    assert loading == [("link", "data:,"), ("link", "/api/docs.css")]
    assert [name for _, attributes in tags() for name in attributes if name.startswith(("on", "style"))] == []


def test_what_authors_of_workflows_wrote_is_shown_and_not_obeyed() -> None:
    hrefs = [attributes.get("href") or "" for _, attributes in tags()]

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page()
    assert not any(href.startswith("javascript:") for href in hrefs)


def test_every_example_is_a_line_for_the_shell_at_this_address() -> None:
    lines = re.findall(r"<pre><code>(curl[^<]*)</code></pre>", page())

    assert len(lines) > 30
    assert all(ADDRESS in line for line in lines)


def test_the_text_of_the_overview_names_this_address() -> None:
    assert f"curl -s &#39;{ADDRESS}/api/workflows" in page() or f"curl -s '{ADDRESS}/api/workflows" in page()
    assert "127.0.0.1:9338" not in page()
