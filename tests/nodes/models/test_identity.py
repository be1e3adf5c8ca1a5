"""The autoencoder of families without one gives pictures back as they are."""

from pathlib import Path

import torch
from weft.sdk import Image
from weft_nodes.models.identity import IdentityAutoencoder, identity_part
from weft_nodes.models.loading import CheckpointFolder, load_module
from weft_nodes.models.pixels import decode_latents, encode_pixels, reduction

PICTURES = Image(torch.rand(2, 5, 7, 3, generator=torch.Generator().manual_seed(1)))


def test_a_latent_is_the_picture_in_another_range() -> None:
    vae = IdentityAutoencoder()

    latents = encode_pixels(vae, PICTURES)

    assert latents.shape == (2, 3, 5, 7)
    torch.testing.assert_close(latents.movedim(1, -1), PICTURES.pixels_BHWC * 2 - 1)
    torch.testing.assert_close(decode_latents(vae, latents).pixels_BHWC, PICTURES.pixels_BHWC)
    assert reduction(vae) == 1


def test_tiles_change_nothing() -> None:
    latents = encode_pixels(IdentityAutoencoder(), PICTURES)

    whole, tiled = (decode_latents(IdentityAutoencoder(), latents, tile=tile) for tile in (None, 64))

    assert torch.equal(whole.pixels_BHWC, tiled.pixels_BHWC)


def test_it_is_loaded_without_a_file_and_never_rounds(tmp_path: Path) -> None:
    part, files = identity_part(), CheckpointFolder(tmp_path)

    vae = load_module(files, part, path=tmp_path, dtype=torch.float16, device=torch.device("cpu"))

    assert isinstance(vae, IdentityAutoencoder)
    assert vae.dtype == torch.float32


def test_it_says_its_place_and_type_and_has_no_weights() -> None:
    part = identity_part()

    vae = part.build({}).to(torch.float16)

    assert part.is_weightless
    assert isinstance(vae, IdentityAutoencoder)
    assert (vae.dtype, vae.device) == (torch.float16, torch.device("cpu"))
    assert vae.state_dict() == {}
