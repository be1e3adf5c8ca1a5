"""Pictures are taken by their content, served so that nothing in them runs, and shown to their owners."""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from live_server import Answer, LiveServer, eventually, live_server
from PIL import Image
from server.jobs.hub.test_hub import TRAVERSALS
from weft.pictures import encode_png
from weft.web.tokens import Tokens

HOSTILE = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "svg with declaration": b"<?xml version='1.0'?><svg onload='alert(1)'/>",
    "html": b"<!doctype html><script>alert(1)</script>",
    "html late": b"\n\n<html><body onload=alert(1)>",
    "xml": b"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'/>",
    "javascript": b"alert(document.domain)",
    "json": b'{"weft": 1}',
    "pdf": b"%PDF-1.7 /JavaScript",
    "gif": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    "bmp": b"BM" + bytes(60),
    "tiff": b"II*\0" + bytes(60),
    "ico": b"\0\0\1\0\1\0" + bytes(60),
    "zip": b"PK\x03\x04" + bytes(60),
    "elf": b"\x7fELF" + bytes(60),
    "pickle": b"\x80\x04cos\nsystem\n.",
    "wave": b"RIFF\0\0\0\0WAVEfmt " + bytes(60),
    "png in name alone": b"\x89PNG\r\n\x1a\n",
    "jpeg in name alone": b"\xff\xd8\xff",
    "webp in name alone": b"RIFF\0\0\0\0WEBP",
    "nothing": b"",
}
"""What people upload who mean no good, or who are mistaken."""


def png(seed: int = 0, width: int = 40, height: int = 24, workflow: dict[str, Any] | None = None) -> bytes:
    """A picture of noise, which may carry a workflow."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return encode_png(pixels, provenance=None if workflow is None else {"weft": workflow})


def declared_png(width: int, height: int) -> bytes:
    """A tiny file that says that it has many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def upload(server: LiveServer, data: bytes, kind: str = "image/png", name: str = "") -> Answer:
    path = f"/api/assets?name={name}" if name else "/api/assets"
    return server.call("POST", path, data=data, headers={"Content-Type": kind})


def uploaded(server: LiveServer, data: bytes) -> dict[str, Any]:
    answer = upload(server, data)
    assert answer.status in {200, 201}, answer.body
    found: dict[str, Any] = answer.json
    return found


def form(*parts: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """A form of files: their fields, names and contents."""
    body = b""
    for field, name, data in parts:
        file = f'; filename="{name}"' if name else ""
        body += (
            f'--BOUND\r\nContent-Disposition: form-data; name="{field}"{file}\r\n\r\n'.encode()
            + data
            + b"\r\n"
        )
    return body + b"--BOUND--\r\n", "multipart/form-data; boundary=BOUND"


def test_an_upload_is_known_by_its_content(server: LiveServer) -> None:
    data = png(1)
    digest = hashlib.sha256(data).hexdigest()

    first, second = upload(server, data, name="cat.png"), upload(server, data, name="dog.png")

    assert (first.status, second.status) == (201, 200)
    assert first.headers["location"] == f"/api/assets/{digest}"
    assert first.json == second.json
    shown = {name: first.json[name] for name in ("digest", "input", "kind", "name", "media_type", "size")}
    assert shown == {
        "digest": digest,
        "input": f"asset:{digest}",
        "kind": "upload",
        "name": "cat.png",
        "media_type": "image/png",
        "size": len(data),
    }
    assert (first.json["width"], first.json["height"]) == (40, 24)


def test_a_file_comes_back_as_it_was_sent(server: LiveServer) -> None:
    data = png(2)

    answer = server.call("GET", uploaded(server, data)["url"])

    assert (answer.status, answer.body) == (200, data)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("format", "kind"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("PNG", "image/png")]
)
def test_the_content_decides_the_kind_and_not_what_is_said_of_it(
    server: LiveServer, format: str, kind: str
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 7), "red").save(buffer, format)

    view = upload(server, buffer.getvalue(), "application/octet-stream", name="x.html").json
    answer = server.call("GET", view["url"])

    assert (view["media_type"], view["width"], view["height"]) == (kind, 9, 7)
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_picture_is_refused_whatever_it_is_called(server: LiveServer, data: bytes) -> None:
    answer = upload(server, data, "image/png", name="picture.png")

    assert (answer.status, answer.code) == (415, "upload-refused")


@pytest.mark.parametrize(
    "kind", ["text/html", "image/svg+xml", "text/plain", "application/x-www-form-urlencoded", ""]
)
def test_other_content_types_are_not_taken_at_all(server: LiveServer, kind: str) -> None:
    answer = upload(server, png(3), kind)

    assert (answer.status, answer.code) == (415, "media-type-refused")


