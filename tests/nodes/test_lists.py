"""List nodes keep the order and count from both ends."""

import pytest
from weft_nodes import lists
from weft_nodes.lists import ItemMissingError, NumbersError, RangeError


def test_a_list_is_made_of_lists_and_leaves_out_what_is_not_connected() -> None:
    assert lists.make_list([1], None, [2, 3], sixth=[4]) == [1, 2, 3, 4]


def test_a_range_counts_up_and_down() -> None:
    assert lists.make_range(5, 3) == [5, 6, 7]
    assert lists.make_range(5, 3, -2) == [5, 3, 1]
    assert lists.make_range(5, 0) == []


def test_a_range_that_stands_still_is_an_error() -> None:
    assert lists.make_range(5, 1, 0) == [5]
    with pytest.raises(RangeError):
        lists.make_range(5, 2, 0)


def test_even_steps_include_both_ends() -> None:
    assert lists.make_steps(1.0, 2.0, 5) == [1.0, 1.25, 1.5, 1.75, 2.0]
    assert lists.make_steps(3.0, 9.0, 1) == [3.0]


def test_a_value_is_repeated() -> None:
    assert lists.repeat_item("x", 3) == ["x", "x", "x"]
    assert lists.repeat_item("x", 0) == []


def test_items_are_counted_from_both_ends() -> None:
    assert lists.take_item(["a", "b", "c"], 0) == "a"
    assert lists.take_item(["a", "b", "c"], -1) == "c"


@pytest.mark.parametrize("index", [3, -4])
def test_an_item_beyond_the_ends_is_an_error(index: int) -> None:
    with pytest.raises(ItemMissingError, match="in a list of 3"):
        lists.take_item(["a", "b", "c"], index)


def test_a_list_knows_its_length() -> None:
    assert lists.count_items([1, 2, 3]) == 3
    assert lists.count_items([]) == 0


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [(0, 2, [1, 2]), (2, 9, [3, 4]), (-2, 1, [3]), (-9, 2, [1, 2]), (9, 1, []), (1, 0, [])],
)
def test_a_slice_ends_where_the_list_ends(start: int, count: int, expected: list[int]) -> None:
    assert lists.slice_list([1, 2, 3, 4], start, count) == expected


def test_a_reversed_list_leaves_the_given_one_as_it_was() -> None:
    items = [1, 2, 3]

    assert lists.reverse_list(items) == [3, 2, 1]
    assert items == [1, 2, 3]


@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_two_slices_that_meet_make_up_the_list(cut: int) -> None:
    items = list("abcde")

    parts = lists.make_list(lists.slice_list(items, 0, cut), lists.slice_list(items, cut, 99))

    assert parts == items


def test_reversing_twice_changes_nothing() -> None:
    items = [1, 2, 3]

    assert lists.reverse_list(lists.reverse_list(items)) == items


def test_an_item_from_the_back_is_one_from_the_front_of_the_reversed_list() -> None:
    items = list("abcde")

    for index in range(5):
        assert lists.take_item(items, -1 - index) == lists.take_item(lists.reverse_list(items), index)


def test_seeds_of_a_range_stay_exact_however_large() -> None:
    assert lists.make_range(2**62, 3) == [2**62, 2**62 + 1, 2**62 + 2]


def test_steps_go_down_as_evenly_as_up() -> None:
    assert lists.make_steps(9.0, 1.0, 5) == lists.make_steps(1.0, 9.0, 5)[::-1]


def test_what_is_missing_is_said_with_help() -> None:
    with pytest.raises(ItemMissingError) as missing:
        lists.take_item([], 0)
    with pytest.raises(RangeError) as still:
        lists.make_range(0, 2, 0)

    assert (missing.value.code, still.value.code) == ("item-missing", "range-empty-step")
    assert "-1 at the back" in missing.value.hint
    assert "1 or -1" in still.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1..5", [1, 2, 3, 4, 5]),
        ("5..1", [5, 4, 3, 2, 1]),
        ("1..3, 8, 10..30:10", [1, 2, 3, 8, 10, 20, 30]),
        ("10..0:5\n7", [10, 5, 0, 7]),
        ("-2..1", [-2, -1, 0, 1]),
        ("4..4:3", [4]),
        ("1..6:2", [1, 3, 5]),
        ("", []),
    ],
)
def test_whole_numbers_are_read_from_ranges(text: str, expected: list[int]) -> None:
    assert lists.read_integers(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0..1:0.1", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("4..5:0.5, 7", [4.0, 4.5, 5.0, 7.0]),
        ("1..0:0.4", [1.0, 0.6, 0.2]),
        ("1..3", [1.0, 2.0, 3.0]),
        ("-1.5", [-1.5]),
    ],
)
def test_numbers_are_read_from_ranges_and_meet_their_ends(text: str, expected: list[float]) -> None:
    assert lists.read_numbers(text) == expected


@pytest.mark.parametrize("text", ["a", "1.5", "1..", "..3", "3:1", "1..5:0", "1..5:x", "1...5", "0..200000"])
def test_what_is_no_range_of_whole_numbers_is_refused(text: str) -> None:
    with pytest.raises(NumbersError):
        lists.read_integers(text)


@pytest.mark.parametrize("text", ["nan", "inf", "0..inf", "1e999999..0", "0..1:1e-9", "0..1:nan", "1..2:0"])
def test_ranges_without_an_end_are_refused(text: str) -> None:
    with pytest.raises(NumbersError) as error:
        lists.read_numbers(text)

    assert error.value.code == "numbers-unreadable"
