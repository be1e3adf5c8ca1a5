"""Checkpoints are found by name, known by content, and read as one says."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from tiny_runs import tiny_paths
from weft.sdk import FingerprintScope, LocalRun, Paths
from weft_nodes import checkpoints
from weft_nodes.models.errors import (
    CheckpointCorruptError,
    ModelFileMissingError,
    ModelFileRefusedError,
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints, and what is none beside them."""
    found = tiny_paths(tmp_path_factory.mktemp("checkpoints"))
    (found.models[0] / "loras").mkdir()
    save_file({"something.else": torch.zeros(1)}, found.models[0] / "loras" / "strange.safetensors")
    (found.models[0] / "embeddings").mkdir()
    save_file({"emb_params": torch.zeros(1, 8)}, found.models[0] / "embeddings" / "dusk.safetensors")
    return found


@pytest.fixture
def run(paths: Paths) -> Iterator[LocalRun]:
    """A run over those folders."""
    found = LocalRun(paths=paths)
    yield found
    found.close()


def digest(paths: Paths, name: str) -> str:
    """The fingerprint of a checkpoint."""
    return checkpoints._digest_of_checkpoint(FingerprintScope(paths), name)


def test_a_checkpoint_gives_three_parts_of_one_family(run: LocalRun) -> None:
    model, encoder, vae = checkpoints.load_checkpoint(run, "starter")

    assert model.family == encoder.family == vae.family == "starter"
    assert model.space == vae.space == "starter"


def test_the_content_of_a_checkpoint_is_noted_in_the_provenance(run: LocalRun) -> None:
    model, encoder, vae = checkpoints.load_checkpoint(run, "xl")

    assert run.files == {"xl/model": model.source, "xl/encoder": encoder.source, "xl/vae": vae.source}


def test_checkpoints_are_listed_with_family_and_space_and_loras_and_learned_words_are_not(
    paths: Paths,
) -> None:
    listed = checkpoints.checkpoints_by_name(paths)

    assert listed["starter"].items() >= {"family": "starter", "space": "starter"}.items()
    assert listed["xl"].items() >= {"family": "sdxl", "space": "sdxl"}.items()
    assert not [name for name in listed if "lora" in name or "embedding" in name]


def test_a_name_that_is_not_listed_is_never_taken_for_a_path(run: LocalRun, paths: Paths) -> None:
    with pytest.raises(ModelFileMissingError, match="starter2"):
        checkpoints.load_checkpoint(run, "starter2")
    with pytest.raises(ModelFileMissingError):
        checkpoints.load_checkpoint(run, str(paths.models[0] / "starter"))


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    tiny_models.write_folder(paths.models[0] / "first", "starter")
    before = digest(paths, "first")
    again = digest(paths, "first")
    tiny_models.write_folder(paths.models[0] / "first", "sd15")

    assert again == before
    assert digest(paths, "first") != before


def test_a_checkpoint_that_cannot_be_read_can_still_be_planned(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    paths.models[0].mkdir()
    (paths.models[0] / "broken.safetensors").write_bytes(b"nothing of the kind")

    assert digest(paths, "missing") == "checkpoint-missing"
    assert digest(paths, "broken.safetensors") == "checkpoint-corrupt"
    with pytest.raises(CheckpointCorruptError):
        checkpoints.load_checkpoint(LocalRun(paths=paths), "broken.safetensors")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    paths.models[0].mkdir()
    torch.save({"x": torch.zeros(1)}, paths.models[0] / "pickle.safetensors")

    with pytest.raises(ModelFileRefusedError):
        checkpoints.load_checkpoint(LocalRun(paths=paths), "pickle.safetensors")


def test_a_checkpoint_that_moved_is_loaded_anew_because_handles_say_where_it_lies(
    paths: Paths, tmp_path: Path
) -> None:
    elsewhere = shutil.copytree(paths.models[0], tmp_path / "models")

    assert digest(paths, "xl") != digest(replace(paths, models=(elsewhere,)), "xl")


def test_skipped_layers_and_predictions_are_part_of_the_key(run: LocalRun) -> None:
    model, encoder, _ = checkpoints.load_checkpoint(run, "starter")

    assert checkpoints.skip_layers(encoder, 1).key != encoder.key
    assert checkpoints.skip_layers(encoder, 0).key == encoder.key
    assert checkpoints.set_prediction(model, "epsilon").key != model.key
