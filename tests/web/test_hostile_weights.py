"""Nothing that comes to a server as a model or a picture runs, and none of it is kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_weights import HARMLESS, hostile_weights
from live_server import LiveServer
from server.jobs.stand_in_hub import StandInHub
from server.web.files.test_asset_routes import form, upload
from server.web.files.test_model_routes import ended, listening, serving


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is written where code runs."""
    return tmp_path_factory.mktemp("canary") / "canary"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, canary: Path) -> Iterator[LiveServer]:
    """A server with the files among its models, and a hub that has each of them."""
    folder, files = tmp_path_factory.mktemp("hostile"), hostile_weights(canary)
    (folder / "models").mkdir()
    for name, data in files.items():
        (folder / "models" / name).write_bytes(data)
    repos = {f"owner/{number}": {name: data} for number, (name, data) in enumerate(files.items())}
    with listening(StandInHub(repos)) as hub, serving(folder, hub.url) as server:
        server.wait_until_ready()
        yield server


def test_models_that_could_run_are_listed_with_what_is_wrong_with_them(
    server: LiveServer, canary: Path
) -> None:
    found = {model["name"]: model for model in server.call("GET", "/api/models").json["models"]}

    hostile = {name for name in hostile_weights(canary) if name.endswith(".safetensors")}
    assert hostile <= found.keys()
    assert {name for name in hostile if not found[name]["fault"]} == HARMLESS
    assert not canary.exists()


def test_what_could_run_is_not_pulled(server: LiveServer, canary: Path) -> None:
    begun: dict[str, str] = {}
    for number, name in enumerate(hostile_weights(canary)):
        body = {"repo": f"owner/{number}", "files": [name], "folder": "pulled"}
        answer = server.call("POST", "/api/models/pull", body)
        if name.endswith(".safetensors"):
            assert answer.status == 202, (name, answer.body)
            begun[name] = answer.headers["location"]
        else:
            assert answer.status == 422, (name, answer.body)

    states: dict[str, Any] = {name: ended(server, url)["state"] for name, url in begun.items()}

    assert {name for name, state in states.items() if state == "succeeded"} == HARMLESS
    kept = {path.name for path in (server.folder / "models" / "pulled").rglob("*") if path.is_file()}
    assert kept == HARMLESS
    assert not canary.exists()


def test_what_could_run_is_not_taken_for_a_picture(server: LiveServer, canary: Path) -> None:
    for name, data in hostile_weights(canary).items():
        assert upload(server, data).status == 415, name
        assert upload(server, *form(("file", name, data))).status == 415, name

    assert not canary.exists()
    assert not list((server.folder / "data" / "blobs").glob("??/*"))
