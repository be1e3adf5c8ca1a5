"""Tiny checkpoints of every family in both layouts, written once for all parity tests."""

from collections.abc import Callable

import pytest
import tiny_models
from weft.paths import Paths
from weft.sdk import ServiceScope
from weft_nodes.families import Checkpoint, ModelStore, open_checkpoint

Opened = tuple[ModelStore, Checkpoint]


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Opened]:
    """Open the tiny checkpoint of a family in the layout "folder" or "file"."""
    root = tmp_path_factory.mktemp("checkpoints")
    store = ModelStore.create(ServiceScope(device="cpu", paths=Paths.below(root)))
    known: dict[tuple[str, str], Checkpoint] = {}

    def write(family: str, layout: str) -> Checkpoint:
        if layout == "folder":
            return open_checkpoint(tiny_models.write_folder(root / family, family), memory=store.digests)
        return open_checkpoint(
            tiny_models.write_single_file(root / f"{family}.safetensors", family),
            memory=store.digests,
            family=family,
            config=tiny_models.write_configs(root / f"{family}-configs", family),
        )

    def get(family: str, layout: str) -> Opened:
        if (family, layout) not in known:
            known[family, layout] = write(family, layout)
        return store, known[family, layout]

    return get
