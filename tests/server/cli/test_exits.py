"""Exit codes: what a script learns without reading a word."""

import pytest
from weft.cli.exits import EXIT_CODE_HELP, ExitCode, exit_code_of
from weft.errors import Problem


def _problem(code: str, *, is_warning: bool = False) -> Problem:
    return Problem(code=code, message="m", hint="h", severity="warning" if is_warning else "error")


def test_no_problem_is_success() -> None:
    assert exit_code_of([]) == ExitCode.OK


def test_a_warning_alone_is_success() -> None:
    assert exit_code_of([_problem("socket-mismatch", is_warning=True)]) == ExitCode.OK


def test_a_fault_of_the_workflow_is_bad_input() -> None:
    assert exit_code_of([_problem("socket-mismatch")]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize("code", ["disk-full", "pack-broken", "device-unavailable", "internal"])
def test_a_fault_of_the_machine_is_told_apart(code: str) -> None:
    assert exit_code_of([_problem("input-invalid"), _problem(code)]) == ExitCode.ENVIRONMENT


def test_the_help_names_every_exit_code() -> None:
    assert all(f"  {int(code)} " in EXIT_CODE_HELP for code in ExitCode)
