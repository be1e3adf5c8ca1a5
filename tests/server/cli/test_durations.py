"""Durations as a person reads them."""

import pytest
from weft.cli.durations import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "under 0.1 s"),
        (0.099, "under 0.1 s"),
        (0.1, "0.1 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (125.0, "2 min 5 s"),
        (3599.4, "59 min 59 s"),
        (3600.0, "1 h 0 min"),
        (4320.0, "1 h 12 min"),
    ],
)
def test_a_duration_is_told_in_its_largest_two_units(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
