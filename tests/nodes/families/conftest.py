"""Checkpoints with the names and shapes of the published models, as headers over files that hold nothing."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_models
from torch import Tensor, nn
from weft_nodes.families import FAMILIES
from weft_nodes.models.loading import build_without_storage, read_json

WriteHeader = Callable[[Mapping[str, Tensor]], Path]


def published_modules(family: str) -> dict[str, nn.Module]:
    """Build the networks of a family in published size, without storage, by the name of their folder."""
    adapter = FAMILIES[family]
    assert adapter.configs is not None
    parts = (adapter.network_part, adapter.vae_part, *(part.encoder for part in adapter.text_parts))
    built = {}
    for part in parts:
        config = read_json(adapter.configs / part.name / "config.json")
        built[part.name] = build_without_storage(lambda part=part, config=config: part.build(config))  # type: ignore[misc]
    return built


@pytest.fixture(scope="session", params=["sd15", "sd2", "sdxl", "sdxl-refiner"])
def published(request: pytest.FixtureRequest) -> tuple[str, dict[str, nn.Module], dict[str, Tensor]]:
    """A family, its networks in published size, and their tensors by single-file names; no storage."""
    family = str(request.param)
    modules = published_modules(family)
    return family, modules, tiny_models.original_layout(SimpleNamespace(**modules), family)


@pytest.fixture
def write_header(tmp_path: Path) -> WriteHeader:
    """Write a safetensors file whose header is true and whose tensors are a hole in the disk."""

    def write(tensors: Mapping[str, Tensor], *, metadata: Mapping[str, str] | None = None) -> Path:
        header: dict[str, object] = {"__metadata__": dict(metadata or {})}
        end = 0
        for name, tensor in tensors.items():
            start, end = end, end + tensor.numel() * 2
            header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [start, end]}
        text = json.dumps(header).encode()
        path = tmp_path / "checkpoint.safetensors"
        with path.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            file.truncate(8 + len(text) + end)
        return path

    return write
