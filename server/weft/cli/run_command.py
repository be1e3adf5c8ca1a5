"""`weft run`: run a workflow in this process, show how far it is, and keep what it makes."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode
from weft.cli.outputs import Destination, is_saved, refuse_unwritable, save_output
from weft.cli.preparation import Prepared, prepare
from weft.cli.quiet import quiet_libraries
from weft.cli.reports import NodeReport, OutputReport, ReasonReport, RunReport, report_problem
from weft.cli.reproduction import changes_since, likeness
from weft.cli.session import Session, open_session
from weft.cli.sources import Source, lineage_of
from weft.cli.summary import advice, program_name, say_likeness, say_outputs, say_result
from weft.cli.terminal import Terminal
from weft.engine.provenance import provenance_of
from weft.errors import JSON, FileError, Problem
from weft.garbage import end_loading

if TYPE_CHECKING:
    from weft.engine.results import RunResult


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a run.

    Attributes:
        outputs: The outputs, saved where they are pictures.
        problems: Why some could not be.
        provenance: What the pictures carry.
    """

    outputs: dict[str, OutputReport]
    problems: tuple[Problem, ...]
    provenance: dict[str, JSON]


def run(options: Options, terminal: Terminal) -> ExitCode:
    """Run a workflow and save its outputs.

    Args:
        options: What was typed; `subject` is the workflow.
        terminal: Where progress and answer go.

    Returns:
        OK, NODE_FAILED, ENVIRONMENT where the results could not be saved, or CANCELLED.

    Raises:
        WeftError: The run could not begin; holds every problem.
    """
    with quiet_libraries():
        session = open_session(options)
        source = session.read(options.subject or "")
        with terminal.busy("Reading the nodes"):
            prepared = prepare(source, options, session)
        if not options.as_json:
            for problem in prepared.warnings:
                terminal.report(problem)
        if options.out is not None or _saves(prepared, options):
            refuse_unwritable(Path(session.settings.output_dir))
        # The engine brings torch along, and everything that can fail without it has not.
        from weft.cli.execution import compute

        end_loading()
        result = compute(prepared, options, session, terminal=terminal, lineage=lineage_of(source))
        kept = _keep(result, prepared, source, session)
    if options.as_json:
        terminal.answer(_answer(source, result, kept, prepared.warnings).to_text())
    else:
        say_result(result, terminal)
        for problem in kept.problems:
            terminal.report(problem)
        say_outputs(kept.outputs, terminal)
        _say_more(source, options, prepared, terminal=terminal, kept=kept)
    return _exit_code(result, kept)


def _saves(prepared: Prepared, options: Options) -> bool:
    """Whether pictures are among what is wanted."""
    outputs = prepared.signature.outputs.values()
    return any(is_saved(output.type) for output in outputs if not options.only or output.name in options.only)


def _say_more(
    source: Source, options: Options, prepared: Prepared, *, terminal: Terminal, kept: Kept
) -> None:
    """Say what concerns the pictures: whether one was reproduced, and how to make another."""
    made = [Path(path) for output in kept.outputs.values() for path in output.paths]
    if source.picture is not None and not options.given and made:
        changes = changes_since(source.provenance, kept.provenance)
        say_likeness(source.picture, likeness(source.picture, made), changes, terminal)
    program = program_name(sys.argv[0])
    line = advice(options.subject or "", options.given, prepared.signature, program=program)
    if line and made:
        terminal.say(line, style="cyan")


def _keep(result: "RunResult", prepared: Prepared, source: Source, session: Session) -> Kept:
    """Save every output that is there, also of a run that failed elsewhere."""
    carried = provenance_of(prepared.document, prepared.graph, workflow=source.name, files=result.files)
    destination = Destination(Path(session.settings.output_dir), source.name, carried)
    outputs: dict[str, OutputReport] = {}
    problems: list[Problem] = []
    for name, value in result.outputs.items():
        try:
            outputs[name] = save_output(name, value, destination)
        except FileError as error:
            problems.append(error.problem())
    return Kept(outputs, tuple(problems), carried)


def _answer(source: Source, result: "RunResult", kept: Kept, warnings: tuple[Problem, ...]) -> RunReport:
    nodes = {
        name: NodeReport(
            state=outcome.state,
            reason=ReasonReport(
                code=outcome.reason.code, text=outcome.reason.text, inputs=outcome.reason.inputs
            ),
            seconds=round(outcome.seconds, 6),
            held_bytes=outcome.footprint.held_bytes,
            peak_bytes=outcome.footprint.peak_bytes,
            problem=None if outcome.problem is None else report_problem(outcome.problem),
        )
        for name, outcome in result.nodes.items()
    }
    problems = (*warnings, *result.problems, *kept.problems)
    return RunReport(
        state="failed" if kept.problems and result.state == "succeeded" else result.state,
        workflow=source.name,
        outputs=kept.outputs,
        nodes=nodes,
        problems=tuple(report_problem(problem) for problem in problems),
        seconds=round(result.seconds, 6),
    )


def _exit_code(result: "RunResult", kept: Kept) -> ExitCode:
    if result.state == "cancelled":
        return ExitCode.CANCELLED
    if result.state == "failed":
        return ExitCode.NODE_FAILED
    return ExitCode.ENVIRONMENT if kept.problems else ExitCode.OK
