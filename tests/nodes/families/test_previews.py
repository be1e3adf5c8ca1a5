"""A preview is small, in range, and never more than a glance."""

import numpy as np
import pytest
import torch
from weft_nodes.families.previews import preview_of


@pytest.mark.parametrize("space", ["sd", "sdxl"])
def test_a_preview_has_one_pixel_per_latent_pixel(space: str) -> None:
    preview = preview_of(torch.randn(2, 4, 6, 8) * 100, space)

    assert preview is not None
    assert preview.shape == (6, 8, 3)
    assert preview.dtype == np.uint8


@pytest.mark.parametrize("space", ["sd", "sdxl"])
def test_a_latent_of_zeros_looks_grey(space: str) -> None:
    preview = preview_of(torch.zeros(1, 4, 2, 2), space)

    assert preview is not None
    assert np.all(np.abs(preview.astype(int) - 128) < 20)


def test_only_the_first_item_is_shown() -> None:
    first, other = torch.randn(1, 4, 3, 3), torch.randn(1, 4, 3, 3)

    alone, together = preview_of(first, "sd"), preview_of(torch.cat([first, other]), "sd")

    assert alone is not None
    assert together is not None
    assert np.array_equal(alone, together)


def test_a_space_without_a_matrix_has_no_preview() -> None:
    assert preview_of(torch.zeros(1, 4, 2, 2), "nowhere") is None
    assert preview_of(torch.zeros(1, 16, 2, 2), "sd") is None
