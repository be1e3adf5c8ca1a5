"""Filters keep constants and totals, and grow and shrink by the margin asked for."""

import pytest
import torch
from weft_nodes.pixels.filters import blur_planes, grow_planes, sharpen_planes


def dot(size: int = 21) -> torch.Tensor:
    """One bright pixel in the middle of a dark plane."""
    planes = torch.zeros(1, 1, size, size)
    planes[..., size // 2, size // 2] = 1
    return planes


@pytest.mark.parametrize("radius", [0.3, 1.0, 2.5, 40.0])
def test_a_blur_keeps_a_constant_plane(radius: float) -> None:
    planes = torch.full((2, 3, 9, 11), 0.7)

    torch.testing.assert_close(blur_planes(planes, radius), planes)


def test_a_blur_spreads_a_dot_evenly_and_keeps_its_total() -> None:
    blurred = blur_planes(dot(), 2.0)

    torch.testing.assert_close(blurred.sum(), torch.tensor(1.0))
    torch.testing.assert_close(blurred, blurred.flip(-1))
    torch.testing.assert_close(blurred, blurred.transpose(-1, -2))


def test_a_blurred_dot_has_the_standard_deviation_asked_for() -> None:
    profile = blur_planes(dot(41), 3.0)[0, 0].sum(0)
    places = torch.arange(41.0) - 20

    assert abs(float((profile * places**2).sum()) ** 0.5 - 3.0) < 0.05


def test_a_radius_of_zero_changes_nothing() -> None:
    planes = torch.rand(1, 1, 4, 4)

    assert blur_planes(planes, 0.0) is planes


@pytest.mark.parametrize("pixels", [1, 3, 5])
def test_a_dot_grows_to_a_disc(pixels: int) -> None:
    grown = grow_planes(dot(), pixels)[0, 0]

    offsets = torch.arange(21) - 10
    disc = offsets[:, None] ** 2 + offsets[None, :] ** 2 <= pixels**2
    assert torch.equal(grown.bool(), disc)


def test_shrinking_undoes_growing_away_from_the_edges() -> None:
    planes = torch.zeros(1, 1, 32, 32)
    planes[..., 10:20, 8:22] = 1

    torch.testing.assert_close(grow_planes(grow_planes(planes, 4), -4), planes)


def test_growing_by_more_than_the_plane_fills_it() -> None:
    assert grow_planes(dot(9), 30).eq(1).all()


def test_growing_by_nothing_changes_nothing() -> None:
    planes = torch.rand(1, 1, 5, 5)

    assert torch.equal(grow_planes(planes, 0), planes)


def test_sharpening_keeps_constants_and_steepens_edges() -> None:
    flat = torch.full((1, 1, 9, 9), 0.5)
    edge = torch.full((1, 1, 9, 9), 0.4)
    edge[..., 5:] = 0.6

    torch.testing.assert_close(sharpen_planes(flat, radius=1.0, amount=2.0), flat)
    sharp = sharpen_planes(edge, radius=1.0, amount=1.0)
    assert float(sharp[0, 0, 4, 5] - sharp[0, 0, 4, 4]) > 0.2
