"""FreeU: factors of 1 change nothing, others do, and the plain picture is the one without it."""

from weft.errors import JSON
from workflow_runs import Desk, picture, ran, small


def test_the_difference_is_nothing_where_all_factors_are_1(tiny: Desk) -> None:
    ones: dict[str, JSON] = dict.fromkeys(("backbone_1", "backbone_2", "skip_1", "skip_2"), 1.0)
    values = small({"width": 64, "height": 64})

    changed = tiny.run("free-u", **values)
    same = tiny.run("free-u", **values, **ones)

    differences = [float(picture(result, "difference").pixels_BHWC.max()) for result in (same, changed)]
    assert differences[0] < 1e-3 < differences[1]
    assert ran(same) == {"changed", "other_sample", "other_decode", "compare"}
