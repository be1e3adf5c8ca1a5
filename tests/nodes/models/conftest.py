"""Tiny checkpoints, written once for all tests of the model layer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_models
from weft.sdk import Paths, ServiceScope
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint


@pytest.fixture(scope="session")
def sd15_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion 1.x in the diffusers layout; do not write into it."""
    return tiny_models.write_folder(tmp_path_factory.mktemp("folder") / "sd15", "sd15")


@pytest.fixture(scope="session")
def sd15_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion 1.x as a single file; do not write into it."""
    return tiny_models.write_single_file(tmp_path_factory.mktemp("file") / "sd15.safetensors", "sd15")


@pytest.fixture(scope="session")
def sd15_configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configurations of the single file."""
    return tiny_models.write_configs(tmp_path_factory.mktemp("configs") / "sd15", "sd15")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ModelStore]:
    """A fresh store on the CPU."""
    made = ModelStore.create(ServiceScope(device="cpu", paths=Paths.below(tmp_path)))
    yield made
    made.close()


@pytest.fixture
def checkpoint(store: ModelStore, sd15_folder: Path) -> Checkpoint:
    """The handles of the tiny folder."""
    return open_checkpoint(sd15_folder, memory=store.digests)
