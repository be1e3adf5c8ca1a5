"""`weft run WORKFLOW --help`: what the workflow is for, the inputs it takes, and what it makes."""

import json
import textwrap
from collections.abc import Mapping

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode
from weft.cli.quiet import quiet_libraries
from weft.cli.session import open_session
from weft.cli.terminal import Terminal
from weft.errors import JSON
from weft.graph.document import Document
from weft.graph.signature import Signature, SignatureInput, signature
from weft.schema import MISSING

_WIDTH = 100
_INDENT = "      "


def explain(options: Options, terminal: Terminal) -> ExitCode:
    """Explain a workflow.

    Args:
        options: What was typed; `subject` is the workflow.
        terminal: Where the answer goes.

    Returns:
        OK.

    Raises:
        WeftError: There is no such workflow, or its inputs lead nowhere.
    """
    with quiet_libraries(), terminal.busy("Reading the nodes"):
        session = open_session(options)
        source = session.read(options.subject or "")
        found = signature(source.document, session.load_packs().registry, session.workflows)
    if options.as_json:
        document = source.document
        answer = {"title": document.title, "description": document.description, **found.to_json()}
        terminal.answer(json.dumps({"workflow": source.name, **answer}, ensure_ascii=False))
        return ExitCode.OK
    for line in _lines(options, source.document, found):
        terminal.answer(line)
    return ExitCode.OK


def _lines(options: Options, document: Document, found: Signature) -> list[str]:
    usage = f"weft {options.command} {options.subject} [--<input> VALUE ...] [options]"
    lines = [line for line in (document.title, *textwrap.wrap(document.description, _WIDTH)) if line]
    lines += ["", f"usage: {usage}"] if lines else [f"usage: {usage}"]
    if found.inputs:
        lines += ["", "inputs:"]
    for entry in found.inputs.values():
        lines += [f"  --{entry.name}: {entry.type}{_limits(entry)}", *_indented(entry.doc or entry.title)]
    if found.outputs:
        lines += ["", "outputs:"]
    for output in found.outputs.values():
        lines += [f"  {output.name}: {output.type}", *_indented(output.doc or output.title)]
    return [*lines, "", f"options: see weft {options.command} --help"]


def _indented(doc: str) -> list[str]:
    return textwrap.wrap(doc, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _limits(entry: SignatureInput) -> str:
    """Say what may be given, and what stands there when nothing is."""
    parts = ["required"] if entry.required else []
    if entry.default is not MISSING:
        parts.append(f"default {json.dumps(entry.default, ensure_ascii=False)}")
    facts: Mapping[str, JSON] = {} if entry.widget is None else entry.widget.json_schema()
    if "minimum" in facts or "maximum" in facts:
        parts.append(f"{facts.get('minimum', '…')}..{facts.get('maximum', '…')}")
    choices = facts.get("enum")
    if isinstance(choices, list):
        parts.append("one of " + ", ".join(str(choice) for choice in choices))
    return f"  ({', '.join(parts)})" if parts else ""
