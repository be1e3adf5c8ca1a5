"""Checkpoints are found by name, known by content, and changed by patches that leave them as they are."""

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
    PatchMismatchError,
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints and two LoRA files."""
    found = tiny_paths(tmp_path_factory.mktemp("checkpoints"))
    folder = found.models[0] / "loras"
    folder.mkdir()
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    pair = {"lora_A.weight": torch.randn(2, 8), "lora_B.weight": torch.randn(8, 2)}
    save_file({f"unet.{name}.{part}": tensor for part, tensor in pair.items()}, folder / "shape.safetensors")
    save_file({"something.else": torch.zeros(1)}, folder / "strange.safetensors")
    kohya = {"lora_down.weight": torch.randn(2, 8), "lora_up.weight": torch.randn(8, 2)}
    layer = "lora_te1_text_model_encoder_layers_0_self_attn_q_proj"
    save_file({f"{layer}.{part}": tensor for part, tensor in kohya.items()}, folder / "texts.safetensors")
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

    assert listed["starter"] == {"family": "starter", "space": "starter"}
    assert listed["xl"] == {"family": "sdxl", "space": "sdxl"}
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


def test_a_lora_changes_the_key_of_the_model_and_not_the_model_given(run: LocalRun) -> None:
    model, encoder, _ = checkpoints.load_checkpoint(run, "starter")
    key = model.key

    patched = checkpoints.apply_lora(run, model, encoder, lora="shape.safetensors", strength=0.5)

    assert model.key == key
    assert patched.model.key != key
    assert patched.encoder == encoder
    assert run.files["shape.safetensors"]


def test_loras_follow_each_other_and_their_strength_counts(run: LocalRun) -> None:
    model, encoder, _ = checkpoints.load_checkpoint(run, "starter")

    def keys(strength: float) -> str:
        found = checkpoints.apply_lora(run, model, encoder, lora="shape.safetensors", strength=strength)
        return found.model.key

    once = checkpoints.apply_lora(run, model, encoder, lora="shape.safetensors")
    twice = checkpoints.apply_lora(run, *once, lora="shape.safetensors")

    assert len(twice.model.patches) == 2
    assert len({keys(0.5), keys(1.0), keys(-1.0), model.key}) == 4
    assert keys(0.0) == model.key


def test_a_kohya_lora_for_the_first_of_two_text_encoders_changes_the_encoder_alone(run: LocalRun) -> None:
    model, encoder, _ = checkpoints.load_checkpoint(run, "xl")

    patched = checkpoints.apply_lora(run, model, encoder, lora="texts.safetensors")

    assert patched.model == model
    assert [patch.part for patch in patched.encoder.patches] == ["text_encoder"]


def test_a_checkpoint_that_moved_is_loaded_anew_because_handles_say_where_it_lies(
    paths: Paths, tmp_path: Path
) -> None:
    elsewhere = shutil.copytree(paths.models[0], tmp_path / "models")

    assert digest(paths, "xl") != digest(replace(paths, models=(elsewhere,)), "xl")


def test_a_lora_for_nothing_known_is_an_error(run: LocalRun) -> None:
    model, encoder, _ = checkpoints.load_checkpoint(run, "starter")

    with pytest.raises(PatchMismatchError, match="strange"):
        checkpoints.apply_lora(run, model, encoder, lora="strange.safetensors")
    with pytest.raises(ModelFileMissingError):
        checkpoints.apply_lora(run, model, encoder, lora="absent.safetensors")


def test_loras_are_listed_by_their_names_and_told_apart_by_content(paths: Paths) -> None:
    scope = FingerprintScope(paths)
    shape, strange, _ = (
        checkpoints._digest_of_lora(scope, name) for name in checkpoints.loras_by_name(paths)
    )

    assert list(checkpoints.loras_by_name(paths)) == [
        "shape.safetensors",
        "strange.safetensors",
        "texts.safetensors",
    ]
    assert shape != strange
    assert checkpoints._digest_of_lora(scope, "absent.safetensors") == "missing"


def test_skipped_layers_and_predictions_are_part_of_the_key(run: LocalRun) -> None:
    model, encoder, _ = checkpoints.load_checkpoint(run, "starter")

    assert checkpoints.skip_layers(encoder, 1).key != encoder.key
    assert checkpoints.skip_layers(encoder, 0).key == encoder.key
    assert checkpoints.set_prediction(model, "epsilon").key != model.key
