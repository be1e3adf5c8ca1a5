"""OpenAI's own Python client works with the server, errors included.

It is imported when it is used, since that takes a second of each process that collects tests.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from live_server import LiveServer
from PIL import Image as Picture
from poster_server import poster_server

if TYPE_CHECKING:
    from openai import OpenAI


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with poster_server(tmp_path_factory.mktemp("posters")) as server:
        yield server


@pytest.fixture
def client(server: LiveServer) -> Iterator[OpenAI]:
    from openai import OpenAI

    with OpenAI(base_url=f"{server.url}/v1", api_key="none-is-needed", max_retries=0) as client:
        yield client


def opened(text: str | None) -> Picture.Image:
    return Picture.open(io.BytesIO(base64.b64decode(text or "")))


def png() -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (20, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def test_it_generates_pictures(client: OpenAI) -> None:
    made = client.images.generate(prompt="a square", model="gpt-image-1", n=2, size="auto", user="somebody")

    assert made.data is not None
    assert [opened(entry.b64_json).size for entry in made.data] == [(16, 16)] * 2


def test_it_gets_addresses_where_it_asks_for_them(client: OpenAI, server: LiveServer) -> None:
    made = client.images.generate(prompt="a square", model="dall-e-3", response_format="url")

    assert made.data is not None
    url = made.data[0].url or ""
    assert server.call("GET", url.removeprefix(server.url)).body.startswith(b"\x89PNG")


def test_it_edits_a_picture(client: OpenAI) -> None:
    made = client.images.edit(image=("picture.png", png()), prompt="a square", model="gpt-image-1")

    assert made.data is not None
    assert opened(made.data[0].b64_json).size == (20, 10)


def test_it_edits_a_list_of_one_picture_and_no_more(client: OpenAI) -> None:
    import openai

    picture = ("picture.png", png())

    assert client.images.edit(image=[picture], prompt="a square").data is not None
    with pytest.raises(openai.BadRequestError, match="given twice"):
        client.images.edit(image=[picture, picture], prompt="a square")


def test_it_understands_refusals(client: OpenAI) -> None:
    import openai

    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(prompt="a square", quality="hd")

    assert (caught.value.param, caught.value.code) == ("quality", "body-invalid")
    with pytest.raises(openai.NotFoundError, match="no workflow"):
        client.images.generate(prompt="a square", model="portrait")
    with pytest.raises(openai.UnprocessableEntityError, match="no luck"):
        client.images.generate(prompt="a square", extra_body={"seed": 13})


def test_it_lists_the_models(client: OpenAI) -> None:
    assert "poster" in [model.id for model in client.models.list()]
    assert client.models.retrieve("poster").owned_by == "weft"


def test_its_key_is_the_token_where_one_is_needed(tmp_path_factory: pytest.TempPathFactory) -> None:
    import openai

    with poster_server(tmp_path_factory.mktemp("locked"), require_token="true") as locked:
        base_url = f"{locked.url}/v1"
        with openai.OpenAI(base_url=base_url, api_key=locked.token or "", max_retries=0) as known:
            assert "poster" in [model.id for model in known.models.list()]
        with (
            openai.OpenAI(base_url=base_url, api_key="wrong", max_retries=0) as unknown,
            pytest.raises(openai.AuthenticationError),
        ):
            unknown.models.list()
