"""A soft mask: black keeps the drawing, white makes it anew, and what lies between changes in part."""

from workflow_runs import Desk, picture, ran, seen_in, shown, small


def test_what_the_prompt_asks_for_takes_the_place_where_everything_may_change(starter: Desk) -> None:
    result = starter.run("soft-mask", steps=6)

    image, drawing = picture(result), picture(result, "drawing")
    assert shown(seen_in(drawing)) == [("red", "circle"), ("red", "circle")]
    assert shown(seen_in(image)) == [("red", "circle"), ("blue", "star")]
    change_W = (image.pixels_BHWC - drawing.pixels_BHWC).abs().mean(dim=(0, 1, 3))
    assert float(change_W[:16].mean()) < 0.02 < float(change_W[96:].mean())


def test_another_direction_leaves_the_drawing_and_its_latent_as_they_were(tiny: Desk) -> None:
    tiny.run("soft-mask", **small({"direction": "right"}))

    again = ran(tiny.run("soft-mask", **small({"direction": "down"})))

    assert again == {"area", "map", "masked", "sample", "decode"}
