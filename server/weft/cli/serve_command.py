"""`weft serve`: the server, until Ctrl-C or a signal ends it."""

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode
from weft.cli.terminal import Terminal
from weft.settings import load_settings


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
    from weft.web.operations_routes import curl_line
    from weft.web.serving import Listening
    from weft.web.serving import serve as run_server

    def announce(listening: Listening) -> None:
        token = None if listening.token is None else listening.token.secret
        if options.as_json:
            from weft.cli.reports import ServeReport

            terminal.answer(ServeReport(url=listening.url, page=listening.page, token=token).to_text())
            return
        lines = [f"weft is up at {listening.page}"]
        if token is not None:
            lines.append("The address holds a token, which is not shown again; `weft token` makes more.")
        elif needs_token(settings):
            lines.append("Callers need a token; `weft token add NAME` makes one.")
        lines.append("\nMake a first picture from another terminal:\n")
        lines.append(f"  {curl_line(listening.url, token or ("TOKEN" if needs_token(settings) else None))}\n")
        lines.append("Ctrl-C ends it; what is queued goes on next time.")
        # Plain text: the library that colours it would stay in memory for as long as the server runs.
        terminal.words.write("\n".join([*lines, ""]))
        terminal.words.flush()

    configure_logging(terminal.words)
    run_server(settings, announce)
    return ExitCode.OK
