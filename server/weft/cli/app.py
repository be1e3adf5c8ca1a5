"""The program: reads a command line, calls the command, turns every error into words and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from weft.cli.arguments import Options, read_arguments
from weft.cli.exits import ExitCode, exit_code_of
from weft.cli.faults import InternalError
from weft.cli.terminal import AnswerUnwritableError, Terminal
from weft.errors import Problem, ProblemsError, WeftError

Handler: TypeAlias = Callable[[Options, Terminal], ExitCode]


def execute(arguments: Sequence[str], terminal: Terminal) -> ExitCode:
    """Carry out one command line.

    Args:
        arguments: What was typed after `weft`.
        terminal: Where the answer and the words go.

    Returns:
        How it ended. No exception leaves this function but SystemExit of `--help` and `--version`.
    """
    terminal = replace(terminal, shows_tracebacks=wants_traceback(arguments))
    try:
        return _execute(arguments, terminal)
    except KeyboardInterrupt:
        terminal.say("Cancelled.")
        return ExitCode.CANCELLED
    except BrokenPipeError:
        # Whoever read the answer, such as `head`, has had enough.
        _abandon_standard_output()
        return ExitCode.OK
    except AnswerUnwritableError as error:
        _abandon_standard_output()
        terminal.report(error.problem())
        return ExitCode.ENVIRONMENT


def wants_traceback(arguments: Sequence[str]) -> bool:
    """Tell whether errors of weft, of nodes and of packs should show where they come from."""
    return "--traceback" in arguments or os.environ.get("WEFT_TRACEBACK", "") not in {"", "0"}


def _execute(arguments: Sequence[str], terminal: Terminal) -> ExitCode:
    try:
        options = read_arguments(arguments)
        return _handler(options)(options, terminal)
    except (BrokenPipeError, AnswerUnwritableError):
        raise
    except WeftError as error:
        problems = error.problems if isinstance(error, ProblemsError) else (error.problem(),)
        return _refuse(arguments, problems, terminal)
    except Exception as error:  # noqa: BLE001 — the outermost frame: a traceback must not reach a user unasked
        trace = traceback.format_exc()
        return _refuse(arguments, (InternalError(error=error, traceback=trace).problem(),), terminal)


def _handler(options: Options) -> Handler:
    """Import a command's module only now: most of them bring torch along, and --help must not wait for it."""
    command = options.command
    if options.is_asking:
        from weft.cli.workflow_help import explain

        return explain
    if command == "run":
        from weft.cli.run_command import run

        return run
    if command == "check":
        from weft.cli.check_command import check

        return check
    if command == "plan":
        from weft.cli.plan_command import plan

        return plan
    if command == "nodes":
        from weft.cli.nodes_command import nodes

        return nodes
    if command == "serve":
        from weft.cli.serve_command import serve

        return serve
    if command == "token":
        from weft.cli.token_command import token

        return token
    from weft.cli.workflows_command import workflows

    return workflows


def _refuse(arguments: Sequence[str], problems: Sequence[Problem], terminal: Terminal) -> ExitCode:
    """Report why a command could not do its work."""
    is_json = "--json" in arguments
    if not is_json or terminal.is_live:
        for problem in problems:
            terminal.report(problem)
    if is_json:
        from weft.cli.reports import refusal

        terminal.answer(refusal(arguments, problems).to_text())
    return exit_code_of(problems)


def _abandon_standard_output() -> None:
    """Let Python's last flush go nowhere, so that it does not complain once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
