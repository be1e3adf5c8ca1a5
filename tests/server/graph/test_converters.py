"""Nodes that turn one type into another are named, those that ask for least first."""

import pytest
from server.graph.toys import catalog
from weft.graph.converters import MOST_NAMED, Converters
from weft.node import node
from weft.registry import Registry
from weft.sockets import parse_type


@pytest.mark.parametrize(
    ("source", "target", "named"),
    [
        ("int", "string", "toy.spell"),
        ("toy_noisy", "string", "toy.decode"),
        ("string", "list[string]", "toy.words"),
        ("list[int]", "int", "toy.sum"),
        ("toy_model", "string", ""),
        ("gone", "int", ""),
    ],
)
def test_a_node_that_takes_one_type_and_gives_the_other_is_named(
    source: str, target: str, named: str
) -> None:
    assert Converters(catalog()).between(parse_type(source), parse_type(target)) == named


@node("convert.z_alone")
def _alone(value: int) -> str:
    return str(value)


@node("convert.b_with_one")
def _with_one(value: int, other: float) -> str:
    return str(value)


@node("convert.a_with_two")
def _with_two(value: int, other: float, third: float) -> str:
    return str(value)


@node("convert.with_three")
def _with_three(value: int, other: float, third: float, fourth: float) -> str:
    return str(value)


def test_those_that_ask_for_least_come_first() -> None:
    registry = Registry()
    registry.add(_alone, _with_one, _with_two, _with_three)

    named = Converters(registry).between(parse_type("int"), parse_type("string"))

    assert named == "convert.z_alone or convert.b_with_one or convert.a_with_two"
    assert named.count(" or ") == MOST_NAMED - 1


@pytest.mark.parametrize(
    ("target", "named"),
    [("toy_model", "toy.load"), ("toy_noisy", "toy.noise"), ("toy_clean", ""), ("gone", "")],
)
def test_a_node_that_gives_a_type_without_needing_it_is_named(target: str, named: str) -> None:
    assert Converters(catalog()).between(None, parse_type(target)) == named


def test_the_same_pair_gets_the_same_answer_again() -> None:
    converters = Converters(catalog())
    pair = (parse_type("int"), parse_type("string"))

    assert converters.between(*pair) == converters.between(*pair)
