"""Evaluation: verdicts per kind of claim, from readings of known pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from tiny.starter import narrow_parts
from weft_nodes.starter.drawing import draw_scene
from weft_nodes.starter.evaluate import Accuracy, judge, main, tally
from weft_nodes.starter.networks import save_model
from weft_nodes.starter.reading import Reading, Seen, read_picture
from weft_nodes.starter.scenes import (
    Background,
    Claim,
    Colour,
    Relation,
    Shape,
    Size,
    Thing,
    held_out_claims,
    place_claim,
)

CIRCLE = Thing(Shape.CIRCLE, Colour.RED, Size.LARGE)
STAR = Thing(Shape.STAR, Colour.BLUE)
SEEN_CIRCLE = Seen(Shape.CIRCLE, Colour.RED, 27, 30, 64, 0.95)
SEEN_STAR = Seen(Shape.STAR, Colour.BLUE, 20, 96, 64, 0.95)


def test_perfect_pictures_keep_every_claim() -> None:
    rng = np.random.default_rng(9)
    claims = held_out_claims(60)
    readings = [read_picture(draw_scene(place_claim(claim, rng))) for claim in claims]
    accuracies = tally(claims, readings)

    assert accuracies["single object"] == Accuracy(24, 24)
    assert accuracies["both objects"] == Accuracy(36, 36)
    assert accuracies["relation"] == Accuracy(36, 36)
    assert accuracies["background"] == Accuracy(60, 60)
    assert accuracies["size"].share == 1


def test_swapped_objects_break_the_relation_alone() -> None:
    claim = Claim(CIRCLE, STAR, Relation.RIGHT)
    verdicts = judge(claim, Reading(Background.WHITE, (SEEN_CIRCLE, SEEN_STAR)))

    assert verdicts["both objects"] == [True]
    assert verdicts["relation"] == [False]


def test_mixed_up_colours_break_the_pair() -> None:
    red_star = Seen(Shape.STAR, Colour.RED, 20, 96, 64, 0.9)
    verdicts = judge(Claim(CIRCLE, STAR, Relation.LEFT), Reading(Background.WHITE, (SEEN_CIRCLE, red_star)))

    assert verdicts["pair colour"] == [True, False]
    assert verdicts["pair shape"] == [True, True]
    assert verdicts["both objects"] == [False]
    assert verdicts["relation"] == [True]


@pytest.mark.parametrize("objects", [(), (SEEN_CIRCLE,), (SEEN_CIRCLE, SEEN_STAR, SEEN_STAR)])
def test_a_wrong_number_of_objects_keeps_no_claim_but_the_background(objects: tuple[Seen, ...]) -> None:
    verdicts = judge(Claim(CIRCLE, STAR, Relation.LEFT), Reading(Background.WHITE, objects))

    assert verdicts.pop("background") == [True]
    assert not any(kept for verdict in verdicts.values() for kept in verdict)


def test_objects_that_could_be_either_count_as_missed() -> None:
    green = Seen(Shape.RING, Colour.GREEN, 20, 30, 64, 0.9)
    verdicts = judge(Claim(CIRCLE, STAR, Relation.LEFT), Reading(Background.WHITE, (green, green)))

    assert verdicts["relation"] == [False]


def test_only_sizes_that_are_said_are_judged() -> None:
    assert judge(Claim(STAR), Reading(Background.WHITE, (SEEN_STAR,)))["size"] == []
    assert judge(Claim(CIRCLE), Reading(Background.WHITE, (SEEN_CIRCLE,)))["size"] == [True]


def test_a_shape_without_a_name_is_a_miss() -> None:
    blot = Seen(None, Colour.RED, 27, 64, 64, 0.4)
    verdicts = judge(Claim(CIRCLE), Reading(Background.WHITE, (blot,)))

    assert verdicts["single colour"] == [True]
    assert verdicts["single shape"] == verdicts["single object"] == [False]


def test_the_relation_of_and_is_not_judged() -> None:
    assert "relation" not in judge(Claim(CIRCLE, STAR), Reading(Background.WHITE, (SEEN_CIRCLE, SEEN_STAR)))


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that has learned nothing."""
    folder: Path = tmp_path_factory.mktemp("model")
    save_model(narrow_parts(), folder)
    return str(folder)


def test_the_command_prints_counts_as_json(untrained: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", untrained, "--prompts", "4", "--steps", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)

    assert figures["background"]["asked"] == 4


def test_the_command_prints_a_line_per_kind_of_claim(
    untrained: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--model", untrained, "--prompts", "2", "--steps", "1"])
    lines = capsys.readouterr().out.splitlines()

    assert any(line.startswith("relation") and "of" in line for line in lines)
