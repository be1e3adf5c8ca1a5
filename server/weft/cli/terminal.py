"""The two streams: data for scripts on standard output, words for people on standard error."""

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from weft.errors import FileUnwritableError

if TYPE_CHECKING:
    from rich.console import Console

    from weft.errors import Problem

WIDE = 10_000


class AnswerUnwritableError(FileUnwritableError):
    """Standard output does not take the answer."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command writes.

    Attributes:
        data: The stream of answers.
        words: The stream of everything that a person reads beside the answer.
        shows_tracebacks: Whether a problem that holds a traceback shows it.
    """

    data: TextIO
    words: TextIO
    shows_tracebacks: bool = False

    @property
    def is_live(self) -> bool:
        """Whether the words go to a terminal that can redraw a line."""
        return self.words.isatty() and os.environ.get("TERM", "") != "dumb"

    def say(self, text: str, *, style: str = "") -> None:
        """Write a line for people.

        Args:
            text: The line, plain text.
            style: A rich style such as `bold red`; shown only on a terminal, never with NO_COLOR.
        """
        console_for(self.words).print(text, style=style or None, soft_wrap=True)

    def answer(self, text: str) -> None:
        """Write a line of the answer.

        Args:
            text: The line, plain text.

        Raises:
            BrokenPipeError: Whoever read the answers has left.
            AnswerUnwritableError: The stream is a file that cannot take more, such as one on a full disk.
        """
        try:
            self.data.write(f"{text}\n")
            self.data.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AnswerUnwritableError(path="Standard output", reason=reason) from error

    @contextlib.contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show that something takes a moment; only on a screen, and gone afterwards.

        Args:
            text: What is being done.

        Yields:
            Nothing; it is shown as long as the block lasts.
        """
        if not self.is_live:
            yield
            return
        with console_for(self.words).status(text):
            yield

    def report(self, problem: "Problem") -> None:
        """Write a problem for people: where, what, code, what helps, and on demand its traceback.

        Args:
            problem: The problem.
        """
        from rich.text import Text

        is_error = problem.severity == "error"
        place = ".".join(part for part in (problem.node, problem.input) if part)
        line = Text(problem.severity, style="bold red" if is_error else "bold yellow")
        line.append(f" [{problem.code}] ", style="dim")
        line.append(f"{place}: " if place else "", style="bold")
        line.append(problem.message, style="not bold")
        console = console_for(self.words)
        console.print(line, soft_wrap=True)
        trace = problem.details.get("traceback")
        more = " Add --traceback to see it." if trace and not self.shows_tracebacks else ""
        if problem.hint:
            console.print(Text(f"      {problem.hint}{more}", style="dim"), soft_wrap=True)
        if trace and self.shows_tracebacks:
            console.print(Text(str(trace).rstrip()), soft_wrap=True)


def standard_terminal() -> Terminal:
    """Give the terminal of this process.

    Returns:
        Standard output for data, standard error for words.
    """
    return Terminal(data=sys.stdout, words=sys.stderr)


def console_for(stream: TextIO) -> "Console":
    """Give a rich console that writes plain text as it is.

    Args:
        stream: Where it writes.

    Returns:
        A console without markup, emoji codes or guessed highlights; as wide as need be when not a terminal.
    """
    from rich.console import Console

    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if stream.isatty() else WIDE,
    )