def test_a_picture_that_is_a_page_too_is_served_as_a_picture(server: LiveServer) -> None:
    data = png(4) + b"<script>alert(1)</script>"

    answer = server.call("GET", uploaded(server, data)["url"])

    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_form_with_a_file_is_taken(server: LiveServer) -> None:
    data = png(5)
    body, kind = form(("file", "portraits/cat.png", data))

    view = upload(server, body, kind).json

    assert (view["digest"], view["name"]) == (hashlib.sha256(data).hexdigest(), "cat.png")


@pytest.mark.parametrize(
    "body",
    [
        form()[0],
        form(("text", "", b"hello"))[0],
        form(("file", "x.png", png()), ("file", "y.png", png()))[0],
        b"--BOUND\r\n",
        b"--BOUND\r\nContent-Disposition: nonsense\r\n\r\nx\r\n--BOUND--\r\n",
        b"",
        b"no form at all",
    ],
)
def test_a_form_without_a_file_is_refused(server: LiveServer, body: bytes) -> None:
    answer = upload(server, body, form()[1])

    assert (answer.status, answer.code) == (400, "request-malformed")


def test_a_form_that_breaks_off_leaves_nothing(server: LiveServer) -> None:
    data = png(6)
    body, kind = form(("file", "cat.png", data))

    answer = upload(server, body[: len(body) // 2], kind)

    assert 400 <= answer.status < 500
    assert server.call("GET", f"/api/assets/{hashlib.sha256(data).hexdigest()}").status == 404


def test_parts_are_fetched_by_range(server: LiveServer) -> None:
    data = png(7)
    url = uploaded(server, data)["url"]

    def part(wanted: str, **further: str) -> tuple[int, str, bytes]:
        answer = server.call("GET", url, headers={"Range": wanted, **further})
        return answer.status, answer.headers.get("content-range", ""), answer.body

    size = len(data)
    assert part("bytes=0-9") == (206, f"bytes 0-9/{size}", data[:10])
    assert part("bytes=10-") == (206, f"bytes 10-{size - 1}/{size}", data[10:])
    assert part("bytes=-5") == (206, f"bytes {size - 5}-{size - 1}/{size}", data[-5:])
    assert part(f"bytes=0-{size * 9}") == (206, f"bytes 0-{size - 1}/{size}", data)
    assert part(f"bytes={size}-")[:2] == (416, f"bytes */{size}")
    assert part("bytes=0-1,4-5") == (200, "", data)
    assert part("nonsense") == (200, "", data)
    assert part("bytes=0-9", **{"If-Range": '"other"'}) == (200, "", data)
    assert part("bytes=0-9", **{"If-Range": f'"{hashlib.sha256(data).hexdigest()}"'})[0] == 206


def test_who_has_it_already_is_told_so(server: LiveServer) -> None:
    url = uploaded(server, png(8))["url"]
    tag = server.call("GET", url).headers["etag"]

    again = server.call("GET", url, headers={"If-None-Match": tag})
    other = server.call("GET", url, headers={"If-None-Match": '"other"'})

    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert other.status == 200


def test_head_tells_the_same_without_the_file(server: LiveServer) -> None:
    data = png(9)

    answer = server.call("HEAD", uploaded(server, data)["url"])

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(data))
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (14_000, 14_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_of_too_many_pixels_is_refused_unopened(
    server: LiveServer, width: int, height: int
) -> None:
    answer = upload(server, declared_png(width, height))

    assert (answer.status, answer.code) == (413, "upload-too-large")


def test_a_compressed_body_is_refused(server: LiveServer) -> None:
    headers = {"Content-Type": "image/png", "Content-Encoding": "gzip"}

    answer = server.call("POST", "/api/assets", data=zlib.compress(bytes(10**6)), headers=headers)

    assert answer.status == 415


def test_the_gallery_shows_the_newest_first_page_by_page(server: LiveServer) -> None:
    digests = [uploaded(server, png(seed))["digest"] for seed in range(100, 105)]

    first = server.call("GET", "/api/assets?limit=2&kind=upload").json
    second = server.call("GET", f"/api/assets?limit=2&kind=upload&cursor={first['next']}").json

    shown = [asset["digest"] for asset in (*first["assets"], *second["assets"])]
    assert shown == digests[:0:-1]
    assert first["total"] >= 5


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "kind=other", "cursor=nonsense", "job=../x", "unknown=1", "limit=x"]
)
def test_a_query_that_does_not_fit_is_refused(server: LiveServer, query: str) -> None:
    assert server.call("GET", f"/api/assets?{query}").status in {400, 422}


