"""Bytes as a person reads them."""

import pytest
from weft.cli.sizes import size_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (196_608, "197 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (12_582_912, "13 MB"),
        (24 * 10**9, "24 GB"),
        (2 * 10**12, "2000 GB"),
    ],
)
def test_an_amount_of_memory_is_told_in_its_largest_unit(size: int, words: str) -> None:
    assert size_in_words(size) == words
