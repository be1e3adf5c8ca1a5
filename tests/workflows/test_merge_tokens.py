"""Merged tokens: the picture of the starter stays what it is, and merging none changes nothing."""

from workflow_runs import Desk, picture, seen_in, shown, small


def test_the_difference_is_nothing_where_none_are_merged(tiny: Desk) -> None:
    values = small({"width": 64, "height": 64})

    careful, careless = (
        float(picture(tiny.run("merge-tokens", **values, ratio=ratio), "difference").pixels_BHWC.max())
        for ratio in (0.0, 0.75)
    )

    assert careful < 1e-3 < careless


def test_half_of_the_places_suffice_to_paint_what_the_prompt_says(starter: Desk) -> None:
    result = starter.run("merge-tokens", steps=10)

    assert (
        shown(seen_in(picture(result))) == shown(seen_in(picture(result, "plain"))) == [("purple", "square")]
    )
