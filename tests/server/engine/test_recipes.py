"""A node type knows how it is run, and what its function's result means."""

from typing import NamedTuple

import pytest
from weft.engine.recipes import Recipe, ResultShapeError, as_floats
from weft.node import NodeDefinition, node


class Pair(NamedTuple):
    """Two outputs."""

    low: int
    high: int


class Single(NamedTuple):
    """One output, by name."""

    only: int


@node("shape.one", output="value", lane="inline")
def _one(a: float, b: float | None = None, c: int = 0) -> int:
    return 1


@node("shape.two")
def _two(a: int) -> Pair:
    return Pair(a, a)


@node("shape.single")
def _single(a: int) -> Single:
    return Single(a)


@node("shape.none", sink=True)
def _none(a: int) -> None:
    return None


@node("shape.list", output="items")
def _list(a: list[float]) -> list[int]:
    return []


def recipe_of(function: object) -> Recipe:
    """The recipe of a decorated function."""
    definition = getattr(function, "__weft_node__", None)
    assert isinstance(definition, NodeDefinition)
    return Recipe.of(definition)


def test_one_output_is_the_result() -> None:
    assert recipe_of(_one).unpack(5) == {"value": 5}
    assert recipe_of(_list).unpack([1, 2]) == {"items": [1, 2]}


def test_a_named_tuple_gives_several_outputs() -> None:
    assert recipe_of(_two).unpack(Pair(1, 2)) == {"low": 1, "high": 2}
    assert recipe_of(_single).unpack(Single(3)) == {"only": 3}


def test_no_outputs_want_no_result() -> None:
    assert recipe_of(_none).unpack(None) == {}


@node("shape.float", output="value")
def _float(a: int) -> float:
    return 1


@pytest.mark.parametrize(
    ("function", "result", "told"),
    [
        (_one, "text", "declares int for its output \"value\", but returned str 'text'"),
        (_one, 2.5, "returned float 2.5"),
        (_one, True, "returned bool True"),
        (_one, None, "returned None"),
        (_list, [1, "x"], r"declares list\[int\] .* returned list \[1, 'x'\]"),
        (_list, (1, 2), "returned a tuple"),
        (_two, Pair(1, "x"), 'declares int for its output "high"'),  # type: ignore[arg-type]
        (_float, "1", "declares float"),
    ],
)
def test_a_value_of_another_type_than_declared_is_refused(
    function: object, result: object, told: str
) -> None:
    with pytest.raises(ResultShapeError, match=told):
        recipe_of(function).unpack(result)


def test_a_whole_number_that_a_float_output_returns_becomes_a_float() -> None:
    assert repr(recipe_of(_float).unpack(1)) == "{'value': 1.0}"


@pytest.mark.parametrize(("function", "result"), [(_two, 1), (_two, (1, 2)), (_two, None), (_none, 3)])
def test_another_result_than_promised_is_refused(function: object, result: object) -> None:
    with pytest.raises(ResultShapeError, match="but returned"):
        recipe_of(function).unpack(result)


def test_only_plain_inline_nodes_are_quick() -> None:
    assert recipe_of(_one).is_quick
    assert not recipe_of(_two).is_quick


def test_inputs_that_take_floats_are_known() -> None:
    assert recipe_of(_one).floats == ("a", "b")
    assert recipe_of(_list).floats == ("a",)
    assert recipe_of(_two).floats == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3.0), (2.5, 2.5), (None, None), (True, True), ([1, [2, None]], [1.0, [2.0, None]])],
)
def test_whole_numbers_become_floats(value: object, expected: object) -> None:
    assert repr(as_floats(value)) == repr(expected)
