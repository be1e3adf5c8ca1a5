"""Desks for the tests of shipped workflows: with a tiny random model, its additions, or the starter model."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_models
from PIL import Image
from safetensors.torch import save_file
from tiny.controls import tiny_hints, write_control
from tiny.image_prompts import write_adapter
from tiny.upscalers import compact_shapes, filled
from workflow_runs import STARTER, Desk, open_desk, open_tiny_desk


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a tiny random model: quick, and its pictures show nothing."""
    desk = open_tiny_desk(tmp_path_factory.mktemp("tiny"))
    yield desk
    desk.engine.close()


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A tiny desk with what workflows ask users for: a picture, adapters, an upscaler, files apart."""
    folder = tmp_path_factory.mktemp("stocked")
    models = folder / "models"
    tiny_models.write_folder(models / "flux", "flux")
    write_adapter(models / "ip_adapter", tiny_models.shared("starter").unet, "starter")
    write_control(
        models / "controlnet" / "hints", tiny_hints(tiny_models.shared("starter"), "starter"), "starter"
    )
    _take_apart(STARTER, models)
    (models / "upscalers").mkdir()
    save_file(filled(compact_shapes(2)), models / "upscalers" / "double.safetensors")
    (folder / "input").mkdir()
    Image.new("RGB", (160, 128), "red").save(folder / "input" / "own.png")
    desk = open_tiny_desk(folder)
    yield desk
    desk.engine.close()


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with the starter model: its pictures show what prompts say."""
    if not (STARTER / "model_index.json").is_file():
        pytest.skip("the starter model has no weights here")
    desk = open_desk(tmp_path_factory.mktemp("starter"))
    yield desk
    desk.engine.close()


def _take_apart(checkpoint: Path, models: Path) -> None:
    """Put the parts of a checkpoint into the folders for files apart, and beside them what describes them."""
    for part, folder in (("unet", "diffusion_models"), ("text_encoder", "text_encoders"), ("vae", "vae")):
        (models / folder).mkdir()
        (weights,) = (checkpoint / part).glob("*.safetensors")
        shutil.copyfile(weights, models / folder / f"own-{part}.safetensors")
    configs = models / "diffusion_models" / "configs" / "starter"
    shutil.copytree(checkpoint, configs, ignore=shutil.ignore_patterns("*.safetensors"))
