"""OpenAI's images dialect over HTTP: pictures by workflows, refusals in its own shape, nothing dropped."""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from live_server import Answer, LiveServer
from PIL import Image as Picture
from poster_server import poster_server

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with poster_server(tmp_path_factory.mktemp("posters")) as server:
        yield server


def generate(server: LiveServer, **given: Any) -> Answer:
    headers = {"Idempotency-Key": given.pop("key")} if "key" in given else {}
    return server.call("POST", GENERATIONS, {"prompt": "a square", **given}, headers=headers)


def edit(server: LiveServer, *parts: tuple[str, str | bytes]) -> Answer:
    """Send a form; parts of bytes are files."""
    boundary = "--------frontier"
    body = b""
    for name, content in parts:
        file = '; filename="picture.png"' if isinstance(content, bytes) else ""
        data = content if isinstance(content, bytes) else content.encode()
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return server.call(
        "POST", EDITS, data=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )


def png(width: int = 24, height: int = 12) -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (width, height), "white").save(buffer, "PNG")
    return buffer.getvalue()


def pictures(answer: Answer) -> list[Picture.Image]:
    assert answer.status == 200, answer.body
    return [Picture.open(io.BytesIO(base64.b64decode(entry["b64_json"]))) for entry in answer.json["data"]]


def refusal(answer: Answer) -> tuple[int, str, str | None]:
    assert answer.headers["content-type"].startswith("application/json"), answer.body
    error = answer.json["error"]
    assert error["message"].endswith(".")
    return answer.status, error["code"], error["param"]


def test_a_prompt_becomes_a_picture_of_the_size_that_was_asked_for(server: LiveServer) -> None:
    (picture,) = pictures(generate(server, size="32x20"))

    assert (picture.format, picture.size) == ("PNG", (32, 20))


def test_several_pictures_differ_by_seeds_that_follow_one_another(server: LiveServer) -> None:
    answer = generate(server, n=3, seed=100)

    assert [entry["seed"] for entry in answer.json["data"]] == [100, 101, 102]
    assert len({entry["b64_json"] for entry in answer.json["data"]}) == 3


def test_the_seed_of_a_picture_makes_it_again(server: LiveServer) -> None:
    (first,) = generate(server).json["data"]

    (again,) = pictures(generate(server, seed=first["seed"]))

    assert again.tobytes() == Picture.open(io.BytesIO(base64.b64decode(first["b64_json"]))).tobytes()


def test_an_address_leads_to_the_picture(server: LiveServer) -> None:
    (entry,) = generate(server, response_format="url").json["data"]

    assert entry["b64_json"] is None
    assert entry["url"].startswith(f"{server.url}/api/assets/")


def test_a_workflow_can_be_named_as_the_model(server: LiveServer) -> None:
    (picture,) = pictures(generate(server, model="draw"))

    assert picture.size == (8, 8)


def test_a_request_that_is_sent_again_makes_nothing_twice(server: LiveServer) -> None:
    first, again = (generate(server, n=2, key="twice") for _ in range(2))

    assert first.json["data"] == again.json["data"]
    jobs = server.call("GET", "/api/jobs?name=poster&limit=200").json["jobs"]
    seeds = [job["inputs"].get("seed") for job in jobs]
    assert all(seeds.count(entry["seed"]) == 1 for entry in first.json["data"])


