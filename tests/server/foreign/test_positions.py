"""Values that are saved by position get their names, and the word for how a seed changes is none of them."""

import pytest
from weft.errors import JSON
from weft.foreign.positions import name_values, point_of

NAMES = ("seed", "steps", "name")


@pytest.mark.parametrize(
    ("held", "controls"),
    [
        ([7, "randomize", 20, "euler"], {"seed": "randomize"}),
        ([7, True, 20, "euler"], {"seed": "randomize"}),
        ([7, False, 20, "euler"], {"seed": "fixed"}),
        ([7, 20, "euler"], {}),
    ],
)
def test_a_seed_may_be_followed_by_how_it_changes(held: list[JSON], controls: dict[str, str]) -> None:
    found = name_values({"widgets_values": held}, NAMES, ())

    assert found.values == {"seed": 7, "steps": 20, "name": "euler"}
    assert found.controls == controls
    assert found.nameless == ()


def test_values_beyond_the_known_names_are_kept() -> None:
    assert name_values({"widgets_values": [1, 2, "a", "more"]}, NAMES, ()).nameless == ("more",)


def test_fields_among_the_inputs_name_the_values_of_an_unknown_type() -> None:
    inputs: list[dict[str, JSON]] = [{"name": "picture"}, {"name": "count", "widget": {"name": "count"}}]

    assert name_values({"widgets_values": [3]}, None, inputs).values == {"count": 3}
    assert name_values({"widgets_values": [3, 4]}, None, inputs).nameless == (3, 4)


@pytest.mark.parametrize("key", ["widgets_values_named", "widgets_values"])
def test_values_with_names_are_taken_as_they_are(key: str) -> None:
    found = name_values({key: {"noise_seed": 1, "control_after_generate": "increment"}}, None, ())

    assert (found.values, found.controls) == ({"noise_seed": 1}, {"noise_seed": "increment"})


def test_a_known_type_without_an_order_of_its_own_takes_that_of_the_file() -> None:
    inputs: list[dict[str, JSON]] = [{"name": "kind_width", "widget": {"name": "kind.width"}}]

    assert name_values({"widgets_values": [64]}, (), inputs).values == {"kind_width": 64}


def test_a_place_is_written_in_two_ways() -> None:
    assert point_of([1, 2.5]) == point_of({"0": 1, "1": 2.5}) == (1.0, 2.5)
    assert point_of([1]) is None
