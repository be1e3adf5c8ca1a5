"""Texts are joined, replaced, filled in and multiplied as asked."""

import pytest
import torch
from weft.sdk import Mask
from weft_nodes import texts
from weft_nodes.texts import PatternError, PlaceholderError


def test_a_held_text_comes_out_as_it_went_in() -> None:
    assert texts.text_value("a\nb ") == "a\nb "


def test_joining_leaves_empty_texts_out() -> None:
    assert texts.join_texts(["a red circle", "", "on white"], " ") == "a red circle on white"
    assert texts.join_texts([]) == ""


def test_every_place_is_replaced_and_nothing_is_not_looked_for() -> None:
    assert texts.replace_text("red on red", "red", "blue") == "blue on blue"
    assert texts.replace_text("red", "", "blue") == "red"


def test_a_template_takes_words_and_numbers_as_they_are_written() -> None:
    assert texts.fill_template("{b} {a}s, {c}, {a}", "star", 2, c=0.5) == "2 stars, 0.5, star"


def test_what_is_filled_in_is_not_read_as_a_template_again() -> None:
    assert texts.fill_template("{a}", "{b}", "no") == "{b}"


def test_a_template_that_asks_for_something_else_is_an_error() -> None:
    with pytest.raises(PlaceholderError, match="colour"):
        texts.fill_template("a {colour} star")


def test_each_line_is_an_item_and_empty_lines_are_not() -> None:
    assert texts.split_lines("  a red circle \n\n a blue star\r\n") == ["a red circle", "a blue star"]
    assert texts.split_lines("") == []


def test_variants_are_all_combinations_with_the_last_changing_fastest() -> None:
    assert texts.expand_variants("a {small|large} {red|blue} star") == [
        "a small red star",
        "a small blue star",
        "a large red star",
        "a large blue star",
    ]


def test_a_text_without_alternatives_is_its_only_variant() -> None:
    assert texts.expand_variants("a star") == ["a star"]


def test_an_alternative_may_be_empty() -> None:
    assert texts.expand_variants("a{| red} star") == ["a star", "a red star"]


@pytest.mark.parametrize("pattern", ["a {red star", "a red} star", "{a {b|c}}"])
def test_braces_that_do_not_pair_are_an_error(pattern: str) -> None:
    with pytest.raises(PatternError, match="do not pair"):
        texts.expand_variants(pattern)


def test_far_too_many_variants_are_refused_before_they_are_written() -> None:
    with pytest.raises(PatternError, match="more than 10000"):
        texts.expand_variants("{a|b|c|d|e|f|g|h|i|j}" * 30)


def test_texts_and_numbers_are_described_as_they_are() -> None:
    assert texts.describe_value("a star") == "a star"
    assert texts.describe_value(7) == "7"
    assert texts.describe_value(["a", 1]) == "[a, 1]"
    assert texts.describe_value({"a": 1.5}) == "{a: 1.5}"


def test_tensors_are_described_by_shape_and_range() -> None:
    mask = Mask(torch.tensor([[[0.0, 0.25]]]))

    assert texts.describe_value(mask) == "Mask(values_BHW: 1x1x2 from 0 to 0.25)"


def test_long_lists_are_cut_short() -> None:
    assert texts.describe_value(list(range(20))) == "[0, 1, 2, 3, 4, 5, 6, 7, … 20 in all]"


def test_lines_that_are_joined_are_split_into_the_same_lines() -> None:
    lines = ["a red circle", "a blue star", "a ring"]

    assert texts.split_lines(texts.join_texts(lines, "\n")) == lines


def test_there_are_as_many_variants_as_the_alternatives_multiply_to() -> None:
    variants = texts.expand_variants("{a|b|c} and {d|e} or {f|g}")

    assert len(variants) == len(set(variants)) == 3 * 2 * 2


def test_replacing_back_gives_the_text_again() -> None:
    changed = texts.replace_text("a red circle left of a red star", "red", "blue")

    assert changed.count("blue") == 2
    assert texts.replace_text(changed, "blue", "red") == "a red circle left of a red star"
