"""Ways of guidance: a picture for each method, and the plain one is the one without a method."""

from weft.errors import JSON
from workflow_runs import Desk, picture, pictures, size


def test_there_is_a_picture_for_each_method_and_the_plain_one_is_as_without_any(stocked: Desk) -> None:
    values: dict[str, JSON] = {"prompt": "a red circle", "seed": 3, "guidance_scale": 4.0, "steps": 3}

    result = stocked.run("guidance-methods", **values)

    plain, *others = (image.pixels_BHWC for image in pictures(result))
    alone = picture(stocked.run("text-to-image", **values)).pixels_BHWC
    assert float((plain - alone).abs().max()) < 1e-4
    assert len(others) == 4
    assert all(float((other - plain).abs().max()) > 1e-3 for other in others)
    assert size(picture(result, "sheet"))[0] > 3 * 128
