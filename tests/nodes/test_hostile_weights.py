"""No loader of weights runs what stands in a file, whatever it is called and however it begins."""

import contextlib
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest
import tiny_models
import torch
from hostile_weights import HARMLESS, hostile_weights
from weft.errors import WeftError
from weft.sdk import FingerprintScope, LocalRun, Paths
from weft_nodes import adapters, checkpoints
from weft_nodes.families.identify import identify
from weft_nodes.models.patches import LowRankPatch
from weft_nodes.models.weights import component_files, iterate_tensors, read_header

COMPONENTS = ("diffusion_pytorch_model", "model", "pytorch_model")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """What is written where code runs."""
    return tmp_path / "canary"


@pytest.fixture
def files(canary: Path) -> Mapping[str, bytes]:
    """The files."""
    return hostile_weights(canary)


def lay_out(folder: Path, files: Mapping[str, bytes]) -> Paths:
    """Put the files where checkpoints and LoRA files lie."""
    paths = Paths.below(folder)
    for place in (paths.models[0], paths.models[0] / "loras"):
        place.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (place / name).write_bytes(data)
    return paths


def test_the_files_do_run_code_where_somebody_lets_them(canary: Path, files: Mapping[str, bytes]) -> None:
    assert len(files) >= 30
    for name in ("protocol-0.safetensors", "pickle.ckpt"):
        pickle.loads(files[name])
        assert canary.exists()
        canary.unlink()

    (canary.parent / "x.pt").write_bytes(files["torch.pt"])
    torch.load(canary.parent / "x.pt", weights_only=False)
    assert canary.exists()


def test_listing_checkpoints_and_loras_runs_nothing(
    tmp_path: Path, canary: Path, files: Mapping[str, bytes]
) -> None:
    paths = lay_out(tmp_path / "there", files)

    listed = {**checkpoints.checkpoints_by_name(paths), **adapters.loras_by_name(paths)}

    assert all(Path(name).suffix == ".safetensors" or name == "starter" for name in listed)
    assert not canary.exists()


def test_loading_a_checkpoint_runs_nothing(tmp_path: Path, canary: Path, files: Mapping[str, bytes]) -> None:
    paths = lay_out(tmp_path / "there", files)

    for name in files:
        checkpoints._digest_of_checkpoint(FingerprintScope(paths), name)
        with pytest.raises(WeftError):
            checkpoints.load_checkpoint(LocalRun(paths=paths), name)
        with pytest.raises(WeftError):
            identify(paths.models[0] / name)
        assert not canary.exists(), name


def test_applying_a_lora_runs_nothing(tmp_path: Path, canary: Path, files: Mapping[str, bytes]) -> None:
    paths = lay_out(tmp_path / "there", files)
    run = LocalRun(paths=paths)
    model, encoder, _ = checkpoints.load_checkpoint(run, "starter")
    network = tiny_models.tiny_unet()

    for name in files:
        with contextlib.suppress(WeftError):
            adapters.apply_lora(run, model, encoder, lora=name)
        with pytest.raises(WeftError):
            LowRankPatch(str(paths.models[0] / "loras" / name), "digest").apply(network)
        assert not canary.exists(), name


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_part_of_a_folder_runs_nothing(
    tmp_path: Path, canary: Path, files: Mapping[str, bytes], component: str
) -> None:
    for number, (name, data) in enumerate(files.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / f"{component}{Path(name).suffix}").write_bytes(data)
        with contextlib.suppress(WeftError):
            for file in component_files(folder):
                list(iterate_tensors(file))
        assert not canary.exists(), name


def test_only_whole_files_of_weights_are_read(
    tmp_path: Path, canary: Path, files: Mapping[str, bytes]
) -> None:
    paths = lay_out(tmp_path / "there", files)
    read = set()

    for name in files:
        with contextlib.suppress(WeftError):
            read_header(paths.models[0] / name)
            assert list(iterate_tensors(paths.models[0] / name))
            read.add(name)

    assert read == HARMLESS
    assert not canary.exists()
