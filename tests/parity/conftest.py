"""Tiny checkpoints of every family in both layouts, written once for all parity tests."""

from pathlib import Path

import pytest
import tiny_models
from weft.paths import Paths
from weft.sdk import ServiceScope
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint

Opened = tuple[ModelStore, Checkpoint]


class Openings:
    """Opens the tiny checkpoint of a family in the layout "folder" or "file", and remembers it.

    Args:
        root: Where the checkpoints are written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._store = ModelStore.create(ServiceScope(device="cpu", paths=Paths.below(root)))
        self._known: dict[tuple[str, str], Checkpoint] = {}

    def __call__(self, family: str, layout: str) -> Opened:
        """Return the store and the handles of a checkpoint."""
        if (family, layout) not in self._known:
            self._known[family, layout] = self._write(family, layout)
        return self._store, self._known[family, layout]

    def _write(self, family: str, layout: str) -> Checkpoint:
        root, memory = self._root, self._store.digests
        if layout == "folder":
            return open_checkpoint(tiny_models.write_folder(root / family, family), memory=memory)
        return open_checkpoint(
            tiny_models.write_single_file(root / f"{family}.safetensors", family),
            memory=memory,
            family=family,
            config=tiny_models.write_configs(root / f"{family}-configs", family),
        )


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Openings:
    """Open the tiny checkpoint of a family in the layout "folder" or "file"."""
    return Openings(tmp_path_factory.mktemp("checkpoints"))
