"""Pictures to steer by: one for each way of reading a picture, all of its size."""

from workflow_runs import Desk, pictures, ran, size, small


def test_there_is_one_picture_for_each_way_and_all_are_of_one_size(stocked: Desk) -> None:
    result = stocked.run("preprocessors", **small())

    found = pictures(result)
    assert [size(image) for image in found] == [(128, 128, 1)] * 6
    for image in (found[0], found[3], found[4]):
        values = image.pixels_BHWC
        assert bool(((values == 0) | (values == 1)).all())


def test_other_names_make_nothing_but_the_sheet_anew(stocked: Desk) -> None:
    stocked.run("preprocessors", **small())

    assert ran(stocked.run("preprocessors", **small({"names": ["a", "b", "c", "d", "e", "f"]}))) == {"sheet"}
