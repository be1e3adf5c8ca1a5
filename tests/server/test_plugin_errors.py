"""The errors of packs name what they speak of, and help with what can be helped."""

from weft.errors import PluginError
from weft.plugin_errors import (
    PackBrokenError,
    PackUnknownError,
    ProviderUnknownError,
    RequirementMissingError,
)


def test_an_unknown_pack_is_answered_with_the_one_that_was_meant() -> None:
    assert PackUnknownError(name="mnie", known=["mine", "yours"]).hint == 'Did you mean "mine"?'
    assert PackUnknownError(name="mine", known=[]).hint == "No pack is installed."


def test_a_broken_pack_says_what_was_raised_and_where() -> None:
    error = PackBrokenError(pack="mine", cause=ImportError("no module"), place=" (line 3)")

    assert error.message == 'The pack "mine" cannot be imported: ImportError: no module (line 3)'


def test_missing_requirements_are_listed_for_programs_too() -> None:
    assert RequirementMissingError(pack="mine", missing=["a>=2", "b"]).details == {"missing": ["a>=2", "b"]}


def test_an_unknown_provider_without_candidates_says_how_one_is_declared() -> None:
    error = ProviderUnknownError(kind="choices", name="samplers", known=[])

    assert error.hint == "Declare one with @choices."
    assert isinstance(error, PluginError)
