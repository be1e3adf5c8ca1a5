"""Every error becomes words and an exit code; a traceback is shown only on demand."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from weft.cli.app import execute, wants_traceback
from weft.cli.exits import ExitCode
from weft.cli.terminal import Terminal


def _execute(*words: str) -> tuple[ExitCode, str, str]:
    data, heard = io.StringIO(), io.StringIO()
    code = execute(words, Terminal(data=data, words=heard))
    return code, data.getvalue(), heard.getvalue()


def _fail_inside(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """Let weft itself fail, since its answer finds a closed stream."""
    closed, heard = io.StringIO(), io.StringIO()
    closed.close()
    execute(["workflows", *words], Terminal(data=closed, words=heard))
    return heard.getvalue()


def test_a_wrong_command_is_bad_input_in_words() -> None:
    code, data, words = _execute("rum")

    assert code == ExitCode.BAD_INPUT
    assert data == ""
    assert words == 'error [usage] weft has no command rum.\n      Did you mean "run"?\n'


def test_with_json_the_refusal_is_the_answer_and_nothing_else_is_said() -> None:
    code, data, words = _execute("run", "--json", "no-such-workflow")

    answer = json.loads(data)
    assert code == ExitCode.BAD_INPUT
    assert (answer["state"], answer["workflow"]) == ("refused", "no-such-workflow")
    assert [problem["code"] for problem in answer["problems"]] == ["workflow-unknown"]
    assert words == ""


def test_a_missing_file_is_bad_input() -> None:
    code, _, words = _execute("check", "no-such-file.json")

    assert code == ExitCode.BAD_INPUT
    assert words.startswith("error [file-unreadable] no-such-file.json does not exist.")


def test_a_traceback_is_shown_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_TRACEBACK", raising=False)
    assert "Traceback" not in _execute("check", "no-such-file.json")[2]
    assert "--traceback" in _fail_inside(monkeypatch)
    assert "Traceback" not in _fail_inside(monkeypatch)
    assert "Traceback" in _fail_inside(monkeypatch, "--traceback")


def test_a_fault_of_the_user_shows_no_traceback_even_on_demand() -> None:
    words = _execute("check", "no-such-file.json", "--traceback")[2]

    assert "file-unreadable" in words
    assert "Traceback" not in words


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("", False), ("0", False)])
def test_the_environment_can_ask_for_tracebacks(
    value: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_TRACEBACK", value)

    assert wants_traceback(["run"]) is wanted


def test_an_unexpected_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_TRACEBACK", raising=False)

    closed, heard = io.StringIO(), io.StringIO()
    closed.close()
    code = execute(["workflows"], Terminal(data=closed, words=heard))

    words = heard.getvalue()
    assert code == ExitCode.ENVIRONMENT
    assert words.startswith("error [internal] weft stopped because of an unexpected ValueError")
    assert "Traceback" not in words


def test_an_answer_that_cannot_be_written_is_an_environment_error() -> None:
    command = [sys.executable, "-m", "weft", "rum", "--json"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert ended.returncode == ExitCode.ENVIRONMENT
    assert ended.stderr.startswith("error [file-unwritable] Standard output cannot be written")
    assert "Traceback" not in ended.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = f"weft() {{ {sys.executable} -m weft workflows; echo $? >&2; }}; weft | head -n 1"

    ended = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)

    assert ended.stderr.splitlines()[-1] == "0"
    assert "Broken" not in ended.stderr
