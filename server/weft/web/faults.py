"""The errors that only the HTTP face knows: how it was called, by whom, and where it listens.

Codes in brackets; `weft.web.problems` gives each its status::

    WeftError
    ├── RequestMalformedError [request-malformed]        a request that cannot be understood safely
    ├── HostRefusedError [host-refused]                  called by a name that is not the server's
    ├── OriginRefusedError [origin-refused]              sent by a page of somebody else
    ├── MediaTypeRefusedError [media-type-refused]       a body of another kind than the route takes
    ├── BodyTooLargeError [body-too-large]               a body beyond the limit
    ├── BodyUnreadableError [body-unreadable]            a body that is not strict JSON
    ├── BodyInvalidError [body-invalid]                  a body with other fields than the route takes
    ├── QueryInvalidError [query-invalid]                parameters of the address that do not fit
    ├── TokenMissingError [token-missing]                no token where one is needed
    ├── TokenRefusedError [token-refused]                a token that is not known
    ├── ScopeMissingError [scope-missing]                a token that does not reach so far
    ├── TokenNameError [token-name]                      a token's name is taken, unknown or not a name
    ├── TokensUnreadableError [tokens-unreadable]        the file of tokens is damaged
    ├── RouteUnknownError [route-unknown]                nothing lies at that address
    ├── MethodRefusedError [method-refused]              it is not read or written in that way
    ├── RangeRefusedError [range-refused]                a part of a file that is not there
    ├── EditorMissingError [editor-missing]              the editor was not installed with the server
    ├── PreviewMissingError [preview-missing]            a job has shown no preview yet
    ├── ServerStoppingError [server-stopping]            the server ends and takes nothing more
    ├── UnexpectedError [unexpected]                     a mistake in weft itself
    └── AddressUnusableError [address-unusable]          the server cannot listen there
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from weft.errors import WeftError, suggest


class RequestMalformedError(WeftError):
    """A request cannot be understood without guessing."""

    code = "request-malformed"

    def __init__(self, *, fault: str, hint: str = "Correct the client that sent it.") -> None:
        super().__init__(f"The request {fault}.", hint=hint)


class HostRefusedError(WeftError):
    """The server was called by a name that is not its own, as a rebound DNS name does."""

    code = "host-refused"

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f'This server is not called "{host}".',
            hint="Use the address that it printed, or add the name to the setting host_names.",
        )


class OriginRefusedError(WeftError):
    """A page of another origin sent the request."""

    code = "origin-refused"

    def __init__(self, *, origin: str) -> None:
        super().__init__(
            f"Pages of {_printable(origin)} may not use this server.",
            hint="Open the server's own page, or call it from a program that is not a browser.",
        )


class MediaTypeRefusedError(WeftError):
    """The body is of another kind than the route takes."""

    code = "media-type-refused"

    def __init__(self, *, given: str, expected: Iterable[str]) -> None:
        has = _printable(given) or "of no stated type"
        super().__init__(
            f"The body is {has}, but this route takes {' or '.join(expected)}.",
            hint="Send the header Content-Type that says what the body is, and the body uncompressed.",
        )


class BodyTooLargeError(WeftError):
    """The body has more bytes than are taken."""

    code = "body-too-large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(
            f"The body has more than {limit_bytes} bytes.",
            hint="Send less at once, or raise the limit in the settings of the server.",
            details={"limit_bytes": limit_bytes},
        )


class BodyUnreadableError(WeftError):
    """The body is not JSON as RFC 8259 has it, or leaves open what it means."""

    code = "body-unreadable"

    def __init__(self, *, fault: str) -> None:
        super().__init__(f"The body cannot be read as JSON: {fault}.", hint="Correct it and send it again.")


class BodyInvalidError(WeftError):
    """A field of the body is missing, unknown or of another kind."""

    code = "body-invalid"

    def __init__(self, *, where: str, fault: str, hint: str = "") -> None:
        super().__init__(
            f"{where or 'The body'} {fault}.",
            hint=hint or "See /api/docs for what the route takes.",
            details={"location": where},
        )


class QueryInvalidError(WeftError):
    """A parameter of the address is unknown or does not fit."""

    code = "query-invalid"

    def __init__(self, *, name: str, fault: str, hint: str = "") -> None:
        super().__init__(
            f'The query parameter "{name}" {fault}.',
            hint=hint or "See /api/docs for what the route takes.",
            details={"location": name},
        )


class TokenMissingError(WeftError):
    """The server asks for a token, and there is none."""

    code = "token-missing"

    def __init__(self) -> None:
        super().__init__(
            "This needs a token.",
            hint="Send the header `Authorization: Bearer TOKEN`; `weft token add NAME` makes a token.",
        )


class TokenRefusedError(WeftError):
    """The token is not one of the server's, or was removed."""

    code = "token-refused"

    def __init__(self) -> None:
        super().__init__(
            "The token is not known.", hint="It may have been removed; `weft token add NAME` makes a new one."
        )


