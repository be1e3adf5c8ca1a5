"""What cannot be taken over says why in a sentence."""

from weft.foreign.faults import ForeignUnreadableError, RulesInvalidError


def test_a_fault_of_a_file_says_what_and_what_to_do() -> None:
    error = ForeignUnreadableError(fault="it is empty")

    assert (error.code, error.message) == (
        "foreign-unreadable",
        "The workflow of ComfyUI cannot be read: it is empty.",
    )
    assert "save it again" in error.hint


def test_a_fault_of_rules_says_where() -> None:
    assert (
        RulesInvalidError(place="a.toml", fault="it is torn").message == "a.toml cannot be read: it is torn."
    )
