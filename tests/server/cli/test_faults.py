"""The errors of the command line say who, what, and what helps."""

from weft.cli.faults import (
    DeviceUnavailableError,
    FileUnreadableError,
    GivenInputUnknownError,
    InternalError,
    PictureWithoutWorkflowError,
)
from weft.graph.faults import WorkflowInputUnknownError


def test_a_missing_file_suggests_one_beside_it() -> None:
    error = FileUnreadableError(
        path="portrat.json", reason="does not exist", beside=["portrait.json", "x.json"]
    )

    assert error.message == "portrat.json does not exist."
    assert error.hint == 'Did you mean "portrait.json"?'


def test_a_missing_file_with_nothing_like_it_asks_to_check_the_path() -> None:
    error = FileUnreadableError(path="sea.json", reason="does not exist", beside=["portrait.txt"])

    assert error.hint == "Check the path and its permissions."


def test_an_unknown_input_names_the_inputs_there_are() -> None:
    error = GivenInputUnknownError(name="promt", workflow="grid", inputs=["prompt", "seed"], options=["out"])

    assert error.message == 'grid has no input "promt".'
    assert error.hint == 'Did you mean "prompt"? Its inputs are prompt, seed.'


def test_an_unknown_input_may_be_a_misspelt_option() -> None:
    error = GivenInputUnknownError(name="jsno", workflow="grid", inputs=["prompt"], options=["json"])

    assert error.hint.startswith('Did you mean "json"?')


def test_a_workflow_without_inputs_says_so() -> None:
    error = GivenInputUnknownError(name="prompt", workflow="sums", inputs=[], options=[])

    assert error.hint == "It declares no inputs."


def test_an_unexpected_error_is_one_sentence_and_holds_its_traceback() -> None:
    error = InternalError(error=ZeroDivisionError("division by zero\nmore"), traceback="Traceback …")

    assert error.message == "weft stopped because of an unexpected ZeroDivisionError: division by zero."
    assert error.details == {"traceback": "Traceback …"}


def test_an_unexpected_error_without_words_is_named() -> None:
    assert InternalError(error=KeyError()).message.endswith("unexpected KeyError.")


def test_a_picture_without_a_workflow_explains_why_that_happens() -> None:
    assert "chat programs" in PictureWithoutWorkflowError(path="a.png").hint


def test_a_device_that_is_not_there_names_what_works_everywhere() -> None:
    error = DeviceUnavailableError(device="cuda:7")

    assert "cuda:7" in error.message
    assert "--device cpu" in error.hint


def test_an_unknown_input_is_the_same_fault_wherever_it_is_found() -> None:
    given = GivenInputUnknownError(name="x", workflow="grid", inputs=["prompt"], options=[])

    assert isinstance(given, WorkflowInputUnknownError)
    assert given.code == WorkflowInputUnknownError(name="x", known=["prompt"]).code
