"""Checkpoints are found by name, known by content, and read as one says."""

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from tiny.autoencoders import tiny_taesd
from tiny_runs import tiny_paths
from weft.sdk import FingerprintScope, LocalRun, Paths
from weft_nodes import checkpoints
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import ModelStore
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


def test_models_that_others_fetched_from_hugging_face_are_listed_and_loaded_by_their_names(
    tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tiny_models.cache_folder(paths.models[0] / "xl", tmp_path / "hub", "owner/xl")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    empty = Paths.below(tmp_path)
    run = LocalRun(paths=empty)

    whole = checkpoints.load_checkpoint(run, "owner/xl").model
    network = checkpoints.load_model(run, "owner/xl")

    assert whole == network
    assert (whole.family, whole.weights.path) == ("sdxl", str(cached))
    assert checkpoints.checkpoints_by_name(empty)["owner/xl"]["family"] == "sdxl"
    assert checkpoints.networks_by_name(empty)["owner/xl"]["space"] == "sdxl"
    assert network.source in checkpoints._digest_of_network(FingerprintScope(empty), "owner/xl")
    with pytest.raises(ModelFileMissingError) as caught:
        checkpoints.load_model(run, "owner/other")
    assert "`hf download owner/other`" in caught.value.hint
    assert checkpoints._digest_of_network(FingerprintScope(empty), "owner/other") == "checkpoint-missing"
    run.close()


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


def hole(path: Path, tensors: dict[str, tuple[int, ...]]) -> Path:
    """Write a file with a true header whose tensors are a hole in the disk."""
    header: dict[str, object] = {}
    end = 0
    for name, shape in tensors.items():
        start, end = end, end + math.prod(shape)
        header[name] = {"dtype": "F8_E4M3", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with the headers of a FLUX.1 in files apart, under the names that the field gives them."""
    found = Paths.below(tmp_path_factory.mktemp("parts"))
    models = found.models[0]
    network = {
        "txt_in.weight": (1, 4096),
        "double_blocks.0.img_attn.qkv.weight": (1,),
        "single_blocks.0.linear1.weight": (1,),
        "vector_in.in_layer.weight": (1,),
    }
    hole(models / "unet" / "flux1-schnell.safetensors", network)
    hole(
        models / "diffusion_models" / "flux1-dev.safetensors", network | {"guidance_in.in_layer.weight": (1,)}
    )
    hole(
        models / "clip" / "clip_l.safetensors", {"text_model.embeddings.token_embedding.weight": (49408, 768)}
    )
    hole(models / "text_encoders" / "t5xxl_fp8.safetensors", {"shared.weight": (32128, 4096)})
    hole(models / "vae" / "ae.safetensors", {"decoder.conv_in.weight": (1,)})
    return found


def test_parts_are_listed_by_their_kind_and_are_no_checkpoints(parts: Paths) -> None:
    networks = checkpoints.networks_by_name(parts)

    assert {name: found["guidance"] for name, found in networks.items()} == {
        "flux1-dev.safetensors": "told",
        "flux1-schnell.safetensors": "none",
    }
    assert list(checkpoints.encoders_by_name(parts)) == ["clip_l.safetensors", "t5xxl_fp8.safetensors"]
    assert list(checkpoints.vaes_by_name(parts)) == ["ae.safetensors"]
    assert list(checkpoints.checkpoints_by_name(parts)) == ["starter"]


def test_a_model_is_put_together_from_files_apart(parts: Paths) -> None:
    run = LocalRun(paths=parts)

    model = checkpoints.load_model(run, "flux1-dev.safetensors")
    encoder = checkpoints.load_encoder(
        run, model, "t5xxl_fp8.safetensors", "clip_l.safetensors", dtype="bfloat16"
    )
    vae = checkpoints.load_vae(run, model, "ae.safetensors", "float8")

    assert (model.family, encoder.family, vae.family, vae.space) == ("flux", "flux", "flux", "flux")
    assert (model.weights.dtype, encoder.weights.dtype, vae.weights.dtype) == ("auto", "bfloat16", "auto")
    assert run.files == {
        "flux1-dev.safetensors": model.source,
        "t5xxl_fp8.safetensors+clip_l.safetensors": encoder.source,
        "ae.safetensors": vae.source,
    }


def test_a_text_encoder_that_a_family_needs_is_asked_for(parts: Paths) -> None:
    run = LocalRun(paths=parts)
    model = checkpoints.load_model(run, "flux1-schnell.safetensors")

    with pytest.raises(ModelFileMissingError, match="text_encoder_2"):
        checkpoints.load_encoder(run, model, "clip_l.safetensors")


def test_fingerprints_of_parts_follow_their_content_and_say_what_is_wrong(
    parts: Paths, tmp_path: Path
) -> None:
    scope = FingerprintScope(parts)
    paths = Paths.below(tmp_path)
    hole(paths.models[0] / "vae" / "ae.safetensors", {"decoder.conv_in.weight": (2,)})

    assert checkpoints._digest_of_vae(scope, "ae.safetensors") != checkpoints._digest_of_vae(
        FingerprintScope(paths), "ae.safetensors"
    )
    assert checkpoints._digest_of_network(scope, "../x") == "checkpoint-missing"
    one, two = (
        checkpoints._digest_of_encoders(scope, "clip_l.safetensors", second, None)
        for second in (None, "t5xxl_fp8.safetensors")
    )
    assert two.startswith(one)
    assert two != one


def test_the_autoencoder_of_a_checkpoint_can_be_replaced(run: LocalRun, paths: Paths) -> None:
    model, _, vae = checkpoints.load_checkpoint(run, "xl")
    (paths.models[0] / "vae").mkdir()
    other = tiny_models.tiny_vae(scaling_factor=0.13025)
    tensors = {name: tensor + 0.01 for name, tensor in tiny_models.original_vae(other).items()}
    save_file(tensors, paths.models[0] / "vae" / "other.safetensors")
    latent = Latent(torch.zeros(1, 4, 4, 4), "sdxl")

    replaced = checkpoints.load_vae(run, model, "other.safetensors")

    assert replaced.space == vae.space
    store = run.service(ModelStore)
    assert not torch.equal(store.decode(replaced, latent).pixels_BHWC, store.decode(vae, latent).pixels_BHWC)


def test_a_small_autoencoder_is_loaded_by_the_name_of_its_folder(run: LocalRun, paths: Paths) -> None:
    model, _, vae = checkpoints.load_checkpoint(run, "xl")
    tiny_taesd().save_pretrained(paths.models[0] / "vae_approx" / "taesdxl")
    latent = Latent(torch.zeros(1, 4, 4, 4), "sdxl")

    small = checkpoints.load_vae(run, model, "taesdxl")

    assert checkpoints.vaes_by_name(paths)["taesdxl"] == {}
    assert not [name for name in checkpoints.checkpoints_by_name(paths) if "taesd" in name]
    assert small.key != vae.key
    assert run.service(ModelStore).decode(small, latent).pixels_BHWC.shape == (1, 32, 32, 3)


def test_the_type_to_compute_in_is_part_of_the_key_of_every_part(run: LocalRun) -> None:
    first, second = (checkpoints.load_checkpoint(run, "xl", dtype) for dtype in ("auto", "bfloat16"))

    keys = [(parts.model.key, parts.encoder.key, parts.vae.key) for parts in (first, second)]
    assert all(one != two for one, two in zip(*keys, strict=True))
