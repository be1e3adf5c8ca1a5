"""Masks and masked pictures are laid out as the models of each family read them."""

import torch
from weft_nodes.families.inpainting import inpainting_channels, reads_normalised


def test_unets_read_one_value_of_the_mask_per_latent_pixel_and_then_the_picture() -> None:
    mask = torch.zeros(1, 1, 16, 24)
    mask[..., 8:, :] = 1
    masked = torch.randn(1, 4, 2, 3)

    found = inpainting_channels("sdxl", mask, masked)

    assert found.shape == (1, 5, 2, 3)
    assert found[0, 0].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert found[:, 1:].equal(masked)


def test_flux_reads_the_picture_and_then_every_pixel_of_the_mask() -> None:
    mask = torch.zeros(1, 1, 16, 24)
    mask[..., 9, 17] = 1
    masked = torch.randn(1, 16, 2, 3)

    found = inpainting_channels("flux", mask, masked)

    assert found.shape == (1, 80, 2, 3)
    assert found[:, :16].equal(masked)
    # Row 1 and column 1 of the last latent pixel.
    assert found[:, 16:].nonzero().tolist() == [[0, 8 + 1, 1, 2]]


def test_only_flux_reads_a_picture_as_it_reads_the_noisy_latent() -> None:
    assert reads_normalised("flux")
    assert not reads_normalised("sd15")
    assert not reads_normalised("sdxl")
