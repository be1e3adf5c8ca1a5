"""`weft plan`: what a run would do, node by node, and why."""

from weft.cli.arguments import Options
from weft.cli.durations import in_words
from weft.cli.exits import ExitCode
from weft.cli.preparation import prepare
from weft.cli.quiet import quiet_libraries
from weft.cli.reports import PlannedReport, PlanReport, ReasonReport, report_problem
from weft.cli.session import open_session
from weft.cli.sizes import size_in_words
from weft.cli.sources import lineage_of
from weft.cli.terminal import Terminal


def plan(options: Options, terminal: Terminal) -> ExitCode:
    """Say of each node whether a run would compute it, and why. Runs nothing.

    Args:
        options: What was typed; `subject` is the workflow.
        terminal: Where the answer goes.

    Returns:
        OK.

    Raises:
        WeftError: The workflow cannot run; holds every problem.
    """
    with quiet_libraries():
        session = open_session(options)
        source = session.read(options.subject or "")
        with terminal.busy("Reading the nodes"):
            prepared = prepare(source, options, session)
        from weft.cli.execution import foresee

        planned = foresee(prepared, options, session, lineage=lineage_of(source))
    steps = tuple(
        PlannedReport(
            node=step.id,
            action=step.action,
            reason=ReasonReport(code=step.reason.code, text=step.reason.text, inputs=step.reason.inputs),
            seconds_last=step.seconds_last,
            held_bytes_last=step.held_bytes_last,
        )
        for step in planned.steps
    )
    if options.as_json:
        problems = tuple(report_problem(problem) for problem in prepared.warnings)
        report = PlanReport(
            workflow=source.name,
            steps=steps,
            seconds=planned.seconds,
            held_bytes=planned.held_bytes,
            problems=problems,
        )
        terminal.answer(report.to_text())
        return ExitCode.OK
    for line in _table(steps):
        terminal.answer(line)
    for problem in prepared.warnings:
        terminal.report(problem)
    if planned.seconds:
        held = f" and {size_in_words(planned.held_bytes)}" if planned.held_bytes else ""
        terminal.say(f"Going by the last run, it takes {in_words(planned.seconds)}{held}.")
    return ExitCode.OK


def _table(steps: tuple[PlannedReport, ...]) -> list[str]:
    nodes = max((len(step.node) for step in steps), default=0)
    words = {"hit": "reuse", "run": "run", "unknown": "perhaps"}
    said = ["skip" if step.reason.code == "not-needed" else words[step.action] for step in steps]
    times = [in_words(step.seconds_last) if step.seconds_last is not None else "-" for step in steps]
    sizes = [size_in_words(step.held_bytes_last) if step.held_bytes_last else "-" for step in steps]
    time_width, size_width = (max(map(len, column), default=0) for column in (times, sizes))
    return [
        f"{step.node:<{nodes}}  {word:<7}  {time:>{time_width}}  {size:>{size_width}}  {step.reason.text}"
        for step, word, time, size in zip(steps, said, times, sizes, strict=True)
    ]
