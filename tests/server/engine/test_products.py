"""What a run made becomes pictures in memory or plain JSON, and is named by its type."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from weft.engine.products import has_pictures, pictures_of, plain, type_of
from weft.errors import JSON
from weft.pictures import read_picture, read_provenance
from weft.values import Image, Mask


def test_a_picture_is_encoded_with_its_provenance_and_the_name_of_its_output() -> None:
    pixels = torch.rand(1, 4, 6, 3)

    (picture,) = pictures_of("image", Image(pixels), {"weft": {"weft": 1}})

    assert (picture.width, picture.height) == (6, 4)
    assert read_provenance(picture.data) == {"weft": {"weft": 1}, "output": "image"}
    np.testing.assert_array_equal(read_picture(picture.data), (pixels[0] * 255).round().byte().numpy())


def test_batches_and_lists_are_cut_into_pictures_in_order() -> None:
    value = [[Image(torch.full((2, 2, 2, 3), 0.0))], Mask(torch.full((1, 2, 2), 0.2)), 3]

    shades = [int(read_picture(picture.data).max()) for picture in pictures_of("many", value, {})]

    assert shades == [0, 0, 51]


def test_brightness_beyond_the_range_is_clipped() -> None:
    (picture,) = pictures_of("image", Image(torch.tensor([-1.0, 2.0, 0.5]).reshape(1, 1, 1, 3)), {})

    assert read_picture(picture.data).tolist() == [[[0, 255, 128]]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Image(torch.zeros(1, 1, 1, 3)), True),
        ([1, [Mask(torch.zeros(1, 1, 1))]], True),
        ([], False),
        ("a", False),
    ],
)
def test_it_is_known_beforehand_whether_there_are_pictures(value: object, expected: bool) -> None:
    assert has_pictures(value) is expected
    assert (list(pictures_of("x", value, {})) != []) is expected


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "bool"),
        (3, "int"),
        (0.5, "float"),
        ("a", "string"),
        (None, "null"),
        ({"a": 1}, "json"),
        ([1, "a"], "list[int | string]"),
        ((Mask(torch.zeros(1, 1, 1)),), "list[mask]"),
        (object(), "object"),
    ],
)
def test_a_value_is_named_as_on_sockets(value: object, name: str) -> None:
    assert type_of(value) == name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({1: [True, 2, 0.5, "a", None]}, {"1": [True, 2, 0.5, "a", None]}),
        ((1, 2), [1, 2]),
        (float("nan"), None),
        ([float("inf"), -float("inf")], [None, None]),
        (torch.zeros(2), None),
    ],
)
def test_a_value_is_told_as_json_as_far_as_json_goes(
    value: object, expected: JSON | Mapping[str, JSON]
) -> None:
    assert plain(value) == expected
