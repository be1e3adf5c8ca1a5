"""`weft token`: who may call the server from elsewhere, and how far."""

from datetime import UTC, datetime

from weft.cli.arguments import Options
from weft.cli.exits import ExitCode
from weft.cli.faults import UsageError
from weft.cli.reports import TokenReport, TokensReport
from weft.cli.terminal import Terminal
from weft.errors import suggest
from weft.settings import load_settings
from weft.web.tokens import SCOPES, Scope, Tokens

DEFAULT_SCOPE: Scope = "submit"


def token(options: Options, terminal: Terminal) -> ExitCode:
    """Add, list or remove tokens; a server that runs heeds it at once.

    Args:
        options: What was typed; `subject` is what to do and `name` the token.
        terminal: Where the answer goes.

    Returns:
        OK.

    Raises:
        UsageError: There is no such action or scope, or no name where one is needed.
        WeftError: The name is taken or unknown, or the tokens cannot be read or written.
    """
    tokens = Tokens(load_settings(options.settings).data_dir)
    match options.subject:
        case "add":
            _add(tokens, options, terminal)
        case "list":
            _list(tokens, options, terminal)
        case "remove":
            name = _name(options)
            tokens.remove(name)
            terminal.say(f"The token {name} is refused from now on.")
        case other:
            raise UsageError(
                f"weft token has no action {other}.",
                hint=suggest(str(other), ("add", "list", "remove")),
            )
    return ExitCode.OK


def _add(tokens: Tokens, options: Options, terminal: Terminal) -> None:
    scope = next((known for known in SCOPES if known == (options.scope or DEFAULT_SCOPE)), None)
    if scope is None:
        raise UsageError(f"There is no scope {options.scope}.", hint=suggest(options.scope, SCOPES))
    made = tokens.add(_name(options), scope)
    if options.as_json:
        terminal.answer(TokenReport(name=made.name, scope=made.scope, token=made.secret).to_text())
        return
    terminal.say(f"The token {made.name} may {made.scope}; it is not shown again:")
    terminal.answer(made.secret)


def _list(tokens: Tokens, options: Options, terminal: Terminal) -> None:
    if options.name is not None or options.scope:
        raise UsageError("weft token list takes neither a name nor a scope.", hint="Leave it out.")
    found = tokens.all()
    if options.as_json:
        listed = tuple(TokenReport(name=entry.name, scope=entry.scope) for entry in found)
        terminal.answer(TokensReport(tokens=listed).to_text())
        return
    for entry in found:
        made = datetime.fromtimestamp(entry.created_at, UTC).date().isoformat()
        terminal.answer(f"{entry.name}  {entry.scope}  {made}")


def _name(options: Options) -> str:
    if options.name is None:
        raise UsageError(
            f"weft token {options.subject} needs a name.", hint=f"Write weft token {options.subject} NAME."
        )
    return options.name
