"""Drawing: pictures hold the colours and shapes of their scenes, with smooth edges."""

import numpy as np
import pytest
import torch
from weft_nodes.starter.drawing import (
    draw_batch,
    draw_collages,
    draw_edges,
    draw_scene,
    outline_stencil,
    stencil,
)
from weft_nodes.starter.scenes import Background, Claim, Colour, Placed, Scene, Shape, Thing


def scene_of(shape: Shape, *, x: int = 64, y: int = 64, radius: int = 20) -> Scene:
    thing = Thing(shape, Colour.GREEN)
    return Scene(Claim(thing), (Placed(thing, x, y, radius),), Background.NAVY)


@pytest.mark.parametrize("shape", [shape for shape in Shape if shape is not Shape.RING])
def test_the_middle_of_a_shape_has_its_colour_and_the_corner_the_background(shape: Shape) -> None:
    picture = draw_scene(scene_of(shape))

    assert tuple(picture[64, 64]) == Colour.GREEN.rgb
    assert tuple(picture[0, 0]) == Background.NAVY.rgb


def test_a_ring_shows_the_background_through_its_hole() -> None:
    assert tuple(draw_scene(scene_of(Shape.RING))[64, 64]) == Background.NAVY.rgb


@pytest.mark.parametrize("shape", Shape)
def test_a_stencil_covers_part_of_its_square_and_has_soft_edges(shape: Shape) -> None:
    coverage = stencil(shape, 20)

    assert coverage.shape == (47, 47)
    assert coverage.min() == 0
    assert coverage.max() == 1
    assert ((coverage > 0) & (coverage < 1)).sum() > 10 or shape is Shape.SQUARE
    assert coverage[0].max() == coverage[-1].max() == 0


@pytest.mark.parametrize("shape", Shape)
def test_a_stencil_grows_with_the_square_of_its_radius(shape: Shape) -> None:
    ratio = stencil(shape, 40).sum() / stencil(shape, 20).sum()

    assert ratio == pytest.approx(4, rel=0.02)


def test_a_circle_has_the_area_of_a_circle() -> None:
    assert stencil(Shape.CIRCLE, 25).sum() == pytest.approx(np.pi * 25**2, rel=0.02)


def test_a_stencil_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        stencil(Shape.STAR, 12)[0, 0] = 1


def test_an_object_beyond_the_edge_is_cut_off() -> None:
    picture = draw_scene(scene_of(Shape.CIRCLE, x=2, y=126))

    assert tuple(picture[126, 2]) == Colour.GREEN.rgb


def test_a_batch_holds_the_pictures_between_minus_one_and_one() -> None:
    scenes = [scene_of(Shape.STAR), scene_of(Shape.HEART)]
    batch = draw_batch(scenes)

    assert batch.shape == (2, 3, 128, 128)
    restored = batch[1].add(1).mul(127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(restored, draw_scene(scenes[1]))


def test_collages_are_seeded_and_full_of_colour() -> None:
    first, second = (draw_collages(np.random.default_rng(4), 3, 64) for _ in range(2))

    assert first.shape == (3, 3, 64, 64)
    assert torch.equal(first, second)
    assert first.std() > 0.3


@pytest.mark.parametrize("shape", Shape)
def test_an_outline_is_part_of_its_shape(shape: Shape) -> None:
    outline, whole = outline_stencil(shape, 20), stencil(shape, 20)

    assert (outline <= whole).all()
    assert 0 < outline.sum() < whole.sum() or shape is Shape.RING


def test_an_outlined_shape_shows_the_background_within() -> None:
    picture = draw_scene(scene_of(Shape.SQUARE), is_outlined=True)

    assert tuple(picture[64, 64]) == Background.NAVY.rgb
    assert tuple(picture[64, 50]) == Colour.GREEN.rgb


def test_edges_are_thin_lines_where_colours_change() -> None:
    edges = draw_edges(scene_of(Shape.SQUARE))

    # The square's corners lie 17.2 pixels from its middle.
    assert edges[64, 44:50].any()
    assert not edges[64, 52:76].any()
    assert not edges[:, :40].any()
    assert edges.sum() < 3 * 4 * 36
