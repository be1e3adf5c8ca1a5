"""Exit codes: what a script learns without reading a word."""

import pytest
from weft import errors, plugin_errors
from weft.cli import faults
from weft.cli.exits import _ENVIRONMENT_CODES, EXIT_CODE_HELP, ExitCode, exit_code_of
from weft.errors import Problem
from weft.jobs import faults as jobs_faults
from weft.web import faults as web_faults


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


@pytest.mark.parametrize("code", ["input-missing", "cycle", "usage", "settings-invalid"])
def test_a_fault_that_the_user_can_mend_is_bad_input(code: str) -> None:
    assert exit_code_of([_problem(code)]) == ExitCode.BAD_INPUT


def test_a_warning_about_the_machine_does_not_outweigh_an_error_of_the_workflow() -> None:
    problems = [_problem("pack-broken", is_warning=True), _problem("cycle")]

    assert exit_code_of(problems) == ExitCode.BAD_INPUT


def test_a_machine_is_only_blamed_for_errors_that_there_are() -> None:
    modules = (errors, plugin_errors, faults, jobs_faults, web_faults)
    codes = {cls.code for module in modules for cls in vars(module).values() if _is_error(cls)}

    assert codes >= _ENVIRONMENT_CODES


def _is_error(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, errors.WeftError)
