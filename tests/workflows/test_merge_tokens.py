"""Merged tokens: merging none changes nothing, merging many does."""

from workflow_runs import Desk, picture, small


def test_the_difference_is_nothing_where_none_are_merged(tiny: Desk) -> None:
    values = small({"width": 64, "height": 64})

    careful, careless = (
        float(picture(tiny.run("merge-tokens", **values, ratio=ratio), "difference").pixels_BHWC.max())
        for ratio in (0.0, 0.75)
    )

    assert careful < 1e-3 < careless
