"""Inpainting on the starter model paints what is asked for inside the mask, and changes nothing outside."""

import numpy as np
import pytest
from weft_nodes.starter.evaluate import MODEL_FOLDER
from weft_nodes.starter.inpainting import inpaint, judge, main, repaintings
from weft_nodes.starter.painting import Sampling
from weft_nodes.starter.reading import read_picture

TASKS = repaintings(3)


def test_the_mask_covers_the_wrong_object_and_not_the_other() -> None:
    for task in TASKS:
        seen = read_picture(task.picture).objects
        inside = [each for each in seen if task.mask[int(each.y), int(each.x)]]
        outside = [each for each in seen if each not in inside]

        assert len(inside) == len(outside) == 1
        assert inside[0].shape is not task.claim.first.shape
        assert inside[0].colour is not task.claim.first.colour
        assert outside[0].shape is task.claim.things[1].shape


def test_pictures_that_stay_as_they_are_have_nothing_right_inside_and_all_outside() -> None:
    found = judge(TASKS, np.stack([task.picture for task in TASKS]))

    assert found["inside"].right == 0
    assert found["outside"].right == len(TASKS)


def test_a_change_outside_the_mask_is_counted() -> None:
    pictures = np.stack([task.picture for task in TASKS])
    row, column = np.argwhere(~TASKS[0].mask)[0]
    pictures[0, row, column] ^= 2

    assert judge(TASKS, pictures)["outside"].right == len(TASKS) - 1


def test_the_starter_model_paints_what_is_asked_for_and_keeps_the_rest() -> None:
    found = judge(TASKS, inpaint(MODEL_FOLDER, TASKS, Sampling(steps=8)))

    assert found["inside"].right >= len(TASKS) - 1
    assert found["outside"].right == len(TASKS)


def test_the_command_prints_both_figures(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--pictures", "1", "--steps", "2"])

    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["inside", "outside"]
