"""Sets of inputs from lists of values."""

import pytest
from weft.errors import JSON
from weft.jobs.variations import BatchInvalidError, combine_inputs


def test_a_zip_takes_the_first_of_each_then_the_second_of_each() -> None:
    rows = combine_inputs({"seed": [1, 2], "prompt": ["a", "b"]}, "zip", most=10)

    assert rows == [{"seed": 1, "prompt": "a"}, {"seed": 2, "prompt": "b"}]


def test_a_product_takes_each_with_each_and_the_last_changes_fastest() -> None:
    rows = combine_inputs({"seed": [1, 2], "prompt": ["a", "b"]}, "product", most=10)

    assert [(row["seed"], row["prompt"]) for row in rows] == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]


def test_lists_of_different_lengths_do_not_zip_and_all_lengths_are_told() -> None:
    with pytest.raises(BatchInvalidError) as caught:
        combine_inputs({"seed": [1, 2, 3], "prompt": ["a"]}, "zip", most=10)

    assert caught.value.message == (
        'Inputs that vary together must have equally many values, but "seed" has 3, "prompt" has 1.'
    )
    assert caught.value.details == {"lengths": {"seed": 3, "prompt": 1}}


@pytest.mark.parametrize("vary", [{}, {"seed": []}, {"seed": [1], "prompt": []}])
def test_a_batch_without_jobs_is_refused(vary: dict[str, list[JSON]]) -> None:
    with pytest.raises(BatchInvalidError, match="at least one value"):
        combine_inputs(vary, "product", most=10)


def test_a_batch_that_is_too_large_is_refused_before_it_is_made() -> None:
    thousand: list[JSON] = list(range(1000))

    with pytest.raises(BatchInvalidError, match="1,000,000,000 jobs, but at most 10 "):
        combine_inputs({"a": thousand, "b": thousand, "c": thousand}, "product", most=10)


def test_a_batch_may_be_as_large_as_the_limit() -> None:
    assert len(combine_inputs({"a": [1, 2], "b": [1, 2]}, "product", most=4)) == 4
