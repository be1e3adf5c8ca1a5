"""Checkpoints are found by name, opened without loading weights, and described from their headers."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from weft.sdk import LocalRun, Paths
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import (
    ModelStore,
    checkpoint_traits,
    find_checkpoint,
    list_checkpoints,
    open_checkpoint,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import (
    CheckpointCorruptError,
    CheckpointUnknownError,
    FamilyUnknownError,
    ModelFileMissingError,
    ModelFileRefusedError,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SDXL in the diffusers layout."""
    return tiny_models.write_folder(tmp_path_factory.mktemp("models") / "sdxl", "sdxl")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion 1.x as one file, of a width that no family has."""
    return tiny_models.write_single_file(tmp_path_factory.mktemp("models") / "tiny.safetensors", "sd15")


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"x": torch.zeros(1)}, path)
    return path


def test_opening_gives_three_handles_of_one_family(folder: Path) -> None:
    checkpoint = open_checkpoint(folder, memory=DigestMemory())

    assert checkpoint.model.family == checkpoint.encoder.family == checkpoint.vae.family == "sdxl"
    assert checkpoint.model.space == checkpoint.vae.space == "sdxl"
    assert checkpoint.identified.reason
    assert dict(checkpoint.digests) == {
        "model": checkpoint.model.source,
        "encoder": checkpoint.encoder.source,
        "vae": checkpoint.vae.source,
    }


def test_opening_twice_gives_equal_handles(folder: Path) -> None:
    first, second = (open_checkpoint(folder, memory=DigestMemory()) for _ in range(2))

    assert (first.model, first.encoder, first.vae) == (second.model, second.encoder, second.vae)


def test_a_copy_under_another_name_gives_the_same_keys(folder: Path, tmp_path: Path) -> None:
    copy = open_checkpoint(tiny_models.copy_folder(folder, tmp_path / "renamed"), memory=DigestMemory())
    original = open_checkpoint(folder, memory=DigestMemory())

    assert copy.model.weights.path != original.model.weights.path
    assert (copy.model.key, copy.encoder.key, copy.vae.key) == (
        original.model.key,
        original.encoder.key,
        original.vae.key,
    )


def test_another_text_encoder_changes_the_encoder_alone(folder: Path, tmp_path: Path) -> None:
    original = open_checkpoint(folder, memory=DigestMemory())
    other = tiny_models.copy_folder(folder, tmp_path / "other")
    save_file(
        tiny_models.tiny_text_encoder(seed=99).state_dict(), other / "text_encoder" / "model.safetensors"
    )

    changed = open_checkpoint(other, memory=DigestMemory())

    assert changed.encoder.key != original.encoder.key
    assert (changed.model.key, changed.vae.key) == (original.model.key, original.vae.key)


def test_a_handle_does_not_depend_on_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)

    checkpoint = open_checkpoint(Path(folder.name), memory=DigestMemory())

    assert Path(checkpoint.model.weights.path) == folder


@pytest.mark.parametrize("layout", ["folder", "file"])
def test_nothing_is_looked_up_on_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("A connection was tried.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    if layout == "folder":
        path, config = tiny_models.write_folder(tmp_path / "model", "sd2"), None
    else:
        path = tiny_models.write_single_file(tmp_path / "model.safetensors", "sd2")
        config = tiny_models.write_configs(tmp_path / "configs", "sd2")
    store = LocalRun(paths=Paths.below(tmp_path)).service(ModelStore)

    checkpoint = open_checkpoint(path, memory=store.digests, family="sd2", config=config)

    assert store.network(checkpoint.model).device.type == "cpu"
    assert store.encode_prompt(checkpoint.encoder, "an inn").entries
    assert store.decode(checkpoint.vae, Latent(torch.zeros(1, 4, 4, 4), "sd")).pixels_BHWC.shape[1] == 32


def test_the_large_libraries_are_imported_late_and_say_nothing_then(folder: Path, tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from weft.sdk import LocalRun, Paths
from weft_nodes.families import ModelStore, open_checkpoint
store = LocalRun(paths=Paths.below(Path({str(tmp_path)!r}))).service(ModelStore)
checkpoint = open_checkpoint(Path({str(folder)!r}), memory=store.digests)
print({{"diffusers", "transformers"}} & set(sys.modules))
store.network(checkpoint.model)
store.encode_prompt(checkpoint.encoder, "a " * 200)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_single_file_takes_the_configurations_of_its_family(file: Path) -> None:
    checkpoint = open_checkpoint(file, memory=DigestMemory(), family="sd15")

    assert checkpoint.model.weights.config.endswith("sd15")
    assert (Path(checkpoint.model.weights.config) / "unet" / "config.json").is_file()


def test_type_and_prediction_can_be_chosen(folder: Path) -> None:
    checkpoint = open_checkpoint(folder, memory=DigestMemory(), dtype="bfloat16", prediction="v_prediction")

    assert checkpoint.model.weights.dtype == checkpoint.vae.weights.dtype == "bfloat16"
    assert checkpoint.model.prediction == "v_prediction"


def test_what_a_file_says_of_itself_enters_the_handle(file: Path, tmp_path: Path) -> None:
    flagged = tmp_path / "flagged.safetensors"
    rule_tensor = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    save_file({rule_tensor: torch.zeros(8, 768), "v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}, flagged)

    model = open_checkpoint(flagged, memory=DigestMemory()).model

    assert (model.prediction, model.has_zero_terminal_snr) == ("v_prediction", True)


def test_a_family_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(FamilyUnknownError, match="'sd9'"):
        open_checkpoint(folder, memory=DigestMemory(), family="sd9")


def test_a_folder_that_names_a_family_of_another_pack_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_weft_family": "unheard"}))

    with pytest.raises(FamilyUnknownError, match="'unheard'"):
        open_checkpoint(tmp_path, memory=DigestMemory())


def test_a_family_of_folders_has_no_single_files(file: Path) -> None:
    with pytest.raises(ModelFileMissingError) as caught:
        open_checkpoint(file, memory=DigestMemory(), family="starter")

    assert "folders" in caught.value.hint


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), CheckpointCorruptError),
        (lambda path: path.write_bytes(b"PK\x03\x04" + path.read_bytes()), ModelFileRefusedError),
        (lambda path: path.unlink(), ModelFileMissingError),
        (lambda path: save_file({"x": torch.zeros(1)}, path), CheckpointUnknownError),
    ],
)
def test_a_bad_file_is_refused_when_it_is_opened(
    file: Path,
    tmp_path: Path,
    damage: Callable[[Path], object],
    error: type[Exception],
) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(file.read_bytes())
    damage(copy)

    with pytest.raises(error, match="copy"):
        open_checkpoint(copy, memory=DigestMemory())


def test_checkpoints_are_listed_by_their_path_below_the_folder(tmp_path: Path) -> None:
    _touch(tmp_path / "b.safetensors")
    _touch(tmp_path / "xl" / "a.safetensors")
    tiny_models.write_configs(tmp_path / "folders" / "sd", "sd15")
    (tmp_path / "notes.txt").write_text("not a model")
    _touch(tmp_path / ".hidden" / "c.safetensors")

    listed = list_checkpoints([tmp_path, tmp_path / "missing"])

    assert [name for name in listed if name != "starter"] == [
        "b.safetensors",
        "folders/sd",
        "xl/a.safetensors",
    ]
    assert listed["xl/a.safetensors"] == tmp_path / "xl" / "a.safetensors"


def test_the_parts_of_a_folder_are_not_listed_by_themselves(tmp_path: Path) -> None:
    tiny_models.write_folder(tmp_path / "model", "sd15")

    assert [name for name in list_checkpoints([tmp_path]) if name != "starter"] == ["model"]


def test_of_two_checkpoints_of_one_name_the_first_folder_wins(tmp_path: Path) -> None:
    first, second = _touch(tmp_path / "1" / "a.safetensors"), _touch(tmp_path / "2" / "a.safetensors")

    assert list_checkpoints([tmp_path / "1", tmp_path / "2"])["a.safetensors"] == first
    assert list_checkpoints([tmp_path / "2", tmp_path / "1"])["a.safetensors"] == second


def test_models_in_the_cache_of_hugging_face_are_listed_behind_those_of_the_same_name(
    tmp_path: Path, folder: Path
) -> None:
    first = tiny_models.cache_folder(folder, tmp_path / "cache", "owner/model")
    tiny_models.cache_folder(folder, tmp_path / "cache", "owner/other")
    own = _touch(tmp_path / "models" / "owner" / "other" / "model_index.json").parent

    listed = list_checkpoints([tmp_path / "models"], tmp_path / "cache")

    assert listed["owner/model"] == find_checkpoint("owner/model", [], tmp_path / "cache") == first
    assert listed["owner/other"] == own
    assert checkpoint_traits(first)["family"] == "sdxl"
    assert open_checkpoint(first, memory=DigestMemory()).digests == (
        open_checkpoint(folder, memory=DigestMemory()).digests
    )


def test_a_repository_that_was_not_fetched_is_answered_with_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(ModelFileMissingError) as caught:
        find_checkpoint("owner/model", [], tmp_path)

    assert "`hf download owner/model`" in caught.value.hint


def test_a_listed_checkpoint_is_found(tmp_path: Path) -> None:
    path = _touch(tmp_path / "a.safetensors")

    assert find_checkpoint("a.safetensors", [tmp_path]) == path


@pytest.mark.parametrize("name", ["b.safetensors", "../a.safetensors", "/etc/passwd", ""])
def test_a_name_that_is_not_listed_is_never_a_path(tmp_path: Path, name: str) -> None:
    _touch(tmp_path / "a.safetensors")
    inner = tmp_path / "inner"
    inner.mkdir()

    with pytest.raises(ModelFileMissingError):
        find_checkpoint(name, [inner])


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    _touch(tmp_path / "a.safetensors")

    with pytest.raises(ModelFileMissingError) as caught:
        find_checkpoint("b.safetensors", [tmp_path])

    assert "a.safetensors" in caught.value.hint


def test_traits_of_a_checkpoint_are_its_family_and_space_and_the_kind_of_its_network(folder: Path) -> None:
    assert dict(checkpoint_traits(folder)) == {
        "family": "sdxl",
        "space": "sdxl",
        "network": "unet",
        "attention": "self",
        "shown": "nothing",
        "references": "none",
        "sights": "none",
        "guidance": "free",
        "t5": "empty",
        "bert": "empty",
    }


def test_a_file_that_cannot_be_read_has_no_traits(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"")

    assert dict(checkpoint_traits(tmp_path / "a.safetensors")) == {}
    assert dict(checkpoint_traits(tmp_path / "missing")) == {}


def test_a_folder_of_an_unheard_family_has_no_traits(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_weft_family": "unheard"}))

    assert dict(checkpoint_traits(tmp_path)) == {}
