"""Latents are cut into tokens as diffusers does it, and come back whole."""

import pytest
import torch
from diffusers import FluxPipeline
from weft_nodes.families.packing import packed, token_places, unpacked


@pytest.mark.parametrize("size", [(2, 2), (4, 6), (8, 2)])
def test_tokens_are_those_of_diffusers(size: tuple[int, int]) -> None:
    latents = torch.randn(2, 16, *size)

    tokens = packed(latents)

    assert tokens.equal(FluxPipeline._pack_latents(latents, 2, 16, *size))
    assert unpacked(tokens, size).equal(latents)


def test_larger_patches_come_back_whole() -> None:
    latents = torch.randn(1, 3, 8, 12)

    assert packed(latents, 4).shape == (1, 6, 48)
    assert unpacked(packed(latents, 4), (8, 12), 4).equal(latents)


def test_places_count_rows_and_columns() -> None:
    places = token_places((4, 6), torch.device("cpu"))

    assert places.equal(FluxPipeline._prepare_latent_image_ids(1, 2, 3, "cpu", torch.float32))
    assert places.tolist() == [[0, row, column] for row in range(2) for column in range(3)]
