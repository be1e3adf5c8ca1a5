"""`weft workflows import`: a workflow of ComfyUI becomes a workflow that has a name."""

import json
import re
from pathlib import Path

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode
from weft.cli.faults import NotForeignError, UsageError, WorkflowExistsError
from weft.cli.reports import ImportReport, TakenReport
from weft.cli.session import open_session
from weft.cli.taking_over import line_of, summary
from weft.cli.terminal import Terminal
from weft.errors import FileUnwritableError

_NO_NAME = re.compile(r"[^\w -]+")


def import_workflow(options: Options, terminal: Terminal) -> ExitCode:
    """Take a workflow over and save it among the workflows that have a name.

    Args:
        options: What was typed; `name` is the file.
        terminal: Where the report goes.

    Returns:
        OK, also where nodes are not known: the workflow is saved with them.

    Raises:
        UsageError: Something else than `import FILE` was typed.
        WeftError: The file cannot be read, is no workflow of ComfyUI, or the name is taken.
    """
    if options.subject != "import" or options.name is None:
        raise UsageError("weft workflows can import a file.", hint="Write weft workflows import FILE.")
    session = open_session(options)
    source = session.read(options.name)
    if source.conversion is None:
        raise NotForeignError(path=options.name)
    name = _NO_NAME.sub("-", source.name).strip("- ") or "workflow"
    if name in session.workflows.names():
        raise WorkflowExistsError(name=name)
    path = session.settings.workflows_dirs[0] / f"{name}.json"
    _write(path, json.dumps(source.document.to_json(), indent=2, ensure_ascii=False) + "\n")
    if options.as_json:
        nodes = tuple(
            TakenReport(node=n.node, type=n.type, state=n.state, made=n.made, notes=n.notes)
            for n in source.conversion.nodes
        )
        terminal.answer(ImportReport(workflow=name, path=str(path), nodes=nodes).to_text())
        return ExitCode.OK
    for taken in source.conversion.nodes:
        if taken.state != "same":
            terminal.say(line_of(taken), style="yellow" if taken.state == "different" else "red")
    terminal.say(f"{summary(source.conversion)} Run it: weft run {name}", style="bold")
    return ExitCode.OK


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FileUnwritableError(path=str(path), reason=error.strerror or str(error)) from error
