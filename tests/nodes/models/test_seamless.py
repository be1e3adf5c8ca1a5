"""A seamless network knows no edges: what is shifted around comes out shifted around."""

from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from weft_nodes.diffusion.windows import Windows
from weft_nodes.families import Checkpoint, ModelStore
from weft_nodes.models.clones import light_clone
from weft_nodes.models.errors import LatentMismatchError, PatchMismatchError
from weft_nodes.models.handles import Model
from weft_nodes.models.patches import LowRankPatch, Patch
from weft_nodes.models.seamless import VAE, Seamless
from weft_nodes.models.windows import WindowPatch

BOTH, ACROSS, DOWN = Seamless(), Seamless(down=False), Seamless(across=False)


@pytest.fixture(scope="module")
def unet() -> nn.Module:
    """A U-Net of Stable Diffusion's kind; nothing writes into it."""
    found: nn.Module = tiny_models.tiny_unet()
    return found


def predicted(net: nn.Module, shift: tuple[int, int] = (0, 0)) -> Tensor:
    """What a U-Net predicts for a latent that was shifted around, shifted back."""
    generator = torch.Generator().manual_seed(1)
    latent = torch.randn(1, 4, 8, 8, generator=generator)
    words = torch.randn(1, 5, tiny_models.WIDTH, generator=generator)
    with torch.no_grad():
        output: Tensor = net(latent.roll(shift, (2, 3)), torch.tensor([500.0]), words, return_dict=False)[0]
    return output.roll((-shift[0], -shift[1]), (2, 3))


def patched(net: nn.Module, *patches: Patch) -> nn.Module:
    """A private clone with patches."""
    clone = light_clone(net)
    for patch in patches:
        patch.apply(clone)
    return clone


def is_same(net: nn.Module, shift: tuple[int, int]) -> bool:
    """Tell whether a network does not notice a shift; by 2, for its coarse level has every second place."""
    return torch.allclose(predicted(net), predicted(net, shift), atol=1e-5)


@pytest.mark.parametrize(
    ("patch", "across", "down"), [(BOTH, True, True), (ACROSS, True, False), (DOWN, False, True)]
)
def test_edges_meet_along_the_axes_asked_for(
    unet: nn.Module, patch: Seamless, across: bool, down: bool
) -> None:
    clone = patched(unet, patch)

    assert (is_same(clone, (0, 2)), is_same(clone, (2, 0))) == (across, down)
    assert not is_same(unet, (0, 2))


def test_the_base_keeps_its_edges(unet: nn.Module) -> None:
    before = predicted(unet)
    clone = patched(unet, BOTH)

    assert not torch.allclose(predicted(clone), before, atol=1e-4)
    assert predicted(unet).equal(before)


def test_changes_of_convolutions_wrap_around_too(
    store: ModelStore, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    generator = torch.Generator().manual_seed(4)
    name = "unet.down_blocks.0.resnets.0.conv1"
    factors = {
        f"{name}.lora_A.weight": torch.randn(2, 8, 3, 3, generator=generator),
        f"{name}.lora_B.weight": torch.randn(8, 2, 1, 1, generator=generator),
    }
    save_file(factors, tmp_path / "l.safetensors")
    lora = LowRankPatch(str(tmp_path / "l.safetensors"), "x")
    modules = [
        vars(store.network(checkpoint.model.with_patches(*order)))["module"]
        for order in ((lora, BOTH), (BOTH, lora))
    ]

    assert is_same(modules[0], (2, 2))
    assert predicted(modules[0]).equal(predicted(modules[1]))
    assert not torch.allclose(predicted(modules[0]), predicted(_module(store, checkpoint.model)), atol=1e-4)


def _module(store: ModelStore, model: Model) -> nn.Module:
    found = vars(store.network(model.with_patches(BOTH)))["module"]
    assert isinstance(found, nn.Module)
    return found


def test_a_seamless_autoencoder_decodes_what_is_shifted_around(
    store: ModelStore, checkpoint: Checkpoint
) -> None:
    from weft_nodes.diffusion.values import Latent

    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    vae = checkpoint.vae.with_patches(Seamless(part=VAE))

    def decoded(shift: int) -> Tensor:
        return store.decode(vae, Latent(latent.roll(shift, 3), checkpoint.vae.space)).pixels_BHWC

    reduction = decoded(0).shape[2] // 8
    torch.testing.assert_close(decoded(0).roll(2 * reduction, 2), decoded(2), atol=1e-5, rtol=0)
    assert vae.key != checkpoint.vae.key
    with pytest.raises(LatentMismatchError, match="in tiles"):
        store.decode(vae, Latent(latent, checkpoint.vae.space), tile=32)


def test_networks_that_number_their_places_and_windows_are_refused(
    store: ModelStore, checkpoint: Checkpoint
) -> None:
    with pytest.raises(PatchMismatchError, match="no U-Net"):
        patched(tiny_models.MAKERS["sd3"]().transformer, BOTH)
    with pytest.raises(PatchMismatchError, match="through windows"):
        store.network(checkpoint.model.with_patches(BOTH, WindowPatch(Windows(8, 2))))


def test_keys_tell_axes_and_parts_apart() -> None:
    assert len({patch.key for patch in (BOTH, ACROSS, DOWN, Seamless(part=VAE))}) == 4
