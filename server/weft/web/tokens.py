"""Tokens: who may call from elsewhere, and how far; kept as digests in a private file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from weft.web.faults import TokenNameError, TokensUnreadableError

Scope: TypeAlias = Literal["read", "submit", "manage"]
"""How far a token reaches; each holds those before it."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
FILE_NAME = "tokens.json"
FIRST_NAME = "first"
SESSION_S = 30 * 24 * 3600.0
"""A session of a browser ends so long after it began."""

_TOKEN_PREFIX = "weft_"  # noqa: S105 — the part that is no secret
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PRIVATE = 0o600

if TYPE_CHECKING:
    from collections.abc import Callable


class StoredToken(BaseModel):
    """A token as the file keeps it.

    Attributes:
        name: What it is called; also the owner of what is made with it.
        scope: How far it reaches.
        digest: SHA-256 of the token itself, which has 256 random bits, so that no slow hash is needed.
        created_at: Unix time in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    scope: Scope
    digest: str
    created_at: float


class _TokenFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    session_key: str
    tokens: tuple[StoredToken, ...] = ()


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: the only time that its secret can be seen."""

    name: str
    scope: Scope
    secret: str


class Tokens:
    """The tokens of a data folder.

    The file is looked at whenever a token is checked: what `weft token` makes or removes counts at once.

    Args:
        folder: The data folder.
        clock: Gives the Unix time in seconds.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE_NAME
        self._clock = clock
        self._stamp: tuple[int, int, int] | None = None
        self._kept: _TokenFile | None = None

    def all(self) -> tuple[StoredToken, ...]:
        """List the tokens, oldest first.

        Raises:
            TokensUnreadableError: The file is damaged, or not ours to read.
        """
        return self._read().tokens

    def add(self, name: str, scope: Scope) -> NewToken:
        """Make a token.

        Raises:
            TokenNameError: The name is taken or cannot be one.
            TokensUnreadableError: The file is damaged, or cannot be read or written.
        """
        if not _NAME.fullmatch(name):
            raise TokenNameError.unusable(name)
        kept = self._read()
        if any(token.name == name for token in kept.tokens):
            raise TokenNameError.taken(name)
        secret = f"{_TOKEN_PREFIX}{secrets.token_urlsafe(32)}"
        stored = StoredToken(name=name, scope=scope, digest=_digest(secret), created_at=self._clock())
        self._write(kept.model_copy(update={"tokens": (*kept.tokens, stored)}))
        return NewToken(name, scope, secret)

    def remove(self, name: str) -> None:
        """Remove a token; it and the sessions begun with it are refused from now on.

        Raises:
            TokenNameError: There is none of that name.
            TokensUnreadableError: The file is damaged, or cannot be read or written.
        """
        kept = self._read()
        left = tuple(token for token in kept.tokens if token.name != name)
        if len(left) == len(kept.tokens):
            raise TokenNameError.unknown(name, [token.name for token in kept.tokens])
        self._write(kept.model_copy(update={"tokens": left}))

    def find(self, secret: str) -> StoredToken | None:
        """Find the token of a secret, in a time that does not tell how much of a guess was right."""
        wanted = _digest(secret)
        matches = [token for token in self.all() if hmac.compare_digest(token.digest, wanted)]
        return matches[0] if matches else None

    def begin_session(self, token: StoredToken) -> str:
        """Give what a browser shows instead of the token, until it ends or the token is removed."""
        ends = int(self._clock() + SESSION_S)
        return f"{token.name}.{ends}.{self._signature(token, ends)}"

    def find_session(self, session: str) -> StoredToken | None:
        """Find the token that a session was begun with; None where it ended or was never one of ours."""
        name, _, rest = session.partition(".")
        ends, _, signature = rest.partition(".")
        token = next((token for token in self.all() if token.name == name), None)
        if token is None or not re.fullmatch(r"[0-9]{1,12}", ends) or not signature.isascii():
            return None
        is_ours = hmac.compare_digest(self._signature(token, int(ends)), signature)
        return token if is_ours and self._clock() < int(ends) else None

    def _signature(self, token: StoredToken, ends: int) -> str:
        key = self._read().session_key.encode()
        signed = hmac.new(key, f"{token.name}.{token.digest}.{ends}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(signed.digest()).decode().rstrip("=")

    def _read(self) -> _TokenFile:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._kept = None, None
            return _TokenFile(session_key=secrets.token_urlsafe(32))
        except OSError as error:
            raise TokensUnreadableError(path=str(self._path), reason=_reason(error)) from error
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._kept is not None and self._stamp == stamp:
            return self._kept
        try:
            kept = _TokenFile.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError) as error:
            reason = _reason(error) if isinstance(error, OSError) else "it is damaged"
            raise TokensUnreadableError(path=str(self._path), reason=reason) from error
        self._stamp, self._kept = stamp, kept
        return kept

    def _write(self, kept: _TokenFile) -> None:
        """Put a whole new file in the place of the old one; it is private from the first byte on."""
        text = json.dumps(kept.model_dump(mode="json"), indent=1)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".tokens-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), _PRIVATE)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError as error:
            raise TokensUnreadableError(path=str(self._path), reason=_reason(error)) from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
