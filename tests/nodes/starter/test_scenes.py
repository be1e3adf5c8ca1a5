"""Scenes: what captions say, what stands where, and which combinations are kept from training."""

import math

import numpy as np
import pytest
from weft_nodes.starter.scenes import (
    PICTURE_SIZE,
    Background,
    Claim,
    Colour,
    Placed,
    Relation,
    Scene,
    SceneMix,
    Shape,
    Size,
    Thing,
    held_out_claims,
    place_claim,
    sample_claim,
    sample_scene,
    sample_strewn_scene,
    shown_claim,
    strewn,
    vocabulary,
)

RED_CIRCLE = Thing(Shape.CIRCLE, Colour.RED, Size.LARGE)
BLUE_STAR = Thing(Shape.STAR, Colour.BLUE, Size.SMALL)


def many_scenes(count: int = 300) -> list[Scene]:
    rng = np.random.default_rng(3)
    return [sample_scene(rng) for _ in range(count)]


def test_a_pair_reads_as_a_sentence() -> None:
    claim = Claim(RED_CIRCLE, BLUE_STAR, Relation.LEFT, Background.WHITE)

    assert claim.caption == "a large red circle left of a small blue star on a white background"


def test_optional_words_can_be_left_out() -> None:
    assert Claim(Thing(Shape.SQUARE, Colour.GREEN)).caption == "a green square"


def test_a_vowel_takes_its_own_article() -> None:
    assert Thing(Shape.RING, Colour.ORANGE).phrase == "an orange ring"


def test_a_pair_without_a_relation_is_joined_by_and() -> None:
    assert Claim(Thing(Shape.RING, Colour.RED), Thing(Shape.HEART, Colour.PINK)).caption == (
        "a red ring and a pink heart"
    )


@pytest.mark.parametrize("relation", Relation)
def test_the_inverse_of_a_relation_points_the_other_way(relation: Relation) -> None:
    assert relation.inverse.inverse is relation
    assert relation.inverse.direction == tuple(-step for step in relation.direction)


def test_the_same_seed_draws_the_same_scenes() -> None:
    assert many_scenes(20) == many_scenes(20)


def test_every_caption_is_made_of_the_vocabulary() -> None:
    words = {word for scene in many_scenes() for word in scene.caption.split()}

    assert words <= set(vocabulary())
    assert len(vocabulary()) == len(set(vocabulary()))


def test_training_scenes_are_never_held_out_however_worded() -> None:
    assert not any(shown_claim(scene).is_held_out for scene in many_scenes())


def test_a_pair_is_held_out_together_with_its_mirrored_wording() -> None:
    rng = np.random.default_rng(1)
    claims = [sample_claim(rng, SceneMix(pairs=1, and_said=0)) for _ in range(400)]
    mirrored = [
        Claim(claim.second, claim.first, claim.relation.inverse)
        for claim in claims
        if claim.second is not None and claim.relation is not None
    ]

    assert [claim.is_held_out for claim in claims] == [claim.is_held_out for claim in mirrored]
    assert 0 < sum(claim.is_held_out for claim in claims) < 60


def test_objects_stay_inside_the_picture_and_apart() -> None:
    for scene in many_scenes():
        for placed in scene.objects:
            assert placed.radius < min(placed.x, placed.y, PICTURE_SIZE - placed.x, PICTURE_SIZE - placed.y)
        if len(scene.objects) == 2:
            first, second = scene.objects
            distance = np.hypot(first.x - second.x, first.y - second.y)
            assert distance > first.radius + second.radius


def test_a_relation_is_what_the_positions_show() -> None:
    for scene in many_scenes():
        if scene.claim.relation is not None:
            assert shown_claim(scene).relation is scene.claim.relation


def test_and_comes_to_stand_for_one_of_the_relations() -> None:
    claim = Claim(RED_CIRCLE, BLUE_STAR)
    rng = np.random.default_rng(0)
    shown = {shown_claim(place_claim(claim, rng)).relation for _ in range(60)}

    assert shown == set(Relation)


def test_an_unsaid_background_is_white() -> None:
    assert place_claim(Claim(RED_CIRCLE), np.random.default_rng(0)).background is Background.WHITE


@pytest.mark.parametrize("size", Size)
def test_a_size_word_bounds_the_radius(size: Size) -> None:
    rng = np.random.default_rng(0)
    placed: list[Placed] = [
        place_claim(Claim(Thing(Shape.RING, Colour.CYAN, size)), rng).objects[0] for _ in range(40)
    ]

    assert {each.radius for each in placed} == set(range(size.radii[0], size.radii[1] + 1))


def test_the_evaluation_prompts_are_fixed_distinct_and_held_out() -> None:
    claims = held_out_claims(200)

    assert claims == held_out_claims(200)
    assert len({claim.caption for claim in claims}) == 200
    assert all(claim.is_held_out for claim in claims)
    assert sum(claim.second is not None for claim in claims) == 120


def test_the_objects_of_a_sampled_pair_differ() -> None:
    for scene in many_scenes():
        if scene.claim.second is not None:
            kinds = {(thing.shape, thing.colour) for thing in scene.claim.things}
            assert len(kinds) == 2


@pytest.mark.parametrize("kind", [Colour, Background])
def test_no_two_paints_of_a_palette_come_close(kind: type[Colour] | type[Background]) -> None:
    paints = [np.array(paint.rgb, float) for paint in kind]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(paints) for b in paints[:i]]

    assert min(gaps) > 45


def test_every_colour_stands_out_from_every_background() -> None:
    gaps = [np.linalg.norm(np.subtract(colour.rgb, ground.rgb)) for colour in Colour for ground in Background]

    assert min(gaps) > 90


def test_strewn_objects_stand_anywhere_whole_and_apart() -> None:
    rng = np.random.default_rng(4)
    scenes = [sample_strewn_scene(rng) for _ in range(200)]
    objects = [each for scene in scenes for each in scene.objects]

    assert all(
        each.radius <= place <= PICTURE_SIZE - each.radius for each in objects for place in (each.x, each.y)
    )
    assert np.std([each.x for each in objects]) > 20
    for scene in (scene for scene in scenes if scene.claim.second):
        first, second = scene.objects
        assert math.hypot(first.x - second.x, first.y - second.y) > first.radius + second.radius


def test_captions_of_strewn_scenes_do_not_say_where_things_are() -> None:
    rng = np.random.default_rng(4)

    assert all(sample_strewn_scene(rng).claim.relation is None for _ in range(50))


def test_strewing_keeps_the_claim() -> None:
    claim = Claim(RED_CIRCLE, BLUE_STAR, None, Background.NAVY)
    scene = strewn(claim, np.random.default_rng(0))

    assert scene.claim is claim
    assert [each.thing for each in scene.objects] == [RED_CIRCLE, BLUE_STAR]
    assert scene.background is Background.NAVY
