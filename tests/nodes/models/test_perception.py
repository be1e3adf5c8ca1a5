"""Networks that read pictures: what they find is what transformers finds with the same files."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny.perception import write_depth, write_segmentation
from torch import Tensor
from torch.nn import functional
from weft.sdk import ModelError
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import (
    CheckpointIncompleteError,
    CheckpointUnknownError,
    ModelFileMissingError,
    ModelFileRefusedError,
)
from weft_nodes.models.perception import (
    ReaderStore,
    find_network,
    list_networks,
    network_digest,
    read_classes,
    read_depth,
)

PICTURE = torch.rand(40, 72, 3, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one network for each task; do not write into it."""
    folder = tmp_path_factory.mktemp("models")
    write_depth(folder / "preprocessors" / "depth" / "relative")
    write_depth(folder / "preprocessors" / "depth" / "metric", is_metric=True)
    write_segmentation(folder / "preprocessors" / "segformer")
    return folder


@pytest.fixture
def store() -> Iterator[ReaderStore]:
    """A fresh store on the CPU."""
    made = ReaderStore(device="cpu")
    yield made
    made.close()


def reference(path: Path, **options: object) -> Any:
    """What transformers itself finds with the files of a folder."""
    import transformers

    name = json.loads((path / "config.json").read_text())["architectures"][0]
    network = getattr(transformers, name).from_pretrained(path).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(path)
    picture = (PICTURE * 255).round().byte().numpy()
    with torch.no_grad():
        return network(**processor(images=picture, return_tensors="pt"))


def stretched(depth_1hw: Tensor) -> Tensor:
    """Depth of the size of the picture."""
    return functional.interpolate(depth_1hw[:, None], PICTURE.shape[:2], mode="bicubic", align_corners=False)[
        0, 0
    ]


def test_networks_are_listed_by_what_they_read(models: Path) -> None:
    assert list(list_networks("depth", [models])) == ["depth/metric", "depth/relative"]
    assert list(list_networks("segmentation", [models])) == ["segformer"]
    assert not list_networks("depth", [models / "none"])


def test_depth_is_what_transformers_finds_stretched_from_far_to_near(
    models: Path, store: ReaderStore
) -> None:
    path = find_network("depth", "depth/relative", [models])
    expected = stretched(reference(path).predicted_depth)

    found = read_depth(store.reader(path, "a"), PICTURE)

    assert (float(found.min()), float(found.max())) == (0.0, 1.0)
    torch.testing.assert_close(
        found, (expected - expected.min()) / (expected.max() - expected.min()), atol=1e-4, rtol=1e-4
    )


def test_what_is_measured_as_a_distance_is_turned_around(models: Path, store: ReaderStore) -> None:
    path = find_network("depth", "depth/metric", [models])
    distance = stretched(reference(path).predicted_depth)

    found = read_depth(store.reader(path, "a"), PICTURE)

    is_before_us = distance > 0.01
    by_distance = found[is_before_us][distance[is_before_us].argsort()]
    assert bool((by_distance.diff() <= 1e-6).all())
    assert bool((found[~is_before_us] >= by_distance.max()).all())


def test_classes_are_those_that_transformers_finds(models: Path, store: ReaderStore) -> None:
    path = find_network("segmentation", "segformer", [models])
    logits = functional.interpolate(
        reference(path).logits, PICTURE.shape[:2], mode="bilinear", align_corners=False
    )
    reader = store.reader(path, "a")

    found = read_classes(reader, PICTURE)

    assert dict(reader.labels) == {0: "sky", 1: "person", 2: "tree"}
    assert found.equal(logits[0].argmax(0))


def test_a_network_is_loaded_once_and_forgotten_on_demand(models: Path, store: ReaderStore) -> None:
    path = find_network("segmentation", "segformer", [models])

    assert store.reader(path, "a") is store.reader(path, "a")
    assert store.held_bytes() > 0
    store.release(1)
    assert store.held_bytes() == 0


def test_names_that_are_not_listed_are_never_paths(models: Path) -> None:
    for name in ("depth", "../segformer", str(models / "preprocessors" / "segformer"), ""):
        with pytest.raises(ModelFileMissingError) as error:
            find_network("segmentation", name, [models])
        assert "segformer" in error.value.hint


def test_the_digest_covers_weights_and_what_prepares_pictures(models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(models / "preprocessors" / "segformer", tmp_path / "copy")
    before = network_digest(folder, DigestMemory())
    (folder / "preprocessor_config.json").write_text("{}")

    assert network_digest(folder, DigestMemory()) != before
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelFileMissingError):
        network_digest(folder, DigestMemory())


def test_pickles_unknown_classes_and_missing_tensors_are_refused(
    models: Path, tmp_path: Path, store: ReaderStore
) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(models / "preprocessors" / "segformer", tmp_path / "preprocessors" / "copy")
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("decode_head.classifier.bias")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(CheckpointIncompleteError, match=r"decode_head\.classifier\.bias"):
        store.reader(folder, "lacking")

    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps({**config, "architectures": ["EvilForSemanticSegmentation"]})
    )
    with pytest.raises(CheckpointUnknownError, match="EvilForSemanticSegmentation"):
        store.reader(folder, "unknown")

    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelFileRefusedError):
        network_digest(folder, DigestMemory())

    (folder / "config.json").write_text("{")
    assert not list_networks("segmentation", [tmp_path])
    assert issubclass(CheckpointUnknownError, ModelError)
