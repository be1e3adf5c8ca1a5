"""Values on wires are frozen dataclasses with a name, and pictures and masks have the shape they promise."""

import json
from dataclasses import FrozenInstanceError, dataclass, is_dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from weft.errors import JSON, NodeError, ValueInvalidError
from weft.values import Image, Mask, ValueType, canonical_json, value, value_type

json_values: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@value("toy_shape", color="#112233")
@dataclass(frozen=True, slots=True)
class Shape:
    """Something with an outline.

    More about it.
    """

    size: int


@value("toy_rectangle")
@dataclass(frozen=True, slots=True)
class Rectangle(Shape):
    """A shape with four corners."""


@value("toy_square")
@dataclass(frozen=True, slots=True)
class Square(Rectangle):
    """A rectangle of equal sides."""


def test_a_marked_class_knows_its_name_colour_and_first_paragraph() -> None:
    assert value_type(Shape) == ValueType("toy_shape", "#112233", "Something with an outline.", ())


def test_a_subclass_is_a_subtype_of_all_marked_classes_above_it_nearest_first() -> None:
    found = value_type(Square)

    assert found is not None
    assert found.supertypes == ("toy_rectangle", "toy_shape")


def test_marking_leaves_the_class_a_frozen_slotted_dataclass() -> None:
    square = Square(3)

    assert is_dataclass(Square)
    assert square == Square(3)
    assert not hasattr(square, "__dict__")
    with pytest.raises(FrozenInstanceError):
        square.size = 4  # type: ignore[misc]


def test_a_subclass_without_the_mark_has_no_wire_type_of_its_own() -> None:
    @dataclass(frozen=True)
    class Circle(Shape):
        """Not marked."""

    assert value_type(Circle) is None


def test_a_class_that_is_no_value_has_no_wire_type() -> None:
    assert value_type(int) is None


def test_a_wire_type_travels_as_json() -> None:
    found = value_type(Square)

    assert found is not None
    assert json.loads(json.dumps(found.to_json()))["supertypes"] == ["toy_rectangle", "toy_shape"]


@pytest.mark.parametrize(
    "name", ["Shape", "a-b", "", "1a", "int", "float", "json", "list", "null", "a b", "é"]
)
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    with pytest.raises(NodeError, match="not allowed"):
        value(name)(Shape)


@pytest.mark.parametrize("color", ["red", "#fff", "#GGGGGG", "112233", ""])
def test_a_colour_that_is_not_rrggbb_is_refused(color: str) -> None:
    with pytest.raises(NodeError, match="color"):
        value("toy", color=color)(Shape)


def test_a_class_that_could_be_mutated_is_refused() -> None:
    @dataclass
    class Loose:
        size: int

    class Plain:
        pass

    for cls in (Loose, Plain):
        with pytest.raises(NodeError, match="not a frozen dataclass"):
            value("toy_loose")(cls)


@pytest.mark.parametrize("channels", [3, 4])
def test_an_image_holds_a_batch_of_pictures_with_three_or_four_channels(channels: int) -> None:
    pixels = torch.zeros(2, 5, 7, channels)

    assert Image(pixels).pixels_BHWC is pixels


@pytest.mark.parametrize(
    ("pixels", "said"),
    [
        (torch.zeros(5, 7, 3), "the shape (5, 7, 3)"),
        (torch.zeros(1, 3, 5, 7, 3), "4 axes BHWC"),
        (torch.zeros(1, 5, 7, 1), "1 channels"),
        (torch.zeros(1, 5, 7, 5), "5 channels"),
        (torch.zeros(0, 5, 7, 3), "at least one item"),
        (torch.zeros(1, 0, 7, 3), "at least one item"),
        (torch.zeros(1, 5, 7, 3, dtype=torch.float16), "torch.float16"),
        (torch.zeros(1, 5, 7, 3, dtype=torch.uint8), "torch.uint8"),
    ],
)
def test_an_image_of_another_shape_or_dtype_is_refused(pixels: torch.Tensor, said: str) -> None:
    with pytest.raises(ValueInvalidError) as caught:
        Image(pixels)

    assert said in caught.value.message


def test_something_that_is_no_tensor_at_all_is_refused() -> None:
    with pytest.raises(ValueInvalidError, match="4 axes"):
        Image("picture")  # type: ignore[arg-type]


def test_a_mask_holds_a_batch_of_selections() -> None:
    values = torch.ones(2, 5, 7)

    assert Mask(values).values_BHW is values


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7, 1), (1, 5, 0)])
def test_a_mask_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueInvalidError):
        Mask(torch.zeros(shape))


def test_images_are_compared_by_identity_since_comparing_pixels_costs() -> None:
    pixels = torch.zeros(1, 2, 2, 3)

    assert Image(pixels) != Image(pixels)
    assert len({Image(pixels), Image(pixels)}) == 2


@given(json_values)
def test_canonical_text_reads_back_as_the_same_value(found: JSON) -> None:
    assert json.loads(canonical_json(found)) == found


@given(st.dictionaries(st.text(), st.integers(), max_size=6))
def test_canonical_text_does_not_depend_on_the_order_of_keys(found: dict[str, JSON]) -> None:
    backwards = dict(reversed(found.items()))

    assert canonical_json(backwards) == canonical_json(found)


def test_canonical_text_is_compact_sorted_ascii() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": "é"}) == '{"a":"\\u00e9","b":[1,2.5,null]}'


@pytest.mark.parametrize("pair", [(1, True), (1, 1.0), (0, False), ("1", 1), (None, "null"), ([], {})])
def test_values_of_different_types_never_share_their_text(pair: tuple[JSON, JSON]) -> None:
    assert canonical_json(pair[0]) != canonical_json(pair[1])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_cannot_write_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"Out of range|not JSON compliant"):
        canonical_json({"x": [number]})


def test_keys_that_are_not_strings_are_refused_as_they_would_collide() -> None:
    with pytest.raises(TypeError, match="key 1"):
        canonical_json([{"x": {1: 2}}])  # type: ignore[dict-item]


def test_objects_that_are_not_json_are_refused() -> None:
    with pytest.raises(TypeError):
        canonical_json({"x": object()})  # type: ignore[dict-item]
