"""Models are listed with what their files say, and loaded from the hub that was named, or not at all."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import numpy as np
import pytest
from live_server import PACK, LiveServer, eventually, live_server
from server.jobs.hub.test_hub import TRAVERSALS
from server.jobs.stand_in_hub import StandInHub, safetensors
from weft.pictures import encode_png, read_picture
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


@contextmanager
def listening(hub: StandInHub) -> Iterator[StandInHub]:
    """Let a hub listen beside the tests, which wait for what the server does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    there = hub.open()
    asyncio.run_coroutine_threadsafe(there.__aenter__(), loop).result(60)
    try:
        yield hub
    finally:
        asyncio.run_coroutine_threadsafe(there.__aexit__(None, None, None), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def pull(server: LiveServer, **body: object) -> str:
    """Begin a download, and give its address."""
    answer = server.call("POST", "/api/models/pull", body)
    assert answer.status == 202, answer.body
    return answer.headers["location"]


def ended(server: LiveServer, url: str) -> Any:
    """Wait until a download has ended."""
    eventually(lambda: server.call("GET", url).json["state"] in {"succeeded", "failed", "cancelled"})
    return server.call("GET", url).json


@pytest.fixture(scope="module")
def hub() -> Iterator[StandInHub]:
    """A hub with some models."""
    repos = {
        "owner/model": {"model.safetensors": LARGE},
        "owner/slow": {"slow.safetensors": LARGE},
        "owner/old": {"model.ckpt": LARGE},
        "owner/lured": {"lured.safetensors": LARGE},
    }
    with listening(StandInHub(repos)) as hub:
        yield hub


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, hub: StandInHub) -> Iterator[LiveServer]:
    """A server with some models, and that hub."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "models" / "toys").mkdir(parents=True)
    (folder / "models" / "plain.safetensors").write_bytes(safetensors({"a": [3, 5]}, notes={"format": "pt"}))
    (folder / "models" / "toys" / "below.safetensors").write_bytes(safetensors({"a": [2]}))
    (folder / "models" / "broken.safetensors").write_bytes(b"\x80\x04not at all")
    with serving(folder, hub.url) as server:
        server.wait_until_ready()
        yield server


def test_nothing_is_called_before_somebody_asks_for_it(models: LiveServer, hub: StandInHub) -> None:
    for path in ("/api/models", "/api/models/pulls", "/healthz", "/api/workflows", "/api/assets"):
        assert models.call("GET", path).status == 200

    assert hub.asked == []


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


def test_the_picture_beside_a_model_is_shown_small(models: LiveServer) -> None:
    place = models.folder / "models" / "plain.preview.png"
    place.write_bytes(encode_png(np.zeros((60, 90, 3), np.uint8)))
    (models.folder / "models" / "toys" / "below.png").write_text("<script>alert(1)</script>")
    found = {model["name"]: model for model in models.call("GET", "/api/models").json["models"]}
    url = found["plain.safetensors"]["picture_url"]

    answer = models.call("GET", f"{url}?size=32")
    text = models.call("GET", found["below.safetensors"]["picture_url"])

    assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
    assert read_picture(answer.body).shape[:2] == (21, 32)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    assert (text.status, text.code) == (422, "picture-unreadable")
    assert found["shipped"]["picture_url"] is None
    place.unlink()


@pytest.mark.parametrize("id", ["0" * 64, "..%2f..%2fplain.safetensors", "plain.safetensors"])
def test_no_file_but_the_picture_of_a_model_is_ever_given(models: LiveServer, id: str) -> None:
    answer = models.call("GET", f"/api/models/pictures/{id}")

    assert (answer.status, answer.code) == (404, "model-picture-unknown")


def test_a_model_is_loaded_checked_and_listed(models: LiveServer, hub: StandInHub) -> None:
    hub.breaks[:] = [1_500_000]

    done = ended(models, pull(models, repo="owner/model", folder="toys"))
    listed = models.call("GET", "/api/models").json["models"]
    pulls = models.call("GET", "/api/models/pulls").json["pulls"]

    assert (done["state"], done["loaded_bytes"], done["total_bytes"]) == ("succeeded", len(LARGE), len(LARGE))
    assert [file["target"] for file in done["files"]] == ["toys/model.safetensors"]
    assert (models.folder / "models/toys/model.safetensors").read_bytes() == LARGE
    model = next(model for model in listed if model["name"] == "model.safetensors")
    assert model["digest"] == done["files"][0]["digest"]
    assert done["id"] in [entry["id"] for entry in pulls]
    assert {asked.token for asked in hub.asked} == {"Bearer hf_secret"}


def test_a_download_goes_on_after_the_server_was_killed(tmp_path: Path) -> None:
    files = {"owner/model": {"model.safetensors": LARGE}}
    with listening(StandInHub(files, breaks=[1_200_000, *[0] * 4000])) as hub:
        with serving(tmp_path, hub.url) as server:
            url = pull(server, repo="owner/model")
            part = tmp_path / "models" / ".pulls" / url.rpartition("/")[2] / "0.part"
            eventually(lambda: part.exists() and part.stat().st_size > 0)
            server.process.kill()
        loaded = part.stat().st_size
        hub.breaks.clear()
        hub.asked.clear()
        with serving(tmp_path, hub.url) as server:
            done = ended(server, url)

    assert done["state"] == "succeeded"
    assert (tmp_path / "models/model.safetensors").read_bytes() == LARGE
    assert hub.downloads()[-1].range == f"bytes={loaded}-"


def test_a_download_can_be_cancelled_and_forgotten(models: LiveServer, hub: StandInHub) -> None:
    hub.breaks[:] = [1_200_000, *[0] * 4000]
    url = pull(models, repo="owner/slow")
    cancelled = models.call("DELETE", url)
    hub.breaks.clear()
    kept = models.call("GET", url)
    models.call("DELETE", url)
    gone = models.call("GET", url)

    assert (cancelled.status, cancelled.json["state"], kept.json["state"]) == (200, "cancelled", "cancelled")
    assert (gone.status, gone.code) == (404, "pull-unknown")


@pytest.mark.parametrize(("repo", "code"), [("owner/old", "weights-refused"), ("owner/none", "hub-unknown")])
def test_a_download_that_fails_says_why(models: LiveServer, repo: str, code: str) -> None:
    done = ended(models, pull(models, repo=repo))

    assert (done["state"], done["problems"][0]["code"]) == ("failed", code)


def test_a_hub_that_sends_us_to_this_machine_is_not_followed(models: LiveServer, hub: StandInHub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as canary:
        hub.redirect = f"https://127.0.0.1:{canary.getsockname()[1]}/"
        done = ended(models, pull(models, repo="owner/lured"))
        hub.redirect = ""
        canary.settimeout(0)
        with pytest.raises(BlockingIOError):
            canary.accept()

    assert (done["state"], done["problems"][0]["code"]) == ("failed", "address-refused")


def test_no_record_of_a_download_holds_the_token(models: LiveServer) -> None:
    records = [path.read_text() for path in (models.folder / "models").rglob("pull.json")]
    told = models.call("GET", "/api/models/pulls").body.decode()

    assert records
    assert "hf_secret" not in told + (models.folder / "log").read_text() + "".join(records)


@pytest.mark.parametrize("file", ["model.ckpt", "pytorch_model.bin", "x/model.pt", "model.PKL", "run.py"])
def test_pickles_and_programs_are_refused_at_once(models: LiveServer, file: str) -> None:
    answer = models.call("POST", "/api/models/pull", {"repo": "owner/model", "file": file})

    assert (answer.status, answer.code) == (422, "weights-refused")


def test_no_field_of_a_download_leads_out_of_the_models_folder(models: LiveServer) -> None:
    before = _files(models)

    for text in TRAVERSALS:
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


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_no_id_of_a_download_leads_anywhere(models: LiveServer, method: str) -> None:
    for text in sorted(set(TRAVERSALS) - {"", ".", ".."}):
        answer = models.call(method, f"/api/models/pulls/{quote(text, safe='')}")
        assert answer.status in {400, 404}, text


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
