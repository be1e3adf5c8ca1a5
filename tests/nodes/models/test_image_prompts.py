"""The handle of an IP-Adapter, its way into a model, and what it makes of pictures."""

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from tiny.image_prompts import SIZE, tiny_adapter, tiny_image_encoder, write_adapter
from tiny.styles import tiny_siglip
from torch import nn
from weft.sdk import Image
from weft_nodes.families import Checkpoint, ModelStore
from weft_nodes.families.image_prompts import open_adapter
from weft_nodes.models.errors import CheckpointChangedError, CheckpointIncompleteError, ControlMismatchError
from weft_nodes.models.image_prompts import (
    ImageAdapter,
    load_projection,
    read_pictures,
    see_pictures,
    with_adapters,
)

WIDTH = tiny_models.WIDTH


@pytest.fixture(scope="module")
def unet() -> nn.Module:
    """A U-Net of Stable Diffusion's kind; nothing writes into it."""
    found: nn.Module = tiny_models.tiny_unet()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, unet: nn.Module) -> Path:
    """Tiny adapters of two kinds."""
    found = tmp_path_factory.mktemp("models")
    for place, kind in enumerate(("base", "plus")):
        write_adapter(found / "ip_adapter", unet, "sd15", kind=kind, seed=7 + place)
    return found


def handle(folder: Path, store: ModelStore, kind: str = "base") -> ImageAdapter:
    """The handle of a tiny adapter."""
    return open_adapter(f"ip-adapter-{kind}.safetensors", [folder], store.digests)


def test_adapters_become_patches_of_a_model_whatever_their_order(
    store: ModelStore, checkpoint: Checkpoint, folder: Path
) -> None:
    model, first, second = checkpoint.model, handle(folder, store), handle(folder, store, "plus")

    assert with_adapters(model, []) is model
    assert with_adapters(model, [first, second, first]).key == with_adapters(model, [second, first]).key
    assert len({model.key, with_adapters(model, [first]).key, with_adapters(model, [second]).key}) == 3
    assert with_adapters(model, [first, replace(first, blocks=(("*", 0.5),))]).patches[1:]
    with pytest.raises(ControlMismatchError, match="made for sdxl"):
        with_adapters(model, [replace(first, family="sdxl")])


def test_each_picture_of_a_batch_adds_its_tokens(store: ModelStore, folder: Path) -> None:
    pictures = torch.rand(2, SIZE, SIZE, 3, generator=torch.Generator().manual_seed(2))
    for kind in ("base", "plus"):
        adapter = handle(folder, store, kind)
        alone = [store.read_pictures(adapter, Image(pictures[place : place + 1]))[0] for place in (0, 1)]

        tokens, empty = store.read_pictures(adapter, Image(pictures))

        assert tokens.shape == empty.shape == (1, 8, WIDTH)
        torch.testing.assert_close(tokens, torch.cat(alone, dim=1), atol=1e-5, rtol=1e-5)
    # The image encoder is shared by both, and each has a projection.
    assert store.statistics().bases == 3


def test_the_middle_of_a_wide_picture_is_seen(folder: Path) -> None:
    square = torch.rand(1, SIZE, SIZE, 3, generator=torch.Generator().manual_seed(2))
    wide = torch.cat([torch.zeros(1, SIZE, 7, 3), square, torch.ones(1, SIZE, 7, 3)], dim=2)
    path = folder / "ip_adapter" / "ip-adapter-base.safetensors"
    projection = load_projection(path, dtype=torch.float32, device=torch.device("cpu"))
    with torch.no_grad():
        seen = [read_pictures(tiny_image_encoder(), projection, Image(each))[0] for each in (square, wide)]

    torch.testing.assert_close(seen[0], seen[1])


def test_no_picture_is_black_where_the_adapter_learned_that(folder: Path) -> None:
    path = folder / "ip_adapter" / "ip-adapter-base.safetensors"
    projection = load_projection(path, dtype=torch.float32, device=torch.device("cpu"))
    white, black = Image(torch.ones(1, SIZE, SIZE, 4)), Image(torch.zeros(1, SIZE, SIZE, 3))
    with torch.no_grad():
        _, empty = read_pictures(tiny_image_encoder(), projection, white, sees_black=True)
        seen, zero = read_pictures(tiny_image_encoder(), projection, black)

    torch.testing.assert_close(empty, seen)
    assert not torch.allclose(empty, zero)


@pytest.mark.parametrize(("width", "tokens"), [(WIDTH, 4), (WIDTH // 4, 16)])
def test_a_projection_makes_as_many_tokens_as_its_file_has_room_for(
    tmp_path: Path, unet: nn.Module, width: int, tokens: int
) -> None:
    tensors = tiny_adapter(unet) | {
        f"image_proj.norm.{name}": torch.ones(width) for name in ("weight", "bias")
    }
    save_file(tensors, tmp_path / "x.safetensors")

    made = load_projection(tmp_path / "x.safetensors", dtype=torch.float32, device=torch.device("cpu"))

    assert made(torch.zeros(1, 12)).shape == (1, tokens, width)


def test_what_siglip_sees_stays_apart_for_each_picture() -> None:
    pictures = torch.rand(2, SIZE, SIZE, 3, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        both, empty = see_pictures(tiny_siglip(), Image(pictures))
        second, _ = see_pictures(tiny_siglip(), Image(pictures[1:]))

    assert both.shape[:2] == (1, 2)
    assert not empty.any()
    torch.testing.assert_close(both[:, 1:], second)


@pytest.mark.parametrize("kind", ["base", "sd3"])
def test_a_changed_adapter_is_noticed(tmp_path: Path, store: ModelStore, unet: nn.Module, kind: str) -> None:
    network = tiny_models.MAKERS["sd3"]().transformer if kind == "sd3" else unet
    write_adapter(tmp_path / "ip_adapter", network, "sd15", kind=kind)
    adapter = handle(tmp_path, store, kind)
    write_adapter(tmp_path / "ip_adapter", network, "sd15", kind=kind, seed=20)

    with pytest.raises(CheckpointChangedError):
        store.read_pictures(adapter, Image(torch.zeros(1, SIZE, SIZE, 3)))


def test_a_projection_that_lacks_a_layer_is_incomplete(tmp_path: Path, unet: nn.Module) -> None:
    tensors = tiny_adapter(unet, kind="plus")
    path = tmp_path / "x.safetensors"
    save_file({name: tensor for name, tensor in tensors.items() if "layers.3" not in name}, path)

    with pytest.raises(CheckpointIncompleteError, match="image_proj"):
        load_projection(path, dtype=torch.float32, device=torch.device("cpu"))
