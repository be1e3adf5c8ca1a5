"""Every example of the documentation works as it stands, on a server as it comes."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from live_server import LiveServer
from PIL import Image as Picture
from PIL import ImageDraw
from stock_server import stock_server
from weft.web.app import all_routes
from weft.web.description.openapi import plain_path
from weft.web.description.overview import PATH_PARAMETERS
from weft.web.routing import Route
from weft_nodes.starter.reading import read_picture

WITH_EXAMPLES = [route for route in all_routes() if route.is_documented and route.example is not None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with stock_server(tmp_path_factory.mktemp("stock")) as server:
        yield server


def filled(route: Route) -> str:
    """An address with the documented example in the place of each parameter."""
    path = plain_path(route.path)
    for name, parameter in PATH_PARAMETERS.items():
        path = path.replace(f"{{{name}}}", route.parts.get(name, parameter.example))
    return path


@pytest.mark.parametrize("route", WITH_EXAMPLES, ids=lambda route: f"{route.method} {route.path}")
def test_the_example_of_an_operation_works_as_it_stands(server: LiveServer, route: Route) -> None:
    answer = server.call(route.method, filled(route), dict(route.example or {}))

    assert answer.status in route.answers, answer.body


OTHER_MODELS = {"/api/workflows/edit-by-instruction/run", "/api/workflows/step-cache/run"}
"""They are refused until another model than the starter is chosen, for it cannot do what they show."""


def test_the_example_of_every_shipped_workflow_is_taken_as_it_stands(server: LiveServer) -> None:
    paths: dict[str, Any] = server.call("GET", "/api/openapi.json").json["paths"]
    posts = {path: item["post"] for path, item in paths.items() if "post" in item}
    operations = {path: found for path, found in posts.items() if found["tags"] == ["Saved workflows"]}

    assert "/api/workflows/text-to-image/run" in operations
    for path, operation in operations.items():
        content = operation["requestBody"]["content"]["application/json"]
        if content["schema"]["required"]:
            continue
        answer = server.call("POST", path, content["example"])
        if path in OTHER_MODELS:
            assert (answer.status, answer.code) == (422, "trait-mismatch"), (path, answer.body)
            continue
        assert answer.status == 202, (path, answer.body)
        server.call("POST", answer.json["links"]["cancel"])


def test_the_first_steps_of_the_overview_make_a_picture(server: LiveServer) -> None:
    body = {"prompt": "a red circle", "seed": 7}

    answer = server.call("POST", "/api/workflows/text-to-image/run?wait=200", body)

    assert answer.json["state"] == "succeeded", answer.body
    assert answer.json["outputs"][0]["asset"]["media_type"] == "image/png"


def test_openais_own_client_gets_a_picture_that_shows_what_was_asked_for(server: LiveServer) -> None:
    from openai import OpenAI

    seed = {"seed": 7}
    with OpenAI(base_url=f"{server.url}/v1", api_key="none-is-needed", max_retries=0) as client:
        made = client.images.generate(prompt="a red circle", size="128x128", extra_body=seed)

    assert made.data is not None
    picture = Picture.open(io.BytesIO(base64.b64decode(made.data[0].b64_json or "")))
    seen = read_picture(np.asarray(picture.convert("RGB")))
    assert picture.size == (128, 128)
    assert [found.colour.value for found in seen.objects] == ["red"]


def test_openais_own_client_edits_a_picture_so_that_it_keeps_its_place(server: LiveServer) -> None:
    from openai import OpenAI

    drawing = Picture.new("RGB", (128, 128), "white")
    ImageDraw.Draw(drawing).ellipse((36, 36, 92, 92), fill="#dc1e23")
    buffer = io.BytesIO()
    drawing.save(buffer, "PNG")
    with OpenAI(base_url=f"{server.url}/v1", api_key="none-is-needed", max_retries=0) as client:
        made = client.images.edit(
            image=("drawing.png", buffer.getvalue()),
            prompt="a large blue diamond on a white background",
            size="128x128",
            extra_body={"seed": "7"},
        )

    assert made.data is not None
    picture = Picture.open(io.BytesIO(base64.b64decode(made.data[0].b64_json or "")))
    seen = read_picture(np.asarray(picture.convert("RGB")))
    assert picture.size == (128, 128)
    assert len(seen.objects) == 1
