"""The layers of an IP-Adapter add to what words say, on a clone, for the rows that have pictures."""

from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from tiny.image_prompts import SIZE, tiny_adapter, tiny_image_encoder, write_adapter
from torch import Tensor, nn
from weft.sdk import Image
from weft_nodes.diffusion.controls import ImageRows
from weft_nodes.families import Checkpoint, ModelStore
from weft_nodes.families.image_prompts import open_adapter
from weft_nodes.models.attention_patches import FreeU, PerturbedAttention
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import (
    CheckpointChangedError,
    CheckpointIncompleteError,
    ControlMismatchError,
    PatchMismatchError,
)
from weft_nodes.models.image_prompts import (
    ImageAdapter,
    ImageReading,
    load_projection,
    read_pictures,
    told_images,
    with_adapters,
)
from weft_nodes.models.patches import Patch

WIDTH = tiny_models.WIDTH
Rows = tuple[ImageRows, ...]


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


@pytest.fixture(scope="module")
def first(folder: Path) -> ImageReading:
    """The layers of the first adapter."""
    return ImageReading(str(folder / "ip_adapter" / "ip-adapter-base.safetensors"), "first")


@pytest.fixture(scope="module")
def second(folder: Path) -> ImageReading:
    """The layers of the second adapter."""
    return ImageReading(str(folder / "ip_adapter" / "ip-adapter-plus.safetensors"), "second")


def rows(key: str, *, strength: float = 1.0, mask: Tensor | None = None, seed: int = 3) -> ImageRows:
    """What two rows read of pictures."""
    tokens = torch.randn(2, 4, WIDTH, generator=torch.Generator().manual_seed(seed))
    return ImageRows(key, tokens, torch.full((2,), strength), mask)


def predicted(net: nn.Module, images: Rows = ()) -> Tensor:
    """What a U-Net predicts for two rows."""
    generator = torch.Generator().manual_seed(1)
    latent = torch.randn(2, 4, 8, 8, generator=generator)
    words = torch.randn(2, 5, WIDTH, generator=generator)
    with torch.no_grad():
        output: Tensor = net(
            latent, torch.tensor([500.0, 20.0]), words, return_dict=False, **told_images(net, images)
        )[0]
    return output


def patched(net: nn.Module, *patches: Patch) -> nn.Module:
    """A private clone with patches."""
    clone = light_clone(net)
    for patch in patches:
        patch.apply(clone)
    return clone


def test_a_changed_network_without_pictures_answers_as_before_and_the_base_stays(
    unet: nn.Module, first: ImageReading
) -> None:
    before = predicted(unet)
    clone = patched(unet, first)

    changed = predicted(clone, (rows("first"),))

    assert not torch.allclose(changed, before, atol=1e-4)
    torch.testing.assert_close(predicted(clone), before, atol=1e-6, rtol=1e-6)
    assert predicted(unet).equal(before)


def test_strength_is_a_number_of_each_row(unet: nn.Module, first: ImageReading) -> None:
    clone, image = patched(unet, first), rows("first")
    mixed = predicted(clone, (image._replace(strength_B=torch.tensor([1.0, 0.0])),))

    torch.testing.assert_close(mixed[:1], predicted(clone, (image,))[:1])
    torch.testing.assert_close(mixed[1:], predicted(clone)[1:])


def test_a_mask_of_everything_changes_nothing_and_of_nothing_all(
    unet: nn.Module, first: ImageReading
) -> None:
    clone = patched(unet, first)

    def masked(value: float) -> Tensor:
        return predicted(clone, (rows("first", mask=torch.full((2, 1, 8, 8), value)),))

    torch.testing.assert_close(masked(1.0), predicted(clone, (rows("first"),)))
    torch.testing.assert_close(masked(0.0), predicted(clone))


def test_several_adapters_add_up_in_any_order_and_the_same_can_read_twice(
    unet: nn.Module, first: ImageReading, second: ImageReading
) -> None:
    both = patched(unet, first, second)
    images = (rows("first"), rows("second", seed=4))

    torch.testing.assert_close(predicted(both, images), predicted(both, images[::-1]), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(predicted(both, images), predicted(both, images[:1]), atol=1e-4)
    halves = (rows("first", strength=0.5),) * 2
    torch.testing.assert_close(
        predicted(both, halves), predicted(both, (rows("first"),)), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("patch", [PerturbedAttention("all"), FreeU()])
def test_it_composes_with_patches_of_other_kinds(unet: nn.Module, first: ImageReading, patch: Patch) -> None:
    image = (rows("first"),)
    one, other = (predicted(patched(unet, *order), image) for order in ((first, patch), (patch, first)))

    assert one.equal(other)
    assert not torch.allclose(one, predicted(patched(unet, first), image), atol=1e-5)


def test_pictures_without_their_adapter_are_an_error(unet: nn.Module, first: ImageReading) -> None:
    for net in (unet, patched(unet, first)):
        with pytest.raises(ControlMismatchError, match="no layers for the pictures"):
            predicted(net, (rows("other"),))


def test_adapters_of_other_networks_are_refused(first: ImageReading) -> None:
    wide = tiny_models.MAKERS["sdxl"]().unet
    transformer = tiny_models.MAKERS["sd3"]().transformer

    with pytest.raises(PatchMismatchError, match=r"layers|takes"):
        patched(wide, first)
    with pytest.raises(PatchMismatchError, match="no U-Net"):
        patched(transformer, first)


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
    with pytest.raises(ControlMismatchError, match="made for sdxl"):
        with_adapters(model, [ImageAdapter("sdxl", first.weights, first.encoder)])


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


def test_a_changed_adapter_is_noticed(tmp_path: Path, store: ModelStore, unet: nn.Module) -> None:
    write_adapter(tmp_path / "ip_adapter", unet, "sd15")
    adapter = handle(tmp_path, store)
    write_adapter(tmp_path / "ip_adapter", unet, "sd15", seed=20)

    with pytest.raises(CheckpointChangedError):
        store.read_pictures(adapter, Image(torch.zeros(1, SIZE, SIZE, 3)))


def test_a_projection_that_lacks_a_layer_is_incomplete(tmp_path: Path, unet: nn.Module) -> None:
    tensors = tiny_adapter(unet, kind="plus")
    path = tmp_path / "x.safetensors"
    save_file({name: tensor for name, tensor in tensors.items() if "layers.3" not in name}, path)

    with pytest.raises(CheckpointIncompleteError, match="image_proj"):
        load_projection(path, dtype=torch.float32, device=torch.device("cpu"))
