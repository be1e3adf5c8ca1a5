"""The errors of the HTTP face can be written into any answer, whatever the client sent."""

import pytest
from weft.errors import WeftError
from weft.web.faults import (
    BodyTooLargeError,
    MediaTypeRefusedError,
    MethodRefusedError,
    OriginRefusedError,
    ScopeMissingError,
    TokenNameError,
    UnexpectedError,
)
from weft.web.problems import document_of


@pytest.mark.parametrize(
    "error",
    [
        OriginRefusedError(origin="http://\udcff.example"),
        MediaTypeRefusedError(given="text/\udcff", expected=["application/json"]),
        MediaTypeRefusedError(given="", expected=["image/png", "image/jpeg"]),
        MethodRefusedError(method="BREW", allowed={"GET", "POST"}),
        ScopeMissingError(needs="manage", has="read"),
        BodyTooLargeError(limit_bytes=5),
        TokenNameError.unknown("laptob", ["laptop"]),
        UnexpectedError(request="abc"),
    ],
)
def test_an_error_says_one_sentence_of_fact_and_one_of_help(error: WeftError) -> None:
    text = document_of(error).model_dump_json()

    assert text.encode()
    assert error.message.endswith((".", "?"))
    assert error.hint


def test_long_headers_are_shown_in_part() -> None:
    assert len(OriginRefusedError(origin="x" * 10_000).message) < 300
