"""Cursors: opaque places in lists that are ordered by number."""

from __future__ import annotations

import base64
import binascii

from weft.jobs.faults import CursorInvalidError


def cursor_at(number: int) -> str:
    """Make the cursor of the place behind a number."""
    return base64.urlsafe_b64encode(b"n%d" % number).decode().rstrip("=")


def number_at(cursor: str) -> int:
    """Give the number that a cursor stands behind.

    Args:
        cursor: One that `cursor_at` made.

    Raises:
        CursorInvalidError: It is something else.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        number = int(text[1:])
    except (ValueError, binascii.Error) as error:
        raise CursorInvalidError from error
    if cursor_at(number) != cursor:
        raise CursorInvalidError
    return number
