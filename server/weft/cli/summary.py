"""The last words of a run: what was made, what was not and why, and how to change it."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.durations import in_words
from weft.cli.reports import OutputReport
from weft.cli.reproduction import Likeness
from weft.cli.shell import shell_option, shell_word
from weft.cli.sources import STANDARD_INPUT
from weft.cli.terminal import Terminal
from weft.graph.signature import Signature, SignatureInput
from weft.widgets import Text

if TYPE_CHECKING:
    from weft.engine.results import NodeOutcome, RunResult

# How nodes end, in the order in which they are counted.
WORDS = ("ran", "reused", "not needed", "failed", "skipped", "cancelled")
LONGEST_EXAMPLE = 80
MOST_NAMES = 8


def say_result(result: "RunResult", terminal: Terminal) -> None:
    """Say how a run ended: its problems, then one line of totals.

    Args:
        result: The run.
        terminal: Where to say it.
    """
    for problem in result.problems:
        terminal.report(problem)
    counts = Counter(_word(outcome) for outcome in result.nodes.values())
    parts = [f"{counts[word]} {word}" for word in WORDS if counts[word]]
    verb = {"succeeded": "Done", "failed": "Failed", "cancelled": "Cancelled"}[result.state]
    style = {"succeeded": "bold green", "failed": "bold red", "cancelled": "bold yellow"}[result.state]
    terminal.say(f"{verb} in {in_words(result.seconds)}: {', '.join(parts) or 'nothing to do'}.", style=style)
    if result.state == "cancelled":
        terminal.say(_kept(result))


def say_outputs(outputs: Mapping[str, OutputReport], terminal: Terminal) -> None:
    """Write what was made: each path on a line of its own, each value behind its name.

    Args:
        outputs: The outputs of the run.
        terminal: Where to write it.
    """
    for name, output in outputs.items():
        for path in output.paths:
            terminal.answer(path)
        if not output.paths and output.value is None:
            terminal.answer(f"{name}: {output.type}")
        elif not output.paths:
            terminal.answer(f"{name}: {json.dumps(output.value, ensure_ascii=False)}")


def say_likeness(picture: Path, found: Likeness, changes: Sequence[str], terminal: Terminal) -> None:
    """Say whether a picture that was made again is the same.

    Args:
        picture: The picture that was run.
        found: How alike they are.
        changes: What is not as it was.
        terminal: Where to say it.
    """
    if found == "bytes":
        terminal.say(f"This is {picture} again, bit for bit.")
    elif found == "pixels":
        terminal.say(f"This shows exactly what {picture} shows.{_because(changes, 'Since then')}")
    else:
        terminal.say(f"This differs from {picture}.{_because(changes, 'Since then')}", style="yellow")


def advice(
    subject: str, given: Mapping[str, str | None], signature: Signature, *, program: str = "weft"
) -> str:
    """Show by example how to change what was made.

    Args:
        subject: What was typed for the workflow.
        given: What was typed for its inputs.
        signature: Its inputs.
        program: What a shell here calls weft.

    Returns:
        One line; empty for a workflow without inputs, or one that cannot be named again.
    """
    if subject == STANDARD_INPUT or not signature.inputs:
        return ""
    entry = min(signature.inputs.values(), key=_interest)
    value = given.get(entry.name, entry.default)
    is_short = isinstance(value, str | int | float) and 0 < len(str(value)) <= LONGEST_EXAMPLE
    option = shell_option(entry.name, str(value) if is_short else "VALUE")
    return f"Change the {entry.name}: {program} run {shell_word(subject)} {option}"


def program_name(started_as: str) -> str:
    """Say what to type for weft in the shell that started it.

    Args:
        started_as: Path of the program that runs, as Python knows it.

    Returns:
        "weft" where the shell finds this very program under that name, else its path, short where it can be.
    """
    path = Path(started_as)
    if path.name != "weft":
        return "python -m weft"
    found = shutil.which("weft")
    if found is not None and Path(found).resolve() == path.resolve():
        return "weft"
    here = Path.cwd()
    return str(path.resolve().relative_to(here)) if path.resolve().is_relative_to(here) else str(path)


def _interest(entry: SignatureInput) -> tuple[bool, bool, bool]:
    """Put first what people change most: the prompt, a text that says something, any text."""
    is_text = isinstance(entry.widget, Text)
    return (not entry.name.startswith("prompt"), not (is_text and entry.default), not is_text)


def _word(outcome: "NodeOutcome") -> str:
    if outcome.state != "hit":
        return outcome.state
    return "reused" if outcome.reason.is_reuse else "not needed"


def _kept(result: "RunResult") -> str:
    """Name the nodes whose work will not have to be done again."""
    done = [name for name, outcome in result.nodes.items() if outcome.state in {"ran", "hit"}]
    if not done:
        return "No node had finished."
    named = ", ".join(done[:MOST_NAMES]) + (
        f" and {len(done) - MOST_NAMES} more" if len(done) > MOST_NAMES else ""
    )
    return f"Finished and kept: {named}. The same command goes on from there."


def _because(changes: Sequence[str], beginning: str) -> str:
    return f" {beginning}: {'; '.join(changes)}." if changes else ""
