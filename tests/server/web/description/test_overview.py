"""The words of the documentation hold what the operations need."""

import re

from weft.web.description.overview import HEADERS, OVERVIEW, PATH_PARAMETERS, TAGS


def test_every_example_of_a_part_of_an_address_looks_as_it_must() -> None:
    assert [
        name
        for name, entry in PATH_PARAMETERS.items()
        if entry.pattern and not re.fullmatch(entry.pattern, entry.example)
    ] == []


def test_every_group_header_and_parameter_is_described_in_sentences() -> None:
    headers = [entry.description for entry in HEADERS.values()]
    words = [*TAGS.values(), *headers, *(entry.description for entry in PATH_PARAMETERS.values())]

    assert [text for text in words if not text.endswith(".")] == []


def test_the_overview_speaks_of_what_callers_must_know() -> None:
    for word in ("Idempotency-Key", "application/problem+json", "Bearer", "Last-Event-ID", "?wait="):
        assert word in OVERVIEW
