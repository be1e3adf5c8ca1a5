"""Reading: drawn scenes are read back right, even when they are blurred and noisy."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter
from weft_nodes.starter.drawing import draw_scene
from weft_nodes.starter.reading import Reading, Seen, fill_holes, label_regions, read_picture
from weft_nodes.starter.scenes import (
    Background,
    Claim,
    Colour,
    Relation,
    Scene,
    Shape,
    Size,
    Thing,
    place_claim,
    sample_scene,
)

Picture = npt.NDArray[np.uint8]


def unchanged(picture: Picture, _: np.random.Generator) -> Picture:
    return picture


def spoil(picture: Picture, rng: np.random.Generator) -> Picture:
    blurred = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(1.2)), np.float32)
    return np.clip(blurred + rng.normal(0, 8, blurred.shape), 0, 255).astype(np.uint8)


def is_read_right(scene: Scene, reading: Reading) -> bool:
    if reading.background is not scene.background or len(reading.objects) != len(scene.objects):
        return False
    for placed in scene.objects:
        nearest = min(reading.objects, key=lambda seen: abs(seen.x - placed.x) + abs(seen.y - placed.y))
        size = placed.thing.size
        right = nearest.shape is placed.thing.shape and nearest.colour is placed.thing.colour
        if not right or (size is not None and nearest.size is not size):
            return False
    return True


@pytest.mark.parametrize("change", [unchanged, spoil])
def test_drawn_scenes_are_read_back_right(change: Callable[[Picture, np.random.Generator], Picture]) -> None:
    rng = np.random.default_rng(11)
    scenes = [sample_scene(rng) for _ in range(50)]
    wrong = [
        scene.caption
        for scene in scenes
        if not is_read_right(scene, read_picture(change(draw_scene(scene), rng)))
    ]

    assert wrong == []


def test_the_relation_of_two_objects_is_read_from_their_middles() -> None:
    rng = np.random.default_rng(2)
    scenes = [scene for scene in (sample_scene(rng) for _ in range(20)) if scene.claim.relation is not None]
    for scene in scenes:
        first, second = scene.objects
        seen = read_picture(draw_scene(scene)).objects
        found = [min(seen, key=lambda each: abs(each.x - o.x) + abs(each.y - o.y)) for o in (first, second)]

        assert found[0].relation_to(found[1]) is scene.claim.relation


def test_an_empty_picture_holds_no_object() -> None:
    for background in Background:
        picture = np.full((128, 128, 3), background.rgb, np.uint8)

        assert read_picture(picture) == Reading(background, ())


def test_specks_are_no_objects() -> None:
    picture = np.full((128, 128, 3), 255, np.uint8)
    picture[40:46, 40:46] = 0

    assert read_picture(picture).objects == ()


def test_a_shape_that_is_none_of_ours_is_not_given_a_name() -> None:
    picture = np.full((128, 128, 3), 255, np.uint8)
    picture[60:68, 20:100] = Colour.RED.rgb
    (seen,) = read_picture(picture).objects

    assert seen.shape is None
    assert seen.colour is Colour.RED


def test_random_noise_is_read_without_failing() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)

    assert isinstance(read_picture(noise), Reading)


def test_regions_that_touch_at_a_corner_are_one_and_others_are_apart() -> None:
    mask = np.zeros((8, 8), bool)
    mask[1, 1] = mask[2, 2] = mask[3, 1] = True
    mask[6:, 5:] = True
    labels = label_regions(mask)

    assert labels[1, 1] == labels[2, 2] == labels[3, 1] != labels[6, 5]
    assert len(np.unique(labels)) == 3
    assert (labels[~mask] == 0).all()


def test_a_winding_region_is_still_one() -> None:
    mask = np.zeros((40, 40), bool)
    mask[::2] = True
    mask[1::4, -1] = mask[3::4, 0] = True

    assert len(np.unique(label_regions(mask)[mask])) == 1


@pytest.mark.parametrize(
    ("step", "relation"),
    [((-9, 3), Relation.LEFT), ((9, 3), Relation.RIGHT), ((2, -9), Relation.ABOVE), ((2, 9), Relation.BELOW)],
)
def test_a_relation_follows_the_longer_axis(step: tuple[int, int], relation: Relation) -> None:
    middle = Seen(Shape.CIRCLE, Colour.RED, 20, 64, 64, 1.0)
    other = Seen(Shape.STAR, Colour.RED, 20, 64 + step[0], 64 + step[1], 1.0)

    assert other.relation_to(middle) is relation


@pytest.mark.parametrize(
    ("radius", "size"), [(14, Size.SMALL), (20, Size.MEDIUM), (27, Size.LARGE), (40, Size.LARGE)]
)
def test_a_size_is_the_nearest_one(radius: int, size: Size) -> None:
    assert Seen(Shape.CIRCLE, Colour.RED, radius, 64, 64, 1.0).size is size


def test_a_square_that_is_a_little_too_high_is_still_a_square() -> None:
    picture = np.full((128, 128, 3), 255, np.uint8)
    picture[40:89, 40:83] = Colour.BROWN.rgb
    (seen,) = read_picture(picture).objects

    assert seen.shape is Shape.SQUARE
    assert 0.8 < seen.match < 0.95


@pytest.mark.parametrize(("is_outlined", "low", "high"), [(False, 0.0, 0.0), (True, 0.2, 0.6)])
def test_the_hole_of_an_object_is_measured(is_outlined: bool, low: float, high: float) -> None:
    scene = place_claim(Claim(Thing(Shape.SQUARE, Colour.BLUE, Size.LARGE)), np.random.default_rng(0))
    seen = read_picture(draw_scene(scene, is_outlined=is_outlined)).objects

    assert low <= seen[0].hole <= high


def test_an_outline_whose_holes_are_filled_is_read_as_its_shape() -> None:
    thing = Thing(Shape.HEART, Colour.GREEN, Size.LARGE)
    picture = draw_scene(place_claim(Claim(thing), np.random.default_rng(3)), is_outlined=True)

    hollow, whole = (read_picture(each).objects[0] for each in (picture, fill_holes(picture)))
    assert hollow.hole > 0.1
    assert (whole.shape, whole.colour, whole.hole) == (Shape.HEART, Colour.GREEN, 0.0)
