"""A value is tested against the socket type that an output declares."""

import pytest
import torch
from weft.engine.promises import promise_of
from weft.sockets import parse_type
from weft.values import Image

IMAGE = Image(torch.zeros(1, 2, 2, 3))


@pytest.mark.parametrize(
    ("socket", "value", "expected"),
    [
        ("int", 3, True),
        ("int", True, False),
        ("int", 3.0, False),
        ("float", 3, True),
        ("float", 3.5, True),
        ("float", True, False),
        ("bool", 1, False),
        ("string", "a", True),
        ("string", None, False),
        ("json", {"a": [1]}, True),
        ("$T", object(), True),
        ("list[int]", [1, 2], True),
        ("list[int]", [1, "2"], False),
        ("list[list[int]]", [[1], []], True),
        ("int | null", None, True),
        ("int | null", "x", False),
        ("image", IMAGE, True),
        ("image", 3, False),
        ("mask", IMAGE, False),
        ("list[image | null]", [IMAGE, None], True),
    ],
)
def test_a_value_is_of_a_type_or_not(socket: str, value: object, expected: bool) -> None:
    assert promise_of(parse_type(socket))(value) is expected