def test_an_upload_can_be_deleted(server: LiveServer) -> None:
    url = uploaded(server, png(10))["url"]

    assert server.call("DELETE", url).status == 204
    assert server.call("GET", url).status == 404
    assert server.call("DELETE", url).status == 404


def test_what_a_job_made_is_in_the_gallery_with_its_workflow(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "gallery"}}, wait=100)
    made = next(output["asset"] for output in job["outputs"] if output["asset"])

    listed = ready_server.call("GET", f"/api/assets?job={job['id']}").json
    carried = ready_server.call("GET", f"{made['url']}/workflow").json["workflow"]
    again = ready_server.submit({"workflow": carried, "name": "draw"}, wait=100)

    assert [asset["digest"] for asset in listed["assets"]] == [made["digest"]]
    assert listed["assets"][0]["kind"] == "output"
    assert carried["nodes"]["draw"]["inputs"]["text"] == "gallery"
    assert again["outputs"][0]["asset"]["digest"] == made["digest"]
    assert ready_server.call("DELETE", made["url"]).code == "asset-kept"


def test_a_job_that_does_not_exist_made_nothing(server: LiveServer) -> None:
    assert server.call("GET", "/api/assets?job=nobodys").code == "job-unknown"


def test_an_upload_that_is_deleted_stays_what_a_job_made(ready_server: LiveServer) -> None:
    job = ready_server.submit({"name": "draw", "inputs": {"prompt": "uploaded again"}}, wait=100)
    made = next(output["asset"] for output in job["outputs"] if output["asset"])
    data = ready_server.call("GET", made["url"]).body

    assert upload(ready_server, data).json["kind"] == "upload"
    assert ready_server.call("DELETE", made["url"]).status == 204
    assert ready_server.call("GET", made["url"]).body == data


def test_a_picture_that_says_nothing_has_no_workflow(server: LiveServer) -> None:
    answer = server.call("GET", uploaded(server, png(11))["workflow_url"])

    assert (answer.status, answer.code) == (404, "asset-plain")


def test_a_workflow_is_read_out_of_an_upload(server: LiveServer) -> None:
    document = {"weft": 1, "title": "mine", "nodes": {}}

    answer = server.call("GET", uploaded(server, png(12, workflow=document))["workflow_url"])

    assert answer.json == {"workflow": document}


def test_texts_that_unpack_to_much_are_not_unpacked(server: LiveServer) -> None:
    bomb = b"weft\0\0" + zlib.compress(bytes(50 * 2**20))
    chunk = struct.pack(">I", len(bomb)) + b"zTXt" + bomb + struct.pack(">I", zlib.crc32(b"zTXt" + bomb))
    data = png(13)
    # Behind the first chunk, which tells the size.
    view = uploaded(server, data[:33] + chunk + data[33:])

    assert server.call("GET", view["workflow_url"]).status in {404, 422}
    assert server.call("GET", "/healthz").status == 200


def test_a_worker_draws_small_copies_once(ready_server: LiveServer) -> None:
    view = uploaded(ready_server, png(14, width=400, height=200))
    url = f"{view['thumbnail_url']}?size=128"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ready_server.call("GET", url), range(16)))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answers[0].body)).size == (128, 64)
    kept = list((ready_server.folder / "data" / "thumbnails").rglob(f"{view['digest']}*"))
    assert [path.name for path in kept] == [f"{view['digest']}-128.webp"]


@pytest.mark.parametrize("size", ["0", "31", "33", "1024", "x", "-1", "1e2"])
def test_only_some_sizes_are_drawn(server: LiveServer, size: str) -> None:
    answer = server.call("GET", f"{uploaded(server, png(15))['thumbnail_url']}?size={size}")

    assert answer.status in {400, 422}


def test_a_damaged_picture_has_no_small_copy(ready_server: LiveServer) -> None:
    view = uploaded(ready_server, declared_png(30, 30))

    answer = ready_server.call("GET", view["thumbnail_url"])

    assert (answer.status, answer.code) == (422, "picture-unreadable")