class ScopeMissingError(WeftError):
    """The token is not for this."""

    code = "scope-missing"

    def __init__(self, *, needs: str, has: str) -> None:
        super().__init__(
            f"This needs a token with the scope {needs}, and the token's is {has}.",
            hint=f"Make one with `weft token add NAME --scope {needs}`.",
        )


class TokenNameError(WeftError):
    """A token's name is taken, unknown, or no name."""

    code = "token-name"

    @classmethod
    def taken(cls, name: str) -> TokenNameError:
        """Give the error for a name that another token has."""
        return cls(f'There is a token "{name}" already.', hint="Choose another name, or remove that one.")

    @classmethod
    def unknown(cls, name: str, known: Iterable[str]) -> TokenNameError:
        """Give the error for a name that no token has."""
        hint = suggest(name, known) or "`weft token list` shows the names."
        return cls(f'There is no token "{name}".', hint=hint)

    @classmethod
    def unusable(cls, name: str) -> TokenNameError:
        """Give the error for what cannot be a name."""
        return cls(f'"{name}" cannot be the name of a token.', hint="Use 1 to 64 letters, digits, - and _.")


class TokensUnreadableError(WeftError):
    """The file of tokens is damaged or not ours to read; nobody is let in on a guess."""

    code = "tokens-unreadable"

    def __init__(self, *, path: str, reason: str) -> None:
        super().__init__(
            f"The tokens in {path} cannot be read: {reason}.",
            hint="Correct the file or its permissions, or remove it to begin anew without tokens.",
        )


class RouteUnknownError(WeftError):
    """Nothing lies at that address."""

    code = "route-unknown"

    def __init__(self, *, path: str) -> None:
        super().__init__(f"There is nothing at {path}.", hint="See /api/docs for what there is.")


class EditorMissingError(WeftError):
    """The files of the editor, or the third-party modules that it stands on, are not there."""

    code = "editor-missing"

    def __init__(self, *, folder: Path, missing: Iterable[str]) -> None:
        super().__init__(
            f"The editor is not installed: {folder} has no {' and no '.join(missing)}.",
            hint="Run `pip install .` (or `make run`) in the folder of weft; the API works without it.",
        )


class MethodRefusedError(WeftError):
    """What lies at that address does not know the method."""

    code = "method-refused"

    def __init__(self, *, method: str, allowed: Iterable[str]) -> None:
        super().__init__(
            f"{method} cannot be used here.", hint=f"Use {' or '.join(sorted(allowed))}; see /api/docs."
        )


class RangeRefusedError(WeftError):
    """A part of a file is wanted that lies behind its end."""

    code = "range-refused"

    def __init__(self, *, size: int) -> None:
        super().__init__(
            f"The file has {size} bytes, and what is wanted lies behind them.",
            hint="Ask for a range within them, or for the whole file.",
            details={"size": size},
        )


class PreviewMissingError(WeftError):
    """A job has shown no preview, or its previews are gone since it ended."""

    code = "preview-missing"

    def __init__(self, *, job: str) -> None:
        super().__init__(
            f'The job "{job}" has no preview.', hint="Previews come while it samples; look at its outputs."
        )


class ServerStoppingError(WeftError):
    """The server is being stopped."""

    code = "server-stopping"

    def __init__(self) -> None:
        super().__init__(
            "The server is being stopped.", hint="Ask again when it is back; every job is kept until then."
        )


class UnexpectedError(WeftError):
    """Something went wrong that nobody foresaw; what it was stands in the log alone."""

    code = "unexpected"

    def __init__(self, *, request: str) -> None:
        super().__init__(
            "The server made a mistake.",
            hint=f"Report it with what the server's log says about the request {request}.",
            details={"request": request},
        )


class AddressUnusableError(WeftError):
    """The server cannot listen at its address."""

    code = "address-unusable"

    def __init__(self, *, host: str, port: int, reason: str, hint: str = "") -> None:
        super().__init__(
            f"weft cannot listen on {host}, port {port}: {reason}.",
            hint=hint or "Choose another address with --host and --port.",
        )


def _printable(text: str) -> str:
    """Show what a header held, which may be any bytes at all, in letters that every answer can carry."""
    return text[:200].encode("ascii", "backslashreplace").decode()
