"""Edit by instruction: what is painted depends on the picture that is shown."""

from PIL import Image
from weft.errors import JSON
from workflow_runs import Desk, picture, size


def test_the_picture_that_is_shown_has_a_say(stocked: Desk) -> None:
    Image.new("RGB", (160, 128), "blue").save(stocked.settings.input_dir / "blue.png")
    values: dict[str, JSON] = {"checkpoint": "flux", "steps": 2, "megapixels": 0.01}

    red, blue = (
        picture(stocked.run("edit-by-instruction", **values, image=name)) for name in ("own.png", "blue.png")
    )

    assert size(red) == size(blue)
    assert not red.pixels_BHWC.equal(blue.pixels_BHWC)
