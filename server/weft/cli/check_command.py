"""`weft check`: every problem of a workflow, without running it."""

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode, exit_code_of
from weft.cli.preparation import examine
from weft.cli.quiet import quiet_libraries
from weft.cli.reports import CheckReport, report_problem
from weft.cli.session import open_session
from weft.cli.terminal import Terminal


def check(options: Options, terminal: Terminal) -> ExitCode:
    """List every problem of a workflow.

    Args:
        options: What was typed; `subject` is the workflow.
        terminal: Where it goes: the problems to standard error, or one JSON object to standard output.

    Returns:
        OK where the workflow can run.

    Raises:
        WeftError: There is no such workflow, or it cannot be read.
    """
    with quiet_libraries():
        session = open_session(options)
        source = session.read(options.subject or "")
        with terminal.busy("Reading the nodes"):
            problems = examine(source, options, session).problems
    code = exit_code_of(problems)
    if options.as_json:
        listed = tuple(report_problem(problem) for problem in problems)
        terminal.answer(CheckReport(ok=code == ExitCode.OK, workflow=source.name, problems=listed).to_text())
        return code
    for problem in problems:
        terminal.report(problem)
    errors = sum(problem.severity == "error" for problem in problems)
    if errors:
        terminal.say(f"{source.name} has {errors} problem{'s' if errors > 1 else ''}.", style="bold")
    else:
        terminal.say(f"{source.name} can run: {len(source.document.nodes)} nodes.", style="green")
    return code
