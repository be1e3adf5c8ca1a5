"""A prompt for each part: every part shows what its own prompt says of it, and the border moves."""

from workflow_runs import Desk, picture, ran, seen_in, shown, small


def test_each_part_shows_what_its_own_prompt_says_of_it(starter: Desk) -> None:
    result = starter.run("regions-of-a-picture", steps=10)

    assert shown(seen_in(picture(result))) == [("red", "circle"), ("blue", "heart")]


def test_where_one_prompt_applies_everywhere_the_other_says_nothing(stocked: Desk) -> None:
    one, other = (
        picture(stocked.run("regions-of-a-picture", **small({"border": 1.0, "right": text}))).pixels_BHWC
        for text in ("a red circle", "a blue star")
    )

    assert float((one - other).abs().max()) < 1e-4


def test_another_border_encodes_no_prompt_again(stocked: Desk) -> None:
    stocked.run("regions-of-a-picture", **small())

    again = ran(stocked.run("regions-of-a-picture", **small({"border": 0.25})))

    assert {"area", "left_region", "right_region", "sample"} <= again
    assert not {"left", "right"} & again
