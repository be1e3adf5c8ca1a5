"""Forms of the images dialect are read piece by piece; a refused one leaves no file behind."""

import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image as Picture
from weft.errors import WeftError
from weft.jobs.files.assets import Assets
from weft.jobs.files.blobs import Blobs
from weft.jobs.ledger.ledger import Ledger
from weft.settings import load_settings
from weft.web.images.images_form import MOST_TEXT_BYTES, Form, read_form


@pytest.fixture
async def assets(tmp_path: Path) -> AsyncIterator[Assets]:
    ledger = Ledger.open(tmp_path)
    settings = load_settings({"data_dir": tmp_path})
    yield Assets(settings, ledger, Blobs(tmp_path / "blobs"))
    ledger.close()


async def read(assets: Assets, form: FormData) -> Form | WeftError:
    """Send a form over HTTP, and give what was read or why it was refused."""
    found: list[Form | WeftError] = []

    async def answer(request: web.Request) -> web.Response:
        try:
            found.append(await read_form(request, assets, owner="ann"))
        except WeftError as error:
            found.append(error)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", answer)
    async with TestClient(TestServer(app)) as client:
        await client.post("/", data=form)
    return found[0]


def form(**texts: str) -> FormData:
    data = FormData()
    for name, text in texts.items():
        data.add_field(name, text)
    return data


def png(color: str = "white") -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (4, 4), color).save(buffer, "PNG")
    return buffer.getvalue()


async def test_files_become_assets_and_fields_get_their_types(assets: Assets) -> None:
    data = form(prompt="a square", n="2", seed="7", stream="false")
    data.add_field("image", png(), filename="white.png")
    data.add_field("mask", png("black"), filename="black.png")

    found = await read(assets, data)

    assert isinstance(found, Form)
    digest = hashlib.sha256(png()).hexdigest()
    assert found.pictures["image"] == f"asset:{digest}"
    assert found.pictures.keys() == {"image", "mask"}
    assert (found.options.n, found.options.seed, found.options.stream) == (2, 7, False)
    assert (await assets.find(digest, "ann")).name == "white.png"


async def test_a_refused_form_leaves_no_file_behind(assets: Assets) -> None:
    data = form(size="enormous")
    data.add_field("image", png(), filename="white.png")

    found = await read(assets, data)

    assert isinstance(found, WeftError)
    assert (await assets.page("ann")).assets == ()


async def test_a_file_that_was_there_before_stays(assets: Assets) -> None:
    good, bad = form(prompt="a square"), form(size="enormous")
    for data in (good, bad):
        data.add_field("image", png(), filename="white.png")

    await read(assets, good)
    await read(assets, bad)

    assert len((await assets.page("ann")).assets) == 1


@pytest.mark.parametrize(
    ("text", "code"), [("x" * (MOST_TEXT_BYTES + 1), "body-too-large"), ("x" * 40_000, "problems")]
)
async def test_a_field_that_is_too_long_is_refused(assets: Assets, text: str, code: str) -> None:
    data = form(prompt=text)
    data.add_field("image", png(), filename="white.png")

    found = await read(assets, data)

    assert isinstance(found, WeftError)
    assert found.code == code


async def test_a_field_given_twice_is_refused(assets: Assets) -> None:
    data = form(prompt="a square")
    data.add_field("prompt", "a circle")
    data.add_field("image", png(), filename="white.png")

    found = await read(assets, data)

    assert isinstance(found, WeftError)
    assert found.details == {"location": "prompt"}