@pytest.mark.parametrize(
    ("given", "status", "code", "param"),
    [
        ({"style": "vivid"}, 400, "body-invalid", "style"),
        ({"n": 11}, 400, "body-invalid", "n"),
        ({"output_format": "webp"}, 400, "body-invalid", "output_format"),
        ({"prompt": ""}, 400, "body-invalid", "prompt"),
        ({"model": "one-size", "size": "8x8"}, 400, "image-parameter", "size"),
        ({"model": "one-size", "n": 2}, 400, "image-parameter", "n"),
        ({"size": "640x640"}, 400, "input-invalid", "width"),
        ({"model": "portrait"}, 404, "image-model-unknown", "model"),
        ({"seed": 13}, 422, "images-failed", None),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_the_shape_of_the_dialect(
    server: LiveServer, given: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    assert refusal(generate(server, **given)) == (status, code, param)


def test_a_job_that_fails_says_why(server: LiveServer) -> None:
    assert "there is no luck in it" in generate(server, seed=13).json["error"]["message"]


def test_even_the_guard_at_the_door_speaks_the_dialect(server: LiveServer) -> None:
    body = json.dumps({"prompt": "a square"}).encode()

    foreign = server.call("POST", GENERATIONS, data=body, headers={"Origin": "http://evil.example"})
    untyped = server.call("POST", GENERATIONS, data=body, headers={"Content-Type": "text/plain"})
    nowhere = server.call("GET", "/v1/chat/completions")

    assert refusal(foreign) == (403, "origin-refused", None)
    assert refusal(untyped) == (415, "media-type-refused", None)
    assert refusal(nowhere) == (404, "route-unknown", None)


def test_a_picture_is_edited_at_its_own_size(server: LiveServer) -> None:
    (picture,) = pictures(edit(server, ("prompt", "a square"), ("image", png()), ("seed", "4")))

    assert picture.size == (24, 12)


def test_several_edits_are_made_of_one_picture(server: LiveServer) -> None:
    answer = edit(server, ("image[]", png()), ("prompt", "a square"), ("n", "2"), ("seed", "4"))

    assert [entry["seed"] for entry in answer.json["data"]] == [4, 5]


@pytest.mark.parametrize(
    ("parts", "status", "code", "param"),
    [
        ([("prompt", "x")], 400, "body-invalid", "image"),
        ([("image", png())], 400, "body-invalid", "prompt"),
        ([("prompt", "x"), ("image", png()), ("mask", png())], 400, "image-parameter", "mask"),
        ([("prompt", "x"), ("image", png()), ("image", png(8, 8))], 400, "image-parameter", "image"),
        ([("prompt", "x"), ("image", png()), ("size", "8x8")], 400, "image-parameter", "size"),
        ([("prompt", "x"), ("image", png()), ("model", "poster")], 400, "image-parameter", "image"),
        ([("prompt", "x"), ("image", png()), ("quality", "high")], 400, "body-invalid", "quality"),
        ([("prompt", "x"), ("image", png()), ("n", "two")], 400, "body-invalid", "n"),
        ([("prompt", "x"), ("image", b"GIF89a and more")], 415, "upload-refused", None),
    ],
)
def test_a_form_that_cannot_be_honoured_is_refused(
    server: LiveServer, parts: list[tuple[str, str | bytes]], status: int, code: str, param: str | None
) -> None:
    assert refusal(edit(server, *parts)) == (status, code, param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        b"--x\r\n--x--\r\n",
        b"--x\r\nno header\r\n\r\n1\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nit breaks of',
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + png(),
        b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--x--\r\n',
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
    ],
)
def test_what_is_no_whole_form_is_refused(server: LiveServer, body: bytes) -> None:
    answer = server.call(
        "POST", EDITS, data=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )

    assert (answer.status, answer.json["error"]["code"]) == (400, "request-malformed")


def test_only_forms_are_taken_for_edits(server: LiveServer) -> None:
    unbounded = server.call("POST", EDITS, data=b"x", headers={"Content-Type": "multipart/form-data"})
    as_json = server.call("POST", EDITS, {"prompt": "x"})

    assert [answer.status for answer in (unbounded, as_json)] == [400, 415]


def test_workflows_that_make_pictures_of_prompts_are_the_models(server: LiveServer) -> None:
    listed = server.call("GET", "/v1/models").json

    assert listed["object"] == "list"
    assert [entry["id"] for entry in listed["data"]] == ["draw", "one-size", "poster", "touch-up"]
    assert server.call("GET", "/v1/models/poster").json["id"] == "poster"
    assert refusal(server.call("GET", "/v1/models/portrait")) == (404, "image-model-unknown", "model")
