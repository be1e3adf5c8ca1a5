"""Values that are written in another way mean the same afterwards, or it is said that they do not."""

import pytest
from weft.errors import JSON
from weft.foreign.changes import change_value


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        ("skipped", -1, 0),
        ("skipped", -2, 1),
        ("enabled", "enable", True),
        ("enabled", "disable", False),
        ("enabled", True, True),
        ("seed", 2**63 - 1, 2**63 - 1),
        ("steps", 10_000, 1000),
        ("file", "sub\\a.png [input]", "sub/a.png"),
        ("file", 3, 3),
        ("thousandths", 0.4, 400.0),
        ("eighth", 20, 2),
        ("mebipixels", 1.0, 1.048576),
        ("columns", "right", 2),
        ("columns", "down", 1),
    ],
)
def test_a_value_is_written_as_it_is_here(name: str, theirs: JSON, ours: JSON) -> None:
    assert change_value(name, theirs) == (ours, "")


def test_a_seed_that_is_too_large_becomes_another_and_it_is_said() -> None:
    seed, note = change_value("seed", 2**64 - 1)

    assert seed == 2**63 - 1
    assert str(2**64 - 1) in note
