"""Models are listed with what their files say, and loaded from the hub that was named, or not for a reason."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from live_server import PACK, LiveServer, eventually, live_server
from server.jobs.stand_in_hub import StandInHub, safetensors
from server.jobs.test_hub import TRAVERSALS
from weft.web.tokens import Tokens

LARGE = safetensors({"weight": [1024, 1024]}, notes={"format": "pt"})

MODELS = '''

from collections.abc import Mapping
from weft.sdk import ModelFile, Paths, listing


@listing("toymodel")
def toy_models(paths: Paths) -> Mapping[str, Mapping[str, str]]:
    """Name the models, with a family that none of them has.

    Args:
        paths: Where to look.
    """
    files = (path for folder in paths.models for path in folder.rglob("*.safetensors"))
    found = (path for path in files if ".pulls" not in path.parts)
    return {path.name: {"family": "toy"} for path in found} | {"shipped": {"family": "toy"}}


@node("model.use", output="name")
def use(model: Annotated[str, ModelFile("toymodel")]) -> str:
    """Use a model.

    Args:
        model: Which.
    """
    return model
'''


@contextmanager
def serving(folder: Path, hub: str = "", **settings: object) -> Iterator[LiveServer]:
    """A server with a pack that lists models, and a hub of its own."""
    if not (folder / "custom_nodes").exists():
        (folder / "custom_nodes").mkdir(parents=True)
        (folder / "custom_nodes" / "toys.py").write_text(PACK + MODELS)
        (folder / "workflows").mkdir()
    named = {"WEFT_MODELS_DIRS": str(folder / "models"), "HF_ENDPOINT": hub, "HF_TOKEN": "hf_secret"}
    with (
        mock.patch.dict(os.environ, named),
        live_server(folder, models_dirs=folder / "models", **settings) as server,
    ):
        yield server


@asynccontextmanager
async def with_hub(hub: StandInHub, folder: Path) -> AsyncIterator[LiveServer]:
    """The same with a hub that listens; what is called from it must be called in a thread."""
    async with hub.open():
        manager = serving(folder, hub.url)
        server = await asyncio.to_thread(manager.__enter__)
        try:
            yield server
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)


async def call(server: LiveServer, method: str, path: str, body: Any = None) -> Any:
    return await asyncio.to_thread(server.call, method, path, body)


async def ended(server: LiveServer, url: str) -> Any:
    """Wait until a download has ended."""
    finals = {"succeeded", "failed", "cancelled"}
    await asyncio.to_thread(eventually, lambda: server.call("GET", url).json["state"] in finals)
    return (await call(server, "GET", url)).json


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with some models."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "models" / "toys").mkdir(parents=True)
    (folder / "models" / "plain.safetensors").write_bytes(safetensors({"a": [3, 5]}, notes={"format": "pt"}))
    (folder / "models" / "toys" / "below.safetensors").write_bytes(safetensors({"a": [2]}))
    (folder / "models" / "broken.safetensors").write_bytes(b"\x80\x04not at all")
    with serving(folder) as server:
        server.wait_until_ready()
        yield server


def test_models_are_listed_with_what_their_files_say(models: LiveServer) -> None:
    found = {model["name"]: model for model in models.call("GET", "/api/models").json["models"]}

    assert found["plain.safetensors"]["facts"] == {
        "tensors": 1,
        "parameters": 15,
        "dtype": "F16",
        "notes": {"format": "pt"},
    }
    assert (
        found["plain.safetensors"]["size"] == (models.folder / "models" / "plain.safetensors").stat().st_size
    )
    assert {model["kind"] for model in found.values()} == {"toymodel"}
    assert {model["traits"]["family"] for model in found.values()} == {"toy"}
    assert found["below.safetensors"]["facts"]["parameters"] == 2


def test_a_model_that_cannot_be_read_says_why(models: LiveServer) -> None:
    found = {model["name"]: model for model in models.call("GET", "/api/models").json["models"]}

    assert found["broken.safetensors"]["facts"] is None
    assert "pickle" in found["broken.safetensors"]["fault"]


def test_a_model_outside_of_the_folders_is_listed_by_its_name(models: LiveServer) -> None:
    found = {model["name"]: model for model in models.call("GET", "/api/models").json["models"]}

    assert (found["shipped"]["size"], found["shipped"]["facts"], found["shipped"]["fault"]) == (
        None,
        None,
        None,
    )


async def test_a_model_is_loaded_checked_and_listed(tmp_path: Path) -> None:
    hub = StandInHub({"owner/model": {"model.safetensors": LARGE}}, breaks=[1_500_000])
    async with with_hub(hub, tmp_path) as server:
        await asyncio.to_thread(server.wait_until_ready)
        begun = await call(server, "POST", "/api/models/pull", {"repo": "owner/model", "folder": "toys"})
        done = await ended(server, begun.headers["location"])
        listed = (await call(server, "GET", "/api/models")).json["models"]
        pulls = (await call(server, "GET", "/api/models/pulls")).json["pulls"]

    assert begun.status == 202
    assert (done["state"], done["loaded_bytes"], done["total_bytes"]) == ("succeeded", len(LARGE), len(LARGE))
    assert [file["target"] for file in done["files"]] == ["toys/model.safetensors"]
    assert (tmp_path / "models/toys/model.safetensors").read_bytes() == LARGE
    model = next(model for model in listed if model["name"] == "model.safetensors")
    assert model["digest"] == done["files"][0]["digest"]
    assert [pull["id"] for pull in pulls] == [done["id"]]
    assert {asked.token for asked in hub.asked} == {"Bearer hf_secret"}


async def test_a_download_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    hub = StandInHub({"owner/model": {"model.safetensors": LARGE}}, breaks=[1_200_000, *[0] * 4000])
    async with hub.open():
        manager = serving(tmp_path, hub.url)
        server = await asyncio.to_thread(manager.__enter__)
        url = (await call(server, "POST", "/api/models/pull", {"repo": "owner/model"})).headers["location"]
        part = tmp_path / "models" / ".pulls" / url.rpartition("/")[2] / "0.part"
        await asyncio.to_thread(eventually, lambda: part.exists() and part.stat().st_size > 0)
        server.process.kill()
        await asyncio.to_thread(manager.__exit__, None, None, None)
        loaded = await asyncio.to_thread(lambda: part.stat().st_size)
        hub.breaks.clear()
        hub.asked.clear()
        manager = serving(tmp_path, hub.url)
        server = await asyncio.to_thread(manager.__enter__)
        done = await ended(server, url)
        await asyncio.to_thread(manager.__exit__, None, None, None)

    assert done["state"] == "succeeded"
    assert (tmp_path / "models/model.safetensors").read_bytes() == LARGE
    assert hub.downloads()[-1].range == f"bytes={loaded}-"


async def test_a_download_can_be_cancelled_and_forgotten(tmp_path: Path) -> None:
    hub = StandInHub({"owner/model": {"model.safetensors": LARGE}}, breaks=[1_200_000, *[0] * 4000])
    async with with_hub(hub, tmp_path) as server:
        url = (await call(server, "POST", "/api/models/pull", {"repo": "owner/model"})).headers["location"]
        cancelled = await call(server, "DELETE", url)
        kept = await call(server, "GET", url)
        await call(server, "DELETE", url)
        gone = await call(server, "GET", url)

    assert (cancelled.status, cancelled.json["state"], kept.json["state"]) == (200, "cancelled", "cancelled")
    assert (gone.status, gone.code) == (404, "pull-unknown")


async def test_a_download_that_fails_says_why(tmp_path: Path) -> None:
    hub = StandInHub({"owner/old": {"model.ckpt": LARGE}}, redirect="")
    async with with_hub(hub, tmp_path) as server:
        bodies = [{"repo": "owner/old"}, {"repo": "owner/none"}]
        urls = [(await call(server, "POST", "/api/models/pull", body)).headers["location"] for body in bodies]
        codes = [(await ended(server, url))["problems"][0]["code"] for url in urls]

    assert codes == ["weights-refused", "hub-unknown"]


async def test_a_hub_that_sends_us_to_this_machine_is_not_followed(tmp_path: Path) -> None:
    calls: list[str] = []

    def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(str(writer.get_extra_info("peername")))
        writer.close()

    canary = await asyncio.start_server(note, "127.0.0.1", 0)
    port = canary.sockets[0].getsockname()[1]
    hub = StandInHub({"owner/model": {"model.safetensors": LARGE}}, redirect=f"https://127.0.0.1:{port}/")
    async with canary, with_hub(hub, tmp_path) as server:
        url = (await call(server, "POST", "/api/models/pull", {"repo": "owner/model"})).headers["location"]
        done = await ended(server, url)

    assert (done["state"], done["problems"][0]["code"]) == ("failed", "address-refused")
    assert calls == []


@pytest.mark.parametrize("file", ["model.ckpt", "pytorch_model.bin", "x/model.pt", "model.PKL", "run.py"])
def test_pickles_and_programs_are_refused_at_once(models: LiveServer, file: str) -> None:
    answer = models.call("POST", "/api/models/pull", {"repo": "owner/model", "file": file})

    assert (answer.status, answer.code) == (422, "weights-refused")


@pytest.mark.parametrize("text", TRAVERSALS)
def test_no_field_of_a_download_leads_out_of_the_models_folder(models: LiveServer, text: str) -> None:
    before = _files(models)

    for body in (
        {"repo": text},
        {"repo": f"owner/{text}"},
        {"repo": "owner/model", "file": f"{text}/x.safetensors"},
        {"repo": "owner/model", "files": [f"{text}/x.safetensors"]},
        {"repo": "owner/model", "revision": text},
        {"repo": "owner/model", "folder": text or "."},
    ):
        answer = models.call("POST", "/api/models/pull", body)
        assert answer.status in {400, 422}, (body, answer.body)

    assert _files(models) == before


def _files(server: LiveServer) -> set[str]:
    return {str(path) for path in server.folder.rglob("*") if path.is_file() and "weft.db" not in path.name}


@pytest.mark.parametrize("text", [text for text in TRAVERSALS if text not in {"", ".", ".."}])
def test_no_id_of_a_download_leads_anywhere(models: LiveServer, text: str) -> None:
    from urllib.parse import quote

    for method in ("GET", "DELETE"):
        assert models.call(method, f"/api/models/pulls/{quote(text, safe='')}").status in {400, 404}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"repo": 5},
        {"repo": "o/m", "url": "http://127.0.0.1"},
        {"repo": "o/m", "files": "x"},
        {"repo": ""},
    ],
)
def test_a_body_that_does_not_fit_is_refused(models: LiveServer, body: dict[str, object]) -> None:
    assert models.call("POST", "/api/models/pull", body).status == 422


def test_only_who_manages_the_server_loads_models(tmp_path: Path) -> None:
    with serving(tmp_path, require_token=True) as server:
        tokens = Tokens(server.folder / "data")
        for secret in (tokens.add("r", "read").secret, tokens.add("s", "submit").secret):
            caller = replace(server, headers={"Authorization": f"Bearer {secret}"})
            answers = [
                caller.call("POST", "/api/models/pull", {"repo": "owner/model"}),
                caller.call("GET", "/api/models/pulls"),
                caller.call("DELETE", "/api/models/pulls/x"),
            ]
            assert {answer.code for answer in answers} == {"scope-missing"}


def test_before_a_worker_has_spoken_the_models_are_not_known(tmp_path: Path) -> None:
    with serving(tmp_path, device="cuda:63") as server:
        answer = server.call("GET", "/api/models")

    assert (answer.status, answer.code) == (503, "worker-unavailable")


async def test_nothing_is_called_before_somebody_asks_for_it(tmp_path: Path) -> None:
    hub = StandInHub({"owner/model": {"model.safetensors": LARGE}})
    async with with_hub(hub, tmp_path) as server:
        for path in ("/api/models/pulls", "/healthz", "/api/workflows", "/api/assets"):
            await call(server, "GET", path)

    assert hub.asked == []


def test_the_record_of_a_download_holds_no_secret(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with serving(tmp_path, f"http://127.0.0.1:{nobody.getsockname()[1]}") as server:
            url = server.call("POST", "/api/models/pull", {"repo": "owner/model"}).headers["location"]
            eventually(lambda: server.call("GET", url).json["state"] == "failed")
            told = json.dumps(server.call("GET", url).json)
            records = [path.read_text() for path in (tmp_path / "models").rglob("pull.json")]
            log = (tmp_path / "log").read_text()

    assert records
    assert "hf_secret" not in told + log + "".join(records)
