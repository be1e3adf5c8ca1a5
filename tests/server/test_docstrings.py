"""Google-style docstrings are taken apart into what a node's help needs."""

import pytest
from weft.docstrings import Docstring, parse_docstring

FULL = """Mix two latents
    of one space.

    Where they differ in size, an error is raised.

    Args:
        a: Latent returned unchanged
            when `amount` is 0.
        b (Latent): Latent returned unchanged when `amount` is 1.

        amount: Share of `b`: 0..1.
        **rest: Ignored.

    Returns:
        A latent with the shape
        of `a`.

    Raises:
        SpaceMismatchError: The spaces differ.

    Example:
        blend(a, b, 0.5)
    """


def test_the_summary_is_the_first_paragraph_on_one_line() -> None:
    assert parse_docstring(FULL).summary == "Mix two latents of one space."


def test_the_text_is_the_whole_docstring_without_indentation() -> None:
    text = parse_docstring(FULL).text

    assert text.startswith("Mix two latents\nof one space.\n\nWhere")
    assert "\nArgs:\n    a: Latent" in text
    assert text.endswith("blend(a, b, 0.5)")


def test_each_parameter_has_its_documentation_with_lines_joined() -> None:
    assert parse_docstring(FULL).arguments == {
        "a": "Latent returned unchanged when `amount` is 0.",
        "b": "Latent returned unchanged when `amount` is 1.",
        "amount": "Share of `b`: 0..1.",
        "rest": "Ignored.",
    }


def test_what_is_returned_is_one_paragraph() -> None:
    assert parse_docstring(FULL).returns == "A latent with the shape of `a`."


def test_what_is_returned_may_be_listed_by_name() -> None:
    found = parse_docstring("Do it.\n\nReturns:\n    model: The network.\n    vae: The decoder.\n")

    assert found.returned == {"model": "The network.", "vae": "The decoder."}


def test_what_is_yielded_counts_as_what_is_returned() -> None:
    assert parse_docstring("Do it.\n\nYields:\n    One by one.\n").returns == "One by one."


def test_the_attributes_of_a_class_are_read() -> None:
    found = parse_docstring(
        "Hold it.\n\nAttributes:\n    image: The picture.\n    mask: Its\n        alpha.\n"
    )

    assert found.attributes == {"image": "The picture.", "mask": "Its alpha."}


def test_text_after_a_section_belongs_to_no_section() -> None:
    found = parse_docstring("Do it.\n\nArgs:\n    a: First.\n\nThe equation is: a = b.\n")

    assert found.arguments == {"a": "First."}
    assert found.summary == "Do it."


def test_a_colon_at_the_end_of_a_sentence_starts_no_section() -> None:
    found = parse_docstring("Do it.\n\nThis matters:\n    indented text\n")

    assert found.arguments == {}
    assert "This matters:" in found.text


@pytest.mark.parametrize("raw", [None, "", "   \n  "])
def test_no_docstring_gives_an_empty_one(raw: str | None) -> None:
    assert parse_docstring(raw) == Docstring()


def test_one_line_is_a_summary_alone() -> None:
    assert parse_docstring("Do it.") == Docstring(summary="Do it.", text="Do it.")


def test_sections_without_entries_are_empty() -> None:
    assert parse_docstring("Do it.\n\nArgs:\n\nReturns:\n").arguments == {}


def test_an_entry_may_begin_on_the_line_after_its_name() -> None:
    found = parse_docstring("Do it.\n\nArgs:\n    a:\n        The first.\n    b: The second.\n")

    assert found.arguments == {"a": "The first.", "b": "The second."}