def test_without_a_worker_small_copies_have_to_wait(tmp_path: Path) -> None:
    with live_server(tmp_path, device="cuda:63") as server:
        answer = server.call("GET", uploaded(server, png(16))["thumbnail_url"])

    assert (answer.status, answer.code) == (503, "worker-unavailable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("tail", ["", "/thumbnail", "/workflow"])
def test_no_address_leads_out_of_the_store(server: LiveServer, tail: str) -> None:
    (server.folder / "data" / "canary").write_text("canary")
    for text in TRAVERSALS:
        answer = server.call("GET", f"/api/assets/{quote(text, safe='')}{tail}")

        assert answer.status in {400, 404, 200}, text
        assert b"canary" not in answer.body, text
        assert answer.status != 200 or text in {"", "."}, text


def test_no_name_of_an_upload_becomes_a_path(ready_server: LiveServer) -> None:
    server = ready_server
    before = files_but_blobs(server)
    whole, kind = form(("file", "x.png", png(17)))
    for name in TRAVERSALS:
        plain = name.replace("\r", "").replace("\n", "").replace("\0", "")
        answer = upload(server, whole.replace(b"x.png", plain.encode() or b"x"), kind)

        assert answer.status in {200, 201, 400}, name
        assert "/" not in str(answer.json.get("name", "")), name

    new = {path.name for path in files_but_blobs(server) - before}
    # The database and the catalogue are written by themselves.
    assert {name for name in new if not name.startswith(("weft.db", "catalog"))} == set()


def files_but_blobs(server: LiveServer) -> set[Path]:
    return {path for path in server.folder.rglob("*") if "blobs" not in path.parts and path.is_file()}


def test_a_link_that_was_planted_in_the_store_leads_nowhere(server: LiveServer) -> None:
    view = uploaded(server, png(18))
    place = server.folder / "data" / "blobs" / view["digest"][:2] / view["digest"]
    secret = server.folder / "data" / "secret"
    secret.write_bytes(place.read_bytes() + b"canary")
    place.unlink()
    place.symlink_to(secret)

    assert server.call("GET", view["url"]).status == 404
    place.unlink()


def test_reading_changes_nothing(server: LiveServer) -> None:
    view = uploaded(server, png(19))
    before = server.call("GET", "/api/assets").json

    for path in (view["url"], view["workflow_url"], "/api/assets?limit=1"):
        server.call("GET", path)
        server.call("HEAD", path)

    assert server.call("GET", "/api/assets").json == before


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LiveServer]]:
    """A server that asks for tokens, as several people see it."""
    with live_server(tmp_path_factory.mktemp("people"), require_token=True, max_upload_bytes=5000) as server:
        tokens = Tokens(server.folder / "data")

        def holding(secret: str | None) -> LiveServer:
            return replace(server, headers={"Authorization": f"Bearer {secret}"})

        yield {
            "nobody": server,
            "ann": holding(tokens.add("ann", "submit").secret),
            "bob": holding(tokens.add("bob", "submit").secret),
            "reader": holding(tokens.add("reader", "read").secret),
            "manager": holding(server.token),
        }


def test_others_see_nothing_of_ones_pictures(people: dict[str, LiveServer]) -> None:
    view = uploaded(people["ann"], png(20))

    for tail in ("", "/workflow", "/thumbnail"):
        assert people["bob"].call("GET", view["url"] + tail).code == "asset-unknown"
    assert people["bob"].call("DELETE", view["url"]).code == "asset-unknown"
    assert people["nobody"].call("GET", view["url"]).status == 401
    assert people["bob"].call("GET", "/api/assets").json["total"] == 0
    assert people["ann"].call("GET", view["url"]).status == 200
    assert people["manager"].call("GET", view["url"]).status == 200


def test_the_same_picture_belongs_to_everyone_who_uploaded_it(people: dict[str, LiveServer]) -> None:
    data = png(21)
    url = uploaded(people["ann"], data)["url"]

    assert upload(people["bob"], data).status == 201
    assert people["bob"].call("DELETE", url).status == 204
    assert people["bob"].call("GET", url).status == 404
    assert people["ann"].call("GET", url).body == data


def test_readers_upload_and_delete_nothing(people: dict[str, LiveServer]) -> None:
    assert upload(people["reader"], png(22)).code == "scope-missing"
    assert people["reader"].call("DELETE", f"/api/assets/{'ab' * 32}").code == "scope-missing"


def test_an_upload_of_too_many_bytes_is_refused_and_leaves_nothing(people: dict[str, LiveServer]) -> None:
    data = png(23, width=200, height=200)

    answer = upload(people["ann"], data)

    assert (answer.status, answer.code) == (413, "upload-too-large")
    folder = people["ann"].folder / "data"
    eventually(lambda: not list(folder.glob("arrivals/*")))
    assert not list(folder.rglob(hashlib.sha256(data).hexdigest()))
