"""Models are those that the packs list, described by the files that a walk through the folders finds."""

import os
import struct
from pathlib import Path
from typing import Annotated

import pytest
from server.jobs.stand_in_hub import safetensors
from weft.jobs.files.file_faults import ModelPictureUnknownError
from weft.jobs.hub.hub import Hub
from weft.jobs.hub.models import Model, ModelLibrary
from weft.jobs.hub.pull_choice import PullRequest
from weft.jobs.hub.pull_store import Pull, PullFile, PullStore, pull_id
from weft.node import node
from weft.paths import Paths
from weft.registry import Registry
from weft.settings import Settings
from weft.widgets import ImageFile, ModelFile
from weft.workers.catalog import FORMAT, StoredCatalog
from weft.workers.faults import WorkerUnavailableError
from weft.workers.protocol import Answer, AskCatalog
from weft.workers.views import WorkerView


@node("model.load", output="name")
def _load(
    model: Annotated[str, ModelFile("checkpoint")],
    lora: Annotated[str, ModelFile("lora")],
    image: Annotated[str, ImageFile()],
    more: list[Annotated[str, ModelFile("extra")]],
) -> str:
    return model + lora + image + "".join(more)


class Shop:
    """Workers that say which models there are, and are asked to look again."""

    def __init__(
        self, paths: Paths, listings: dict[str, dict[str, dict[str, str]]], state: str = "ready"
    ) -> None:
        registry = Registry()
        registry.add(_load)
        data = {
            "format": FORMAT,
            "nodes": [schema.to_json() for schema in registry.schemas()],
            "choices": {},
            "listings": {kind: {"offers": names} for kind, names in listings.items()},
            "values": [],
            "packs": [],
        }
        self.catalog: StoredCatalog | None = StoredCatalog(data, paths)
        self.workers = (WorkerView("worker", state),)  # type: ignore[arg-type]
        self.asked = 0
        self.is_gone = False

    async def ask(self, question: AskCatalog, *, timeout_s: float = 60.0) -> Answer:
        self.asked += 1
        if self.is_gone:
            raise WorkerUnavailableError(reason="it is gone")
        return Answer(1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dirs=(tmp_path / "first", tmp_path / "second"))


def put(path: Path, data: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data or safetensors())
    return path


async def listed(settings: Settings, listings: dict[str, dict[str, dict[str, str]]]) -> dict[str, Model]:
    library = ModelLibrary(settings, Shop(settings.paths, listings), Hub())
    await library.start()
    found = {model.name: model for model in await library.all()}
    await library.close()
    return found


async def test_every_kind_that_a_node_asks_for_is_listed(settings: Settings) -> None:
    listings: dict[str, dict[str, dict[str, str]]] = {
        "checkpoint": {"a": {"family": "sd15"}},
        "lora": {"b": {}},
        "extra": {"c": {}},
        "image": {"cat.png": {}},
        "unused": {"d": {}},
    }

    found = await listed(settings, listings)

    assert {name: model.kind for name, model in found.items()} == {
        "a": "checkpoint",
        "b": "lora",
        "c": "extra",
    }
    assert found["a"].traits == {"family": "sd15"}


async def test_the_first_folder_wins_and_folders_of_a_kind_are_looked_into(settings: Settings) -> None:
    first, second = settings.models_dirs
    put(first / "same.safetensors", safetensors({"a": [1]}))
    put(second / "same.safetensors", safetensors({"a": [2]}))
    put(second / "loras" / "style.safetensors", safetensors({"a": [3]}))

    found = await listed(
        settings, {"checkpoint": {"same.safetensors": {}}, "lora": {"style.safetensors": {}}, "extra": {}}
    )

    counts = {name: model.facts.parameters if model.facts else None for name, model in found.items()}
    assert counts == {"same.safetensors": 1, "style.safetensors": 3}


async def test_packed_files_say_what_they_hold_and_where_they_came_from(settings: Settings) -> None:
    (first, _), name = settings.models_dirs, "diffusion_models/flux-Q8_0.gguf"
    tensor = struct.pack("<Q1sIQQIQ", 1, b"x", 2, 64, 2, 8, 0)
    put(first / name, b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + tensor)
    put(first / "diffusion_models" / "flux-Q8_0.png", b"picture")
    put(first / "diffusion_models" / "cut.gguf", b"GGUF")
    request = PullRequest("owner/model", files=("flux-Q8_0.gguf",), folder="diffusion_models")
    file = PullFile("flux-Q8_0.gguf", name, size=None, digest="ab" * 32)
    PullStore(first).record(Pull(pull_id(request), request, "succeeded", 1.0, files=(file,)))
    listing = {"flux-Q8_0.gguf": {"family": "flux"}, "cut.gguf": {}}

    found = await listed(settings, {"checkpoint": listing, "lora": {}, "extra": {}})

    packed, cut = found["flux-Q8_0.gguf"], found["cut.gguf"]
    assert packed.facts is not None
    assert (packed.facts.dtype, packed.facts.parameters, packed.digest) == ("Q8_0", 128, "ab" * 32)
    assert packed.picture is not None
    assert packed.size == (first / name).stat().st_size
    assert "damaged header" in cut.fault


