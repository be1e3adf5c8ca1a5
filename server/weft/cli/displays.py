"""How a run is shown while it lasts: redrawn on a terminal, line by line in a log, or not at all."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from weft.cli.board import Board, line_of
from weft.cli.terminal import Terminal, console_for
from weft.engine.events import Event, NodeFailed, NodeFinished, NodeProgress

if TYPE_CHECKING:
    from rich.console import Group

# A log does not need every step of every node.
PLAIN_INTERVAL_S = 5.0
# Of a large graph, only the nodes that ran are worth a line each.
MOST_REUSED_LINES = 20
BAR_WIDTH = 24


class Display(Protocol):
    """Something that shows a run: entered before it, fed with its events, left after it."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        ...

    def __call__(self, event: Event) -> None:
        """Take notice of an event."""
        ...

    def note(self, text: str) -> None:
        """Say something between the events, such as that the run is being cancelled."""
        ...


class SilentDisplay:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace

    def __call__(self, event: Event) -> None:
        """Take no notice of the event."""
        del event

    def note(self, text: str) -> None:
        """Say nothing."""
        del text


class PlainDisplay(SilentDisplay):
    """Writes a line when a node ends, and now and then one about a node at work.

    Args:
        terminal: Where the lines go.
        clock: Where the time comes from, in seconds.
    """

    def __init__(self, terminal: Terminal, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._board = Board(clock)
        self._clock = clock
        self._said_s: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Write the lines that the event is worth."""
        self._board.take(event)
        if isinstance(event, NodeFinished | NodeFailed):
            if _is_worth_a_line(event, self._board):
                self._terminal.say(line_of(event))
        elif isinstance(event, NodeProgress):
            self._progress(event.node)

    def note(self, text: str) -> None:
        """Write the text as a line."""
        self._terminal.say(text)

    def _progress(self, node: str) -> None:
        running = self._board.running[node]
        now = self._clock()
        if now - self._said_s.setdefault(node, running.started_s) >= PLAIN_INTERVAL_S:
            self._said_s[node] = now
            self._terminal.say(f"  {node}  {running.in_words()}")


class LiveDisplay:
    """Redraws one line for each running node, below the lines of those that ended.

    Args:
        terminal: The terminal to draw on.
    """

    def __init__(self, terminal: Terminal) -> None:
        from rich.live import Live
        from rich.spinner import Spinner

        self._board = Board()
        self._spinner = Spinner("dots")
        self._console = console_for(terminal.words)
        self._live = Live(
            console=self._console, get_renderable=self._render, refresh_per_second=8, transient=True
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Bring the picture up to date; a node that ended gets its line for good."""
        self._board.take(event)
        if isinstance(event, NodeFinished | NodeFailed) and _is_worth_a_line(event, self._board):
            self._console.print(line_of(event), style=_style_of(event), soft_wrap=True)

    def note(self, text: str) -> None:
        """Write the text as a line above what is redrawn."""
        self._console.print(text, style="yellow", soft_wrap=True)

    def _render(self) -> "Group":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        # Copied, because nodes begin and end on other threads while this draws.
        running = list(self._board.running.values())
        table = Table.grid(padding=(0, 1))
        turn = self._spinner.render(self._board.clock())
        for node in running:
            bar = ProgressBar(
                total=node.total or None, completed=node.step, width=BAR_WIDTH, pulse=not node.total
            )
            table.add_row(turn, Text(node.node, style="bold"), bar, Text(node.in_words()))
        return Group(table, Text(self._board.summary(), style="dim"))


def display_for(terminal: Terminal, *, as_json: bool) -> Display:
    """Choose how a run is shown.

    Args:
        terminal: The terminal of this process.
        as_json: Whether a script reads the answer.

    Returns:
        A live display on a terminal, plain lines elsewhere, nothing for a script without a terminal.
    """
    if terminal.is_live:
        return LiveDisplay(terminal)
    return SilentDisplay() if as_json else PlainDisplay(terminal)


def _is_worth_a_line(event: NodeFinished | NodeFailed, board: Board) -> bool:
    if isinstance(event, NodeFailed) or event.state == "ran":
        return True
    idle = board.ended.get("hit", 0) + board.ended.get("not-needed", 0)
    return event.state == "hit" and idle <= MOST_REUSED_LINES


def _style_of(event: NodeFinished | NodeFailed) -> str:
    if isinstance(event, NodeFailed):
        return "bold red"
    return "dim" if event.state == "hit" else "none"
