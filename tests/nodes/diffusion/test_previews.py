"""Previews: a linear map from latents to colours, found again by least squares."""

import pytest
import torch
from weft_nodes.diffusion.errors import JobError
from weft_nodes.diffusion.previews import PREVIEWS, LatentPreview, fit_preview


def test_a_preview_has_one_pixel_per_latent_pixel() -> None:
    picture = PREVIEWS["sd"].render(torch.randn(2, 4, 6, 9, generator=torch.Generator().manual_seed(0)))

    assert picture.shape == (6, 9, 3)
    assert picture.dtype == torch.uint8


def test_colours_are_mapped_from_minus_one_to_one() -> None:
    preview = LatentPreview(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    latent = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 3, 1, 1)

    assert preview.render(latent)[0, 0].tolist() == [0, 128, 255]


def test_colours_out_of_range_are_cut() -> None:
    preview = LatentPreview(((1.0, -1.0, 0.0),))

    assert preview.render(torch.full((1, 1, 1, 1), 9.0))[0, 0].tolist() == [255, 0, 128]


def test_the_factors_of_a_space_are_found_again_from_pictures() -> None:
    truth = LatentPreview(((0.3, 0.1, -0.2), (0.0, 0.25, 0.1), (-0.1, 0.2, 0.3)), (0.1, 0.0, -0.1))
    latents = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    colours = latents.movedim(1, -1) @ torch.tensor(truth.factors) + torch.tensor(truth.bias)
    pictures = ((colours.movedim(-1, 1) + 1) / 2).repeat_interleave(8, 2).repeat_interleave(8, 3)

    found = fit_preview(latents, pictures)

    torch.testing.assert_close(torch.tensor(found.factors), torch.tensor(truth.factors))
    torch.testing.assert_close(torch.tensor(found.bias), torch.tensor(truth.bias))


def test_a_latent_of_another_space_is_refused() -> None:
    with pytest.raises(JobError, match="16"):
        PREVIEWS["sdxl"].render(torch.zeros(1, 16, 4, 4))


def test_as_many_pictures_as_latents_are_needed() -> None:
    with pytest.raises(JobError):
        fit_preview(torch.zeros(2, 4, 4, 4), torch.zeros(3, 3, 32, 32))


@pytest.mark.parametrize("space", PREVIEWS)
def test_a_brighter_latent_of_its_own_direction_gives_a_brighter_preview(space: str) -> None:
    factors = torch.tensor(PREVIEWS[space].factors)
    towards_white = (factors.sum(dim=1) / factors.sum(dim=1).norm()).reshape(1, -1, 1, 1)

    greys = [float(PREVIEWS[space].render(towards_white * size).float().mean()) for size in (-0.5, 0.0, 0.5)]

    assert greys == sorted(greys)
    assert greys[0] < greys[2]


def test_only_the_first_item_of_a_batch_is_drawn() -> None:
    batch = torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(1))

    assert PREVIEWS["sd"].render(batch).equal(PREVIEWS["sd"].render(batch[:1]))
