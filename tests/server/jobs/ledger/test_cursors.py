"""A cursor says where a page ended, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from weft.jobs.faults import CursorInvalidError
from weft.jobs.ledger.cursors import cursor_at, number_at


@given(st.integers(0, 2**63 - 1))
def test_a_cursor_leads_back_to_its_number(number: int) -> None:
    assert number_at(cursor_at(number)) == number


def test_a_cursor_fits_into_an_address() -> None:
    assert all(cursor_at(number).isalnum() for number in range(0, 100_000, 97))


@pytest.mark.parametrize(
    "cursor", ["", "12", "n12", "bjEyMw==", "bjAx", "bjEyMw\n", "../..", "é", "bi0x" * 99]
)
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalidError):
        number_at(cursor)


@given(st.text())
def test_any_text_is_a_cursor_or_refused(cursor: str) -> None:
    try:
        number = number_at(cursor)
    except CursorInvalidError:
        return

    assert cursor_at(number) == cursor
