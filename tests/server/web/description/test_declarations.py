"""The editor is checked against the messages that the server really sends."""

from pathlib import Path

import pytest
from weft.web.description.declarations import declarations

COMMITTED = Path(__file__).resolve().parents[4] / "frontend" / "types.d.ts"


@pytest.fixture(scope="module")
def written() -> str:
    return declarations()


def _interface(written: str, name: str) -> list[str]:
    """The fields of one interface, without the words about them."""
    _, _, rest = written.partition(f"export interface {name} {{\n")
    lines = [line.strip() for line in rest.partition("\n}\n")[0].splitlines()]
    return [line for line in lines if not line.startswith(("/", "*"))]


def test_the_committed_declarations_are_in_step_with_the_models(written: str) -> None:
    assert COMMITTED.read_text() == written, "run `make types`"


def test_the_words_of_a_docstring_stand_above_its_message_and_each_of_its_fields(written: str) -> None:
    assert "/** The queue. */\nexport interface QueueView {\n  /** Whether no job is begun. */\n" in written


def test_what_is_written_has_every_field_whether_or_not_the_model_has_a_default(written: str) -> None:
    assert _interface(written, "ReasonView") == ["code: string;", "text: string;", "inputs: string[];"]
    assert "hint: string;" in _interface(written, "ProblemEntry")


def test_what_is_read_may_leave_out_what_has_a_default(written: str) -> None:
    fields = _interface(written, "JobRequest")

    assert "priority?: number;" in fields
    assert "inputs?: Record<string, JSONValue>;" in fields


def test_the_default_of_an_input_may_be_absent(written: str) -> None:
    assert "default?: JSONValue;" in _interface(written, "NodeInputView")


def test_words_that_a_field_is_one_of_stay_words(written: str) -> None:
    assert 'action: "hit" | "run" | "unknown";' in _interface(written, "StepView")


def test_what_may_be_missing_is_null(written: str) -> None:
    assert "finished_at: string | null;" in _interface(written, "JobView")


def test_no_line_is_longer_than_the_editor_allows(written: str) -> None:
    assert [line for line in written.splitlines() if len(line) > 110 and "|" not in line] == []
