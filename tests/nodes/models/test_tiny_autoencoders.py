"""Small autoencoders are read in every layout, whole or by halves, in the place of a family's own."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from tiny.autoencoders import original_half, tiny_taesd, write_half
from torch import Tensor
from weft.sdk import Image
from weft_nodes.diffusion.values import Latent
from weft_nodes.families import ModelStore, open_checkpoint
from weft_nodes.families.split_files import open_vae
from weft_nodes.models.errors import LatentMismatchError
from weft_nodes.models.handles import Model, Vae

CHANNELS = {"sd15": 4, "sdxl": 4, "sd3": 16, "flux": 16}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny checkpoints of four families with such an autoencoder of their own; do not write into them."""
    found = {}
    for family, channels in CHANNELS.items():
        found[family] = tiny_models.write_folder(tmp_path_factory.mktemp(family) / family, family)
        shutil.rmtree(found[family] / "vae")
        tiny_taesd(channels).save_pretrained(found[family] / "vae")
    return found


@pytest.fixture
def sd15(store: ModelStore, folders: dict[str, Path]) -> Model:
    """The model of one of them."""
    return open_checkpoint(folders["sd15"], memory=store.digests).model


def latent(channels: int, space: str) -> Latent:
    """Some latent."""
    return Latent(torch.randn(1, channels, 6, 4, generator=torch.Generator().manual_seed(0)), space)


PICTURE = Image(torch.rand(1, 32, 48, 3, generator=torch.Generator().manual_seed(1)))


def decoded(vae: Any, samples: Tensor) -> Tensor:
    """What diffusers makes of a latent that is on a wire, as its pipelines do."""
    with torch.no_grad():
        known = samples / vae.config.scaling_factor + vae.config.shift_factor
        picture: Tensor = vae.decode(known).sample / 2 + 0.5
    return picture.clamp(0, 1).movedim(1, -1)


def encoded(vae: Any, image: Image) -> Tensor:
    """What diffusers makes of a picture."""
    with torch.no_grad():
        latents: Tensor = vae.encode(image.pixels_BHWC.movedim(-1, 1) * 2 - 1).latents
    return latents


@pytest.mark.parametrize("family", CHANNELS)
def test_a_checkpoint_may_have_one_in_the_place_of_its_own(
    store: ModelStore, folders: dict[str, Path], family: str
) -> None:
    vae = open_checkpoint(folders[family], memory=store.digests).vae
    theirs, given = tiny_taesd(CHANNELS[family]), latent(CHANNELS[family], vae.space)

    ours = store.decode(vae, given).pixels_BHWC

    torch.testing.assert_close(ours, decoded(theirs, given.samples_BChw), rtol=0, atol=3e-6)
    torch.testing.assert_close(
        store.encode_image(vae, PICTURE).samples_BChw, encoded(theirs, PICTURE), rtol=0, atol=3e-6
    )


def test_a_file_may_hold_it_whole(store: ModelStore, sd15: Model, tmp_path: Path) -> None:
    theirs = tiny_taesd(width=6)
    save_file(theirs.state_dict(), tmp_path / "taesd.safetensors")
    vae = open_vae(tmp_path / "taesd.safetensors", sd15, memory=store.digests)
    given = latent(4, "sd")

    torch.testing.assert_close(store.decode(vae, given).pixels_BHWC, decoded(theirs, given.samples_BChw))
    torch.testing.assert_close(store.encode_image(vae, PICTURE).samples_BChw, encoded(theirs, PICTURE))


def test_halves_encode_or_decode_and_say_what_they_cannot(
    store: ModelStore, sd15: Model, tmp_path: Path
) -> None:
    theirs, given = tiny_taesd(), latent(4, "sd")

    def opened(half: Any) -> Vae:
        path = write_half(tmp_path / f"taesd_{half}.safetensors", theirs, half)
        return open_vae(path, sd15, memory=store.digests)

    encoder, decoder = opened("encoder"), opened("decoder")

    torch.testing.assert_close(store.decode(decoder, given).pixels_BHWC, decoded(theirs, given.samples_BChw))
    torch.testing.assert_close(store.encode_image(encoder, PICTURE).samples_BChw, encoded(theirs, PICTURE))
    with pytest.raises(LatentMismatchError, match="no encoder"):
        store.encode_image(decoder, PICTURE)
    with pytest.raises(LatentMismatchError, match="no decoder"):
        store.decode(encoder, given)


def test_its_names_were_not_taken_from_our_own() -> None:
    names = original_half(tiny_taesd(), "decoder").keys()

    # As in taesd_decoder.safetensors by its maker.
    assert {"1.weight", "3.conv.0.weight", "7.weight", "17.weight", "18.conv.4.bias", "19.bias"} <= names
    assert "0.weight" not in names


def test_it_decodes_in_tiles(store: ModelStore, folders: dict[str, Path]) -> None:
    vae = open_checkpoint(folders["sd15"], memory=store.digests).vae
    wide = Latent(torch.randn(1, 4, 8, 24, generator=torch.Generator().manual_seed(2)), vae.space)

    whole, tiled = (store.decode(vae, wide, tile=tile).pixels_BHWC for tile in (None, 64))

    assert tiled.shape == whole.shape
    assert torch.isfinite(tiled).all()


def test_latents_of_other_models_are_refused(store: ModelStore, sd15: Model, tmp_path: Path) -> None:
    path = write_half(tmp_path / "taef1_decoder.safetensors", tiny_taesd(16), "decoder")
    vae = open_vae(path, sd15, memory=store.digests)

    with pytest.raises(LatentMismatchError, match="16 channels"):
        store.decode(vae, latent(4, "sd"))
