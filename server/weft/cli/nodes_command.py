"""`weft nodes`: the nodes there are, or the help of one."""

import shutil
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode
from weft.cli.quiet import quiet_libraries
from weft.cli.reports import NodesReport, PackAnswer, report_problem
from weft.cli.session import broken_packs, open_session
from weft.cli.terminal import Terminal
from weft.graph_errors import NodeTypeUnknownError
from weft.schema import MISSING, InputSchema, NodeSchema

if TYPE_CHECKING:
    from weft.plugins import Loaded

LOG_WIDTH = 10_000
HELP_WIDTH = 100
INDENT = "    "
_SECTIONS = ("Args:", "Returns:", "Yields:", "Raises:")


def nodes(options: Options, terminal: Terminal) -> ExitCode:
    """List the nodes there are, or explain one.

    Args:
        options: What was typed; `subject` is a node type, or None for all of them.
        terminal: Where the answer goes.

    Returns:
        OK, also where a pack is broken: it is reported, and the others are listed.

    Raises:
        NodeTypeUnknownError: There is no such node type.
    """
    with quiet_libraries(), terminal.busy("Reading the nodes"):
        loaded = open_session(options).load_packs()
    schemas = _wanted(options.subject, loaded)
    if options.as_json:
        terminal.answer(_answer(schemas, loaded).to_text())
        return ExitCode.OK
    for line in _explain(schemas[0]) if options.subject else _table(schemas, width=_width(terminal)):
        terminal.answer(line)
    for problem in broken_packs(loaded):
        terminal.report(problem)
    return ExitCode.OK


def _wanted(subject: str | None, loaded: "Loaded") -> tuple[NodeSchema, ...]:
    types = loaded.registry.types()
    if subject is not None and subject not in types:
        raise NodeTypeUnknownError(type=subject, known=types)
    found = (loaded.registry.schema(name) for name in ([subject] if subject else types))
    return tuple(schema for schema in found if schema is not None)


def _answer(schemas: Iterable[NodeSchema], loaded: "Loaded") -> NodesReport:
    packs = tuple(
        PackAnswer(
            name=report.name,
            path=report.path,
            ok=report.ok,
            nodes=len(report.nodes),
            error=None if report.error is None else report_problem(report.error),
        )
        for report in loaded.reports
    )
    return NodesReport(nodes=tuple(schema.to_json() for schema in schemas), packs=packs)


def _width(terminal: Terminal) -> int:
    """A file or pipe gets whole lines, so that grep finds what it looks for."""
    return shutil.get_terminal_size().columns if terminal.data.isatty() else LOG_WIDTH


def _table(schemas: Iterable[NodeSchema], *, width: int) -> list[str]:
    rows = [(schema.type, schema.pack, schema.summary) for schema in schemas]
    types = max((len(row[0]) for row in rows), default=0)
    packs = max((len(row[1]) for row in rows), default=0)
    lines = [f"{name:<{types}}  {pack:<{packs}}  {summary}" for name, pack, summary in rows]
    return [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]


def _explain(schema: NodeSchema) -> list[str]:
    """Write the help of one node, as its author documented it."""
    intro, raises = _sections(schema.doc)
    lines = [f"{schema.type}  version {schema.version}, from {schema.pack}", "", *intro]
    if schema.inputs:
        lines += ["", "inputs:"]
    for entry in schema.inputs:
        lines += [f"  {entry.name}: {entry.type}{_limits(entry)}", *_indented(entry.doc)]
    if schema.outputs:
        lines += ["", "outputs:"]
    for output in schema.outputs:
        lines += [f"  {output.name}: {output.type}", *_indented(output.doc)]
    return [*lines, "", "errors:", *raises] if raises else lines


def _sections(doc: str) -> tuple[list[str], list[str]]:
    """Give a docstring's text before its first section, and the lines of its section on errors."""
    found: dict[str, list[str]] = {"": []}
    section = ""
    for line in doc.splitlines():
        if line in _SECTIONS:
            section = line
        else:
            found.setdefault(section, []).append(line.replace(INDENT, "  ", 1))
    return "\n".join(found[""]).strip().splitlines(), [line for line in found.get("Raises:", []) if line]


def _indented(doc: str) -> list[str]:
    return textwrap.wrap(doc, HELP_WIDTH, initial_indent="      ", subsequent_indent="      ")


def _limits(entry: InputSchema) -> str:
    """Say what may be entered, and what stands there when nothing is."""
    parts = [] if entry.default is MISSING else [f"default {entry.default!r}"]
    facts = entry.json_schema() or {}
    if "minimum" in facts or "maximum" in facts:
        parts.append(f"{facts.get('minimum', '…')}..{facts.get('maximum', '…')}")
    choices = facts.get("enum")
    if isinstance(choices, list):
        parts.append("one of " + ", ".join(str(choice) for choice in choices))
    if entry.link_only:
        parts.append("link only")
    return f"  ({', '.join(parts)})" if parts else ""
