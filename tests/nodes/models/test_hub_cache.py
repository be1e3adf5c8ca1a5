"""Models that lie in the cache of Hugging Face are found by their names, and nothing is fetched."""

import os
import socket
from pathlib import Path

import pytest
from weft_nodes.models.hub_cache import cache_folder, cached_models, is_repository

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def fetched(cache: Path, name: str, *files: str, branch: str = "main") -> Path:
    """A repository in a cache, as the library of Hugging Face leaves it."""
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / branch).write_text(COMMIT)
    snapshot = repository / "snapshots" / COMMIT
    (repository / "blobs").mkdir()
    for number, file in enumerate(files):
        blob = repository / "blobs" / str(number)
        blob.write_text("{}")
        (snapshot / file).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / file).symlink_to(os.path.relpath(blob, (snapshot / file).parent))
    return snapshot


def test_models_in_the_layout_of_diffusers_are_found_by_the_names_of_their_repositories(
    tmp_path: Path,
) -> None:
    first = fetched(tmp_path, "owner/model", "model_index.json", "unet/config.json")
    fetched(tmp_path, "owner/lora", "lora.safetensors")
    (tmp_path / "datasets--owner--pictures").mkdir()
    (tmp_path / "models--a--b--c").mkdir()
    (tmp_path / "models---owner--model").mkdir()

    assert cached_models(tmp_path) == {"owner/model": first}


def test_what_is_not_of_the_main_branch_or_not_whole_is_left_alone(tmp_path: Path) -> None:
    fetched(tmp_path, "owner/branch", "model_index.json", branch="fp16")
    broken = fetched(tmp_path, "owner/broken", "model_index.json")
    (broken / "model_index.json").resolve().unlink()

    assert cached_models(tmp_path) == {}
    assert cached_models(tmp_path / "missing") == {}


def test_nothing_is_asked_of_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    fetched(tmp_path, "owner/model", "model_index.json")

    assert list(cached_models(tmp_path)) == ["owner/model"]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
        ({"HF_HUB_CACHE": "", "HF_HOME": ""}, str(Path.home() / ".cache" / "huggingface" / "hub")),
    ],
)
def test_the_cache_lies_where_its_own_library_looks(environment: dict[str, str], folder: str) -> None:
    assert cache_folder(environment) == Path(folder)


def test_names_of_repositories_have_an_owner_and_a_model() -> None:
    assert is_repository("owner/model-1.0_b")
    assert not any(is_repository(name) for name in ("starter", "xl/sub/base", "owner/", "a b/c", "../x/y"))
