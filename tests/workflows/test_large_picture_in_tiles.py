"""Large picture in tiles: as large as asked for, and painting over anew keeps the small picture."""

from workflow_runs import Desk, picture, ran, size, small


def test_the_picture_is_larger_by_the_factor_and_painted_over_by_itself(stocked: Desk) -> None:
    values = small({"factor": 1.5})

    result = stocked.run("large-picture-in-tiles", **values)

    assert size(picture(result)) == (192, 192, 1)
    assert size(picture(result, "small")) == (128, 128, 1)
    again = ran(stocked.run("large-picture-in-tiles", **values, denoise=0.5))
    assert again == {"repaint", "repaint_decode"}
