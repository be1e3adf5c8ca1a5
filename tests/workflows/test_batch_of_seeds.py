"""Batch of seeds: one picture for each seed, each as if it were made alone."""

from workflow_runs import Desk, picture, pictures, ran, seen_in, shown, size, small


def test_there_is_one_picture_for_each_seed(tiny: Desk) -> None:
    result = tiny.run("batch-of-seeds", **small({"count": 5}))

    assert len(pictures(result)) == 5
    assert size(picture(result, "sheet"))[0] == 3 * 128 + 4 * 4


def test_each_picture_equals_the_one_made_alone_from_its_seed(tiny: Desk) -> None:
    together = pictures(tiny.run("batch-of-seeds", **small({"first_seed": 20, "count": 3})))

    for index in range(3):
        alone = picture(tiny.run("text-to-image", **small({"seed": 20 + index})))
        assert float((together[index].pixels_BHWC - alone.pixels_BHWC).abs().max()) < 1e-4


def test_different_seeds_give_different_pictures(tiny: Desk) -> None:
    found = pictures(tiny.run("batch-of-seeds", **small({"count": 4})))

    assert len({image.pixels_BHWC.numpy().tobytes() for image in found}) == 4


def test_another_number_of_columns_makes_only_the_sheet_again(tiny: Desk) -> None:
    tiny.run("batch-of-seeds", **small({"count": 4, "columns": 2}))

    assert ran(tiny.run("batch-of-seeds", **small({"count": 4, "columns": 4}))) == {"grid"}


def test_most_seeds_show_the_prompt(starter: Desk) -> None:
    found = pictures(starter.run("batch-of-seeds", count=4, steps=8))

    right = [shown(seen_in(image)) == [("red", "circle"), ("blue", "star")] for image in found]
    assert sum(right) >= 2
