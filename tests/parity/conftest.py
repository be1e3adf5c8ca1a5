"""Tiny checkpoints of every family in both layouts, written once for all parity tests."""

from collections.abc import Hashable, Iterator
from pathlib import Path

import pytest
import tiny_models
from torch import Tensor
from weft.sdk import LocalRun, Paths
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint

Opened = tuple[ModelStore, Checkpoint]


class Openings:
    """Opens the tiny checkpoint of a family in the layout "folder" or "file", and remembers it.

    Args:
        root: Where the checkpoints are written.

    Attributes:
        root: The same.
        run: A run for nodes, which finds models below `root`.
        store: Its models.
        free: Latents that nothing steers, by how they are made.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = LocalRun(paths=Paths.below(root))
        self.store = self.run.service(ModelStore)
        self.free: dict[Hashable, Tensor] = {}
        self._known: dict[tuple[str, str], Checkpoint] = {}

    def __call__(self, family: str, layout: str = "folder") -> Opened:
        """Return the store and the handles of a checkpoint."""
        if (family, layout) not in self._known:
            self._known[family, layout] = self._write(family, layout)
        return self.store, self._known[family, layout]

    def _write(self, family: str, layout: str) -> Checkpoint:
        root, memory = self.root, self.store.digests
        if layout == "folder":
            return open_checkpoint(tiny_models.write_folder(root / family, family), memory=memory)
        return open_checkpoint(
            tiny_models.write_single_file(root / f"{family}.safetensors", family),
            memory=memory,
            family=family,
            config=tiny_models.write_configs(root / f"{family}-configs", family),
        )


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Openings]:
    """Open the tiny checkpoint of a family in the layout "folder" or "file"."""
    openings = Openings(tmp_path_factory.mktemp("checkpoints"))
    yield openings
    openings.run.close()
