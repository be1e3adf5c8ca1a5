"""Numbers, truth values and seeds come out as they went in."""

import pytest
from weft_nodes import numbers
from weft_nodes.numbers import RangeEmptyError


def test_held_values_come_out_as_they_went_in() -> None:
    assert numbers.integer(7) == 7
    assert numbers.decimal(0.5) == 0.5
    assert numbers.seed_value(2**62) == 2**62
    assert numbers.truth_value(False) is False


def test_a_drawn_number_depends_on_the_seed_alone() -> None:
    first = [numbers.random_integer(seed, 0, 1_000_000) for seed in range(20)]

    assert [numbers.random_integer(seed, 0, 1_000_000) for seed in range(20)] == first
    assert len(set(first)) == 20


def test_drawn_numbers_reach_both_ends_and_nothing_beyond() -> None:
    assert {numbers.random_integer(seed, 3, 5) for seed in range(100)} == {3, 4, 5}


def test_nothing_is_drawn_from_an_empty_range() -> None:
    with pytest.raises(RangeEmptyError, match="from 5 to 3"):
        numbers.random_integer(0, 5, 3)


@pytest.mark.parametrize("a", [False, True])
@pytest.mark.parametrize("b", [False, True])
def test_not_turns_all_into_any(a: bool, b: bool) -> None:
    assert numbers.logical_not(numbers.logical_all([a, b])) == numbers.logical_any([not a, not b])


def test_of_nothing_all_hold_and_none_does() -> None:
    assert numbers.logical_all([]) is True
    assert numbers.logical_any([]) is False