async def test_a_picture_is_known_by_its_id_to_a_server_that_has_listed_nothing(
    settings: Settings,
) -> None:
    put(settings.models_dirs[1] / "a.safetensors")
    place = put(settings.models_dirs[1] / "a.png", b"picture")
    shop = Shop(settings.paths, {"checkpoint": {"a.safetensors": {}}, "lora": {}, "extra": {}})
    (model,) = await ModelLibrary(settings, shop, Hub()).all()
    assert model.picture is not None

    later = ModelLibrary(settings, shop, Hub())

    assert await later.picture(model.picture.id) == place
    with pytest.raises(ModelPictureUnknownError):
        await later.picture("0" * 64)


async def test_a_pipeline_is_described_by_all_of_its_weights(settings: Settings) -> None:
    folder = settings.models_dirs[0] / "pipe"
    put(folder / "model_index.json", b"{}")
    sizes = [put(folder / part / "model.safetensors").stat().st_size for part in ("unet", "vae")]

    found = (await listed(settings, {"checkpoint": {"pipe": {}}, "lora": {}, "extra": {}}))["pipe"]

    assert found.size == sum(sizes)
    assert found.facts is not None
    assert found.facts.tensors == 2


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/passwd", "..", ".pulls/x/0.safetensors", ""])
async def test_a_listed_name_never_becomes_a_path(settings: Settings, name: str) -> None:
    put(settings.models_dirs[0].parent / "secret.safetensors")
    put(settings.models_dirs[0] / ".pulls" / "x" / "0.safetensors")

    found = await listed(settings, {"checkpoint": {name: {}}, "lora": {}, "extra": {}})

    assert (found[name].size, found[name].facts) == (None, None)


async def test_a_file_is_read_again_only_when_it_changed(settings: Settings) -> None:
    path = put(settings.models_dirs[0] / "a.safetensors", safetensors({"a": [1]}))
    os.utime(path, (1, 1))
    library = ModelLibrary(
        settings, Shop(settings.paths, {"checkpoint": {"a.safetensors": {}}, "lora": {}, "extra": {}}), Hub()
    )

    before = (await library.all())[0].facts
    same = (await library.all())[0].facts
    path.write_bytes(safetensors({"a": [5]}))
    after = (await library.all())[0].facts

    assert before is same
    assert after is not None
    assert after.parameters == 5


async def test_what_was_loaded_is_known_by_its_digest(settings: Settings) -> None:
    models = settings.models_dirs[0]
    put(models / "a.safetensors")
    request = PullRequest("o/m")
    file = PullFile("a.safetensors", "a.safetensors", 5, "ab" * 32)
    PullStore(models).record(Pull(pull_id(request), request, "succeeded", 1.0, files=(file,)))

    found = await listed(settings, {"checkpoint": {"a.safetensors": {}}, "lora": {}, "extra": {}})

    assert found["a.safetensors"].digest == "ab" * 32


async def test_without_a_catalogue_nothing_is_known(settings: Settings) -> None:
    shop = Shop(settings.paths, {})
    shop.catalog = None

    with pytest.raises(WorkerUnavailableError):
        await ModelLibrary(settings, shop, Hub()).all()


async def test_a_kind_that_cannot_be_listed_hides_no_other(settings: Settings) -> None:
    found = await listed(settings, {"lora": {"b": {}}})

    assert list(found) == ["b"]


@pytest.mark.parametrize(("state", "asked"), [("ready", 1), ("starting", 0), ("down", 0)])
async def test_workers_that_are_ready_are_asked_to_look_again(
    settings: Settings, state: str, asked: int
) -> None:
    shop = Shop(settings.paths, {}, state)

    await ModelLibrary(settings, shop, Hub()).publish()

    assert shop.asked == asked


async def test_a_worker_that_ends_meanwhile_spoils_no_download(settings: Settings) -> None:
    shop = Shop(settings.paths, {})
    shop.is_gone = True

    await ModelLibrary(settings, shop, Hub()).publish()

    assert shop.asked == 1


def test_the_environment_names_the_hub() -> None:
    named = Hub.from_environment({"HF_ENDPOINT": "http://hub.local:8080", "HF_TOKEN": " token\n"})
    default = Hub.from_environment({"HF_ENDPOINT": ""})

    assert named._trusted is not None
    assert (named._trusted.host, named._token) == ("hub.local", "token")
    assert default._trusted is None
