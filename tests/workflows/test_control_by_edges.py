"""Control by edges: the shape that the prompt names appears where the drawing has it, and only it moves."""

import pytest
from workflow_runs import Desk, picture, ran, seen_in, shown


@pytest.mark.parametrize(("x", "y"), [(0.7, 0.3), (0.25, 0.7)])
def test_the_shape_stands_where_its_edges_are(starter: Desk, x: float, y: float) -> None:
    result = starter.run("control-by-edges", center_x=x, center_y=y, steps=10)

    seen = seen_in(picture(result))
    assert shown(seen) == [("blue", "circle")]
    assert abs(seen.objects[0].x - 128 * x) <= 6
    assert abs(seen.objects[0].y - 128 * y) <= 6


def test_other_words_leave_the_edges_as_they_were(starter: Desk) -> None:
    starter.run("control-by-edges", steps=10)
    again = ran(starter.run("control-by-edges", prompt="a purple circle on a cream background", steps=10))

    assert again == {"words", "positive", "sample", "decode"}
