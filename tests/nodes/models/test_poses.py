"""Poses: joints lie where the maps are brightest, and figures wear the colours of OpenPose."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny.perception import write_pose
from weft_nodes.models.perception import Reader, ReaderStore
from weft_nodes.models.poses import Box, box_of, cut_out, draw_people, peaks, read_joints


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A tiny random network."""
    folder: Path = write_pose(tmp_path_factory.mktemp("pose") / "vitpose")
    return ReaderStore(device="cpu").reader(folder, "a")


def standing() -> torch.Tensor:
    """A person who faces the viewer, in a picture of 100 by 120: column, row and certainty of 17 joints."""
    left = [(54, 18), (58, 20), (65, 40), (70, 60), (72, 78), (58, 75), (58, 95), (58, 112)]
    places = [(50.0, 20.0)]
    for x, y in left:
        places += [(x, y), (100 - x, y)]
    return torch.tensor([[x, y, 0.9] for x, y in places])


def colour_at(figure: torch.Tensor, column: int, row: int) -> list[int]:
    """The colour of a pixel in 0..255."""
    return [round(255 * float(value)) for value in figure[row, column]]


def test_a_box_is_what_a_mask_selects() -> None:
    mask = torch.zeros(20, 30)
    mask[5:15, 8:12] = 1.0

    assert box_of(mask) == Box(8, 5, 3, 9)
    assert box_of(torch.zeros(20, 30)) is None


@pytest.mark.parametrize("box", [Box(10, 20, 30, 80), Box(10, 20, 80, 30)])
def test_room_keeps_the_middle_and_gives_the_proportion_that_is_read(box: Box) -> None:
    area = box.with_room(0.75)

    assert area.left + area.width / 2 == pytest.approx(box.left + box.width / 2)
    assert area.top + area.height / 2 == pytest.approx(box.top + box.height / 2)
    assert area.width / area.height == pytest.approx(0.75)
    assert area.width >= 1.25 * box.width
    assert area.height >= 1.25 * box.height


def test_an_area_is_cut_out_pixel_by_pixel_with_black_beyond() -> None:
    picture = torch.rand(10, 12, 3)

    torch.testing.assert_close(cut_out(picture, Box(2, 3, 4, 5), (6, 5)), picture[3:9, 2:7])
    assert cut_out(picture, Box(-4, 0, 4, 4), (5, 5))[:, :4].eq(0).all()


def test_a_peak_lies_where_the_map_is_brightest_and_leans_to_its_neighbour() -> None:
    heat = torch.zeros(2, 16, 12)
    heat[0, 4, 6], heat[0, 4, 7] = 0.8, 0.4
    heat[1, 15, 0] = 0.5

    found = peaks(heat, Box(100, 200, 11, 15))

    torch.testing.assert_close(found, torch.tensor([[106.25, 204.0, 0.8], [100.0, 215.0, 0.5]]))


def test_maps_are_those_that_transformers_finds_in_the_same_box(reader: Reader) -> None:
    # Smooth, and with room around the box: two ways of resampling differ in what is fine, and at the rim.
    rows, columns = torch.linspace(0, 3, 90)[:, None], torch.linspace(0, 2, 70)
    picture = torch.stack([(rows + columns).sin(), (rows - columns).cos(), rows.cos() * columns.sin()], -1)
    picture = picture * 0.4 + 0.5
    inputs = reader.processor(
        images=(picture * 255).round().byte().numpy(),
        boxes=[np.array([[25.0, 30.0, 20.0, 26.0]])],
        return_tensors="pt",
    )
    with torch.no_grad():
        heat = reader.network(**inputs).heatmaps[0]

    found = read_joints(reader, picture, Box(25, 30, 20, 26))

    assert found.shape == (17, 3)
    torch.testing.assert_close(found[:, 2], heat.flatten(1).max(1).values, atol=0.05, rtol=0.05)


def test_a_figure_has_its_joints_and_limbs_in_their_colours() -> None:
    figure = draw_people([standing()], (120, 100), least_score=0.3)

    # Nose, right and left shoulder, neck; limbs are as bright as three fifths.
    assert colour_at(figure, 50, 20) == [255, 0, 0]
    assert colour_at(figure, 35, 40) == [255, 170, 0]
    assert colour_at(figure, 65, 40) == [85, 255, 0]
    assert colour_at(figure, 50, 40) == [255, 85, 0]
    assert colour_at(figure, 42, 40) == [153, 0, 0]
    assert colour_at(figure, 58, 85) == [0, 102, 153]
    assert colour_at(figure, 5, 5) == [0, 0, 0]


def test_what_is_uncertain_is_left_out_with_its_limbs() -> None:
    joints = standing()
    joints[5, 2] = 0.1

    figure = draw_people([joints], (120, 100), least_score=0.3)

    # The left shoulder is gone, and with it the neck and all that hangs on it.
    assert colour_at(figure, 65, 40) == [0, 0, 0]
    assert colour_at(figure, 50, 40) == [0, 0, 0]
    assert colour_at(figure, 50, 20) == [255, 0, 0]
    assert draw_people([], (8, 8), least_score=0.3).eq(0).all()
