"""A download appears among the models whole and checked, and what is known of it survives the server."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from server.jobs.stand_in_hub import safetensors
from weft.errors import DiskFullError
from weft.jobs.files.file_faults import ModelExistsError, WeightsRefusedError
from weft.jobs.hub.pull_choice import PullRequest
from weft.jobs.hub.pull_store import FOLDER, Pull, PullFile, PullStore, pull_id

REQUEST = PullRequest("owner/model", files=("a.safetensors",))
DATA = safetensors()


def a_file(data: bytes = DATA, target: str = "a.safetensors") -> PullFile:
    return PullFile(target, target, len(data), hashlib.sha256(data).hexdigest())


def a_pull(*files: PullFile, request: PullRequest = REQUEST) -> Pull:
    return Pull(pull_id(request), request, "running", created_at=5.0, commit="c" * 40, files=files)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def store(models: Path) -> PullStore:
    return PullStore(models)


def load(store: PullStore, pull: Pull, *contents: bytes) -> None:
    """Prepare a download and write the contents of its files, as if they had come from a hub."""
    store.prepare(pull)
    for place, data in enumerate(contents):
        store.part(pull, place).write_bytes(data)


def test_equal_requests_have_the_same_id_and_others_another() -> None:
    ids = {
        pull_id(request)
        for request in (
            PullRequest("o/m"),
            PullRequest("o/m", files=("a",)),
            PullRequest("o/m", files=("a", "b")),
            PullRequest("o/m", folder="a"),
            PullRequest("o/m", revision="a"),
        )
    }

    assert len(ids) == 5
    assert pull_id(PullRequest("o/m")) in ids


def test_what_is_written_down_is_read_again(store: PullStore) -> None:
    pull = a_pull(a_file(), PullFile("b.json", "b.json"))
    store.record(pull)

    assert store.recorded() == [pull]


def test_nothing_is_known_where_nothing_was_loaded(store: PullStore, models: Path) -> None:
    assert store.recorded() == []
    assert not models.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "pull.json").write_text("{"),
        lambda folder: (folder / "pull.json").write_text("{}"),
        lambda folder: (folder / "pull.json").write_text(
            (folder / "pull.json").read_text().replace("owner/model", "../../etc")
        ),
        lambda folder: folder.rename(folder.with_name("other")),
    ],
    ids=["cut", "empty", "traversal", "moved"],
)
def test_a_record_that_cannot_be_used_is_left_alone(
    store: PullStore, models: Path, spoil: Callable[[Path], object]
) -> None:
    store.record(a_pull(a_file()))
    spoil(next((models / FOLDER).iterdir()))

    assert store.recorded() == []
    assert next((models / FOLDER).iterdir()).exists()


def test_a_file_appears_once_it_is_checked_and_put_in_place(store: PullStore, models: Path) -> None:
    pull = a_pull(a_file(target="loras/a.safetensors"))
    load(store, pull, DATA)

    before = store.is_loaded(pull, 0)
    store.accept(pull, 0)
    visible = list(models.glob("**/[!.]*.safetensors"))
    store.put_in_place(pull)

    assert (before, visible) == (False, [])
    assert store.is_loaded(pull, 0)
    assert (models / "loras/a.safetensors").read_bytes() == DATA
    assert store.loaded_bytes(pull) == len(DATA)


def test_the_index_of_a_pipeline_appears_last(
    store: PullStore, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, weights = b"{}", DATA
    pull = a_pull(
        PullFile("model_index.json", "m/model_index.json", 2),
        PullFile("unet/a.safetensors", "m/unet/a.safetensors", len(DATA)),
    )
    load(store, pull, index, weights)
    for place in (0, 1):
        store.accept(pull, place)
    moved: list[str] = []
    replace_file = Path.replace

    def note(path: Path, target: Path) -> Path:
        moved.append(target.name)
        return replace_file(path, target)

    monkeypatch.setattr(Path, "replace", note)
    store.put_in_place(pull)

    assert moved == ["a.safetensors", "model_index.json"]


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b"", bytes(len(DATA))])
def test_what_is_not_what_the_hub_says_is_deleted(store: PullStore, data: bytes) -> None:
    pull = a_pull(a_file())
    load(store, pull, data)

    with pytest.raises(WeightsRefusedError, match="content"):
        store.accept(pull, 0)

    assert not store.part(pull, 0).exists()
    assert not store.is_loaded(pull, 0)


def test_a_pickle_under_another_name_is_refused_even_where_the_hub_vouches_for_it(store: PullStore) -> None:
    data = b"\x80\x02cos\nsystem\n(S'true'\ntR." + bytes(2000)
    pull = a_pull(a_file(data))
    load(store, pull, data)

    with pytest.raises(WeightsRefusedError, match="pickle"):
        store.accept(pull, 0)


def test_small_files_are_checked_by_their_digest_of_git(store: PullStore) -> None:
    digest = hashlib.sha1(b"blob 2\0{}", usedforsecurity=False).hexdigest()
    pull = a_pull(PullFile("config.json", "m/config.json", 2, digest))
    load(store, pull, b"[]")

    with pytest.raises(WeightsRefusedError):
        store.accept(pull, 0)
    store.part(pull, 0).write_bytes(b"{}")
    store.accept(pull, 0)

    assert store.is_loaded(pull, 0)


def test_another_model_of_that_name_is_never_replaced(store: PullStore, models: Path) -> None:
    pull = a_pull(a_file())
    load(store, pull, DATA)
    store.accept(pull, 0)
    (models / "a.safetensors").write_bytes(b"mine")

    with pytest.raises(ModelExistsError):
        store.put_in_place(pull)
    with pytest.raises(ModelExistsError):
        store.prepare(pull)

    assert (models / "a.safetensors").read_bytes() == b"mine"


def test_the_same_model_that_is_there_already_counts_as_loaded(store: PullStore, models: Path) -> None:
    models.mkdir()
    (models / "a.safetensors").write_bytes(DATA)
    pull = a_pull(a_file())

    store.prepare(pull)

    assert store.is_loaded(pull, 0)


def test_too_little_room_is_told_before_anything_is_loaded(store: PullStore, models: Path) -> None:
    free = shutil.disk_usage(models.parent).free

    with pytest.raises(DiskFullError):
        store.prepare(a_pull(replace(a_file(), size=free * 2)))


def test_clearing_leaves_the_record_and_forgetting_nothing(store: PullStore, models: Path) -> None:
    pull = a_pull(a_file(), a_file(target="b.safetensors"))
    load(store, pull, DATA, DATA[:10])
    store.accept(pull, 0)

    store.clear(pull)
    kept = store.recorded()
    store.forget(pull)

    assert kept == [replace(pull, loaded_bytes=0)]
    assert list((models / FOLDER).iterdir()) == []


def test_the_total_is_known_only_where_every_size_is() -> None:
    assert a_pull(a_file(), a_file()).total_bytes == 2 * len(DATA)
    assert a_pull(a_file(), PullFile("x", "x")).total_bytes is None
    assert a_pull().total_bytes is None
