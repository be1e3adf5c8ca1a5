"""`weft workflows`: the workflows that have a name, with the inputs they take."""

import json

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode, exit_code_of
from weft.cli.import_command import import_workflow
from weft.cli.reports import WorkflowAnswer, WorkflowsReport, report_problem
from weft.cli.session import open_session
from weft.cli.shell import shell_option
from weft.cli.terminal import Terminal
from weft.errors import JSON, Problem, WeftError
from weft.graph.document import Document, Link, input_to_json, split_socket

LONGEST_VALUE = 72


def workflows(options: Options, terminal: Terminal) -> ExitCode:
    """List the workflows that have a name, or take one over. Reads files only, so no pack is imported.

    Args:
        options: What was typed.
        terminal: Where the answer goes.

    Returns:
        OK, also where a file among them is damaged: it is reported, and the others are listed.

    Raises:
        WeftError: The workflow cannot be taken over.
    """
    if options.subject is not None:
        return import_workflow(options, terminal)
    source = open_session(options).workflows
    answers: list[WorkflowAnswer] = []
    problems: list[Problem] = []
    for name in source.names():
        try:
            answers.append(_describe(name, source.load(name)))
        except WeftError as error:
            problems.append(Problem(error.code, f"{name}: {error.message}", error.hint, severity="warning"))
    if options.as_json:
        listed = tuple(report_problem(problem) for problem in problems)
        terminal.answer(WorkflowsReport(workflows=tuple(answers), problems=listed).to_text())
        return exit_code_of(problems)
    for answer in answers:
        terminal.answer(f"{answer.name}  {answer.title}".rstrip())
        for name, value in answer.inputs.items():
            terminal.answer(f"    {_shown(name, value)}")
    for problem in problems:
        terminal.report(problem)
    return exit_code_of(problems)


def _describe(name: str, document: Document) -> WorkflowAnswer:
    inputs = {port: _value_of(document, ports.to[0]) for port, ports in document.inputs.items()}
    return WorkflowAnswer(name=name, title=document.title, inputs=inputs, outputs=tuple(document.outputs))


def _value_of(document: Document, socket: str) -> JSON:
    """Give what stands in the document at a socket; null where that is a link or nothing."""
    node, name = split_socket(socket)
    entry = document.nodes.get(node)
    value = None if entry is None else entry.inputs.get(name)
    return None if isinstance(value, Link) else input_to_json(value)


def _shown(name: str, value: JSON) -> str:
    """Write an input as an option that can be typed; a long value is cut, which the dots say."""
    if value is None:
        return f"--{name}"
    option = shell_option(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    longest = len(name) + LONGEST_VALUE
    return option if len(option) <= longest else f"{option[:longest]}…"
