"""`weft serve`: the server, until Ctrl-C or a signal ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.exits import ExitCode
from weft.settings import load_settings

if TYPE_CHECKING:
    from weft.cli.arguments import Options
    from weft.cli.terminal import Terminal
    from weft.web.serving import Listening


def serve(options: Options, terminal: Terminal) -> ExitCode:
    """Serve until it is ended. Needs no torch: the workers are processes of their own.

    Args:
        options: What was typed.
        terminal: Where the address goes: in words, or as one JSON object to standard output.

    Returns:
        OK, once it ended in order.

    Raises:
        WeftError: A setting is wrong, the address is taken, or the data folder cannot be used.
    """
    settings = load_settings({"device": options.device or None, **options.settings})
    from weft.web.access import needs_token
    from weft.web.logs import configure_logging
    from weft.web.serving import serve as run_server

    def announce(listening: Listening) -> None:
        if options.as_json:
            from weft.cli.reports import ServeReport

            token = None if listening.token is None else listening.token.secret
            terminal.answer(ServeReport(url=listening.url, page=listening.page, token=token).to_text())
            return
        # Plain text: the library that colours it would stay in memory for as long as the server runs.
        terminal.words.write(announcement(listening, is_open=not needs_token(settings)))
        terminal.words.flush()

    configure_logging(terminal.words)
    run_server(settings, announce)
    return ExitCode.OK


def announcement(listening: Listening, *, is_open: bool) -> str:
    """Say to a person that the server is up, and how it is called.

    Args:
        listening: The server that answers.
        is_open: Whether it answers without a token.

    Returns:
        The lines, each with its end.
    """
    from weft.web.operations_routes import curl_line

    token = None if is_open else "TOKEN"
    lines = [f"weft is up at {listening.page}"]
    if listening.token is not None:
        token = listening.token.secret
        lines.append("The address holds a token, which is not shown again; `weft token` makes more.")
    elif not is_open:
        lines.append("Callers need a token; `weft token add NAME` makes one.")
    lines.append("\nMake a first picture from another terminal:\n")
    lines.append(f"  {curl_line(listening.url, token)}\n")
    lines.append("Ctrl-C ends it; what is queued goes on next time.\n")
    return "\n".join(lines)
