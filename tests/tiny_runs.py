"""A run over folders that hold a tiny random checkpoint, for tests of nodes that need a model."""

from pathlib import Path

import tiny_models
from weft.sdk import LocalRun, Paths
from weft_nodes.checkpoints import LoadedCheckpoint, load_checkpoint


def tiny_paths(folder: Path) -> Paths:
    """Folders with a tiny random checkpoint under the name of the starter model, and one of SDXL."""
    paths = Paths.below(folder)
    tiny_models.write_folder(paths.models[0] / "starter", "starter")
    tiny_models.write_folder(paths.models[0] / "xl", "sdxl")
    return paths


def load_tiny(run: LocalRun, name: str = "starter") -> LoadedCheckpoint:
    """The parts of a tiny checkpoint."""
    return load_checkpoint(run, name)
