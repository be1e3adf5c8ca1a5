"""Axes of inputs are joined by zip groups and put in the order of the inputs."""

import pytest
from weft.graph.axes import loop_of

INPUTS = ("a", "b", "c")


def test_a_node_without_axes_runs_once() -> None:
    loop = loop_of({}, (), INPUTS)

    assert (loop.axes, loop.out_axes, loop.faults) == ({}, (), ())


def test_axes_follow_the_order_of_the_inputs() -> None:
    assert loop_of({"c": ("z",), "a": ("x",)}, (), INPUTS).out_axes == ("x", "z")


def test_an_axis_that_two_inputs_share_stands_once() -> None:
    assert loop_of({"a": ("x", "y"), "b": ("y", "z")}, (), INPUTS).out_axes == ("x", "y", "z")


def test_a_group_runs_on_the_axis_of_its_first_input() -> None:
    loop = loop_of({"a": ("x",), "b": ("y",), "c": ("z",)}, [["b", "a"]], INPUTS)

    assert loop.axes == {"a": ("x",), "b": ("x",), "c": ("z",)}
    assert loop.out_axes == ("x", "z")


def test_groups_that_share_an_input_are_one() -> None:
    loop = loop_of({"a": ("x",), "b": ("y",), "c": ("z",)}, [["b", "c"], ["a", "b"]], INPUTS)

    assert loop.out_axes == ("x",)


def test_an_axis_is_joined_wherever_the_node_has_it() -> None:
    loop = loop_of({"a": ("x",), "b": ("y",), "c": ("y",)}, [["a", "b"]], INPUTS)

    assert loop.axes["c"] == ("x",)


def test_several_axes_are_joined_one_by_one() -> None:
    loop = loop_of({"a": ("x", "y"), "b": ("u", "v")}, [["a", "b"]], INPUTS)

    assert loop.axes == {"a": ("x", "y"), "b": ("x", "y")}


def test_joining_what_is_one_already_changes_nothing() -> None:
    assert loop_of({"a": ("x",), "b": ("x",)}, [["a", "b"], ["b", "a"]], INPUTS).out_axes == ("x",)


def test_inputs_of_a_group_that_do_not_map_count_for_nothing() -> None:
    loop = loop_of({"b": ("y",)}, [["a", "b"]], INPUTS)

    assert (loop.axes, loop.faults) == ({"b": ("y",)}, ())


@pytest.mark.parametrize("group", [["a", "d"], ["d"]])
def test_an_unknown_input_in_a_group_is_a_fault(group: list[str]) -> None:
    loop = loop_of({"a": ("x",), "b": ("y",)}, [group], INPUTS)

    assert [fault.code for fault in loop.faults] == ["zip-invalid"]
    assert loop.out_axes == ("x", "y")


def test_inputs_over_different_numbers_of_lists_do_not_zip() -> None:
    loop = loop_of({"a": ("x", "y"), "b": ("z",)}, [["a", "b"]], INPUTS)

    assert [fault.message for fault in loop.faults] == ['"a" runs over 2 lists, but "b" over 1.']
    assert loop.out_axes == ("x", "y", "z")
