"""Whatever text is sent, in whichever field the description knows, no file outside the store is touched."""

import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from live_server import Answer, LiveServer
from poster_server import poster_server
from server.web.files.test_asset_routes import form, png
from stock_server import NOWHERE

SECRET = b"the secret of the canary"
ENDLESS = "/api/events"
LONG_AGO = 1_000_000_000


def traversals(canary: Path) -> list[str]:
    """Forty texts that could lead to a file outside of where they are looked for."""
    up = [f"{'../' * depth}{canary.name}" for depth in range(1, 6)]
    places = [str(canary), *up, f"data/../{canary.name}", f"./{canary.name}", f"loras/../../{canary.name}"]
    changed = [
        f"/{canary}",
        canary.as_uri(),
        f"file:{canary}",
        f"asset:{canary}",
        f"asset:../../../{canary.name}",
        f"workflow:../{canary.name}",
        f"blobs/../../{canary.name}",
        f"{canary}\0.png",
        f"../{canary.name}\0",
        f"../{canary.name}#",
        f"../{canary.name}?x=1",
        f" ../{canary.name} ",
        f"~/../{canary}",
        f"$PWD/{canary.name}",
        f"`cat {canary}`",
        f"|cat {canary}",
    ]
    written = [
        place.replace("/", slash)
        for place in (f"../{canary.name}", f"../../{canary.name}", str(canary))
        for slash in ("\\", "%2f", "%252f", "%5c", "..;/")
    ]
    return [*places, *changed, *written]


def followed(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what a schema refers to; of several, the first that is not null."""
    while True:
        if "$ref" in schema:
            schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif "anyOf" in schema or "oneOf" in schema:
            options = schema.get("anyOf") or schema["oneOf"]
            schema = next((option for option in options if option.get("type") != "null"), options[0])
        else:
            return schema


def bodies(schema: Mapping[str, Any], whole: Mapping[str, Any], text: str) -> Iterator[Any]:
    """Give values of a schema, each with the text in another place; the first has it nowhere."""
    schema = followed(schema, whole)
    if "enum" in schema or "const" in schema:
        yield schema["enum"][0] if "enum" in schema else schema["const"]
        return
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        needed = schema.get("required", ())
        given = {name: list(bodies(part, whole, text)) for name, part in schema["properties"].items()}
        least = {name: values[0] for name, values in given.items() if name in needed}
        yield least
        for name, values in given.items():
            yield from ({**least, name: value} for value in values[1:])
    elif kind in ("integer", "number"):
        yield schema.get("minimum", 0)
    elif kind == "boolean":
        yield False
    elif kind == "array":
        yield []
        yield from ([value] for value in list(bodies(schema.get("items", {}), whole, text))[1:])
    elif kind == "string":
        yield "a"
        yield text
    else:
        # Workflows and the values of their inputs are free, so the text stands where files are named.
        node = {"type": "posters:poster.load", "inputs": {"image": text}}
        yield {}
        yield from ({"image": text}, {"prompt": text}, {text: text}, {"text": [text]})
        yield {"weft": 1, "nodes": {"x": node}, "outputs": {"image": {"from": "x.image"}}}
        yield {"weft": 1, "nodes": {"x": {"type": f"workflow:{text}", "inputs": {}}}}


def requests_of(
    operation: Mapping[str, Any], path: str, whole: Mapping[str, Any], text: str
) -> Iterator[Any]:
    """Give the address, body and content type of requests with the text in each of its places."""
    parameters = [followed(parameter, whole) for parameter in operation.get("parameters", ())]
    named = {entry["name"]: entry for entry in parameters if entry["in"] == "path"}
    plain = path.format(**dict.fromkeys(named, "poster"))
    for name in named:
        yield path.format(**{**dict.fromkeys(named, "poster"), name: quote(text, safe="")}), None, ""
        yield path.format(**{**dict.fromkeys(named, "poster"), name: text.replace("\0", "%00")}), None, ""
    for entry in parameters:
        if entry["in"] == "query":
            yield f"{plain}?{urlencode({entry['name']: text})}", None, ""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            for body in bodies(content["schema"], whole, text):
                yield plain, json.dumps(body).encode(), kind
        elif kind == "multipart/form-data":
            clean = text.replace("\0", "").replace('"', "")
            yield plain, *form(("image", clean, png(1)), ("prompt", "", b"x"))
            yield plain, *form(("image", "x.png", png(1)), ("prompt", "", text.encode()))
            yield plain, *form(("image", "", text.encode()), ("prompt", "", b"x"))
            yield plain, *form((clean, "", b"x"))


def sent(server: LiveServer, method: str, request: tuple[str, bytes | None, str]) -> Answer | None:
    """Send a request; what cannot even be written into a request line is none."""
    path, data, kind = request
    if not path.isascii() or any(letter in path for letter in " \t\r\n"):
        return None
    return server.call(method, path, data=data, headers={"Content-Type": kind} if kind else {})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of its own, since what is sent to it cancels and deletes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", NOWHERE)
        with poster_server(tmp_path_factory.mktemp("traversed") / "place") as server:
            yield server


def outside(server: LiveServer) -> dict[Path, bytes]:
    """All files around the server but those of its store, its downloads and its log."""
    around = server.folder.parent
    own = {server.folder / name for name in ("data", "log", "models/.pulls")}
    found: dict[Path, bytes] = {}
    for folder, folders, files in os.walk(around):
        # What the server is just writing and deleting is not even looked into.
        folders[:] = [name for name in folders if Path(folder, name) not in own and name != "__pycache__"]
        paths = (Path(folder, name) for name in files)
        found |= {path: path.read_bytes() for path in paths if path not in own}
    return found


def hold(server: LiveServer, *, shares: int) -> None:
    """Send every operation a share of the texts, in all its places, and look after the canaries."""
    document = {"weft": 1, "title": SECRET.decode(), "nodes": {}}
    canaries = {
        server.folder / "canary.png": png(7, workflow=document) + SECRET,
        server.folder / "canary": json.dumps(document).encode(),
        server.folder.parent / "canary": json.dumps(document).encode(),
    }
    for path, data in canaries.items():
        path.write_bytes(data)
    before = outside(server)
    for path in canaries:
        os.utime(path, (LONG_AGO, LONG_AGO))
    texts = [*traversals(server.folder / "canary"), *traversals(server.folder / "canary.png")[:3]]
    assert len(texts) >= 40
    whole = server.call("GET", "/api/openapi.json").json
    operations = [
        (method.upper(), path, operation)
        for path, found in whole["paths"].items()
        for method, operation in found.items()
        if path != ENDLESS and isinstance(operation, dict) and "responses" in operation
    ]
    wanted = [
        (method, request)
        for number, (method, path, operation) in enumerate(operations)
        for text in texts[number % shares :: shares]
        for request in requests_of(operation, path, whole, text)
    ]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda each: sent(server, *each), wanted))

    for asked, answer in zip(wanted, answers, strict=True):
        if answer is not None:
            assert answer.status < 500 or answer.status == 503, (asked, answer.body)
            assert SECRET not in answer.body, asked
    # Whoever had read a canary would have left its mark, on file systems that keep such marks.
    assert {path.stat().st_atime for path in canaries} == {LONG_AGO}
    assert outside(server) == before


def test_no_text_in_any_field_leads_to_a_file(server: LiveServer) -> None:
    hold(server, shares=10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_none_of_all_texts_in_any_field_leads_to_a_file(server: LiveServer) -> None:
    hold(server, shares=1)
