"""Who is calling: the local owner, or whoever shows a token or the session that a browser got for one."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from weft.settings import Settings
from weft.web.faults import ScopeMissingError, TokenMissingError, TokenRefusedError
from weft.web.images.images_wire import DIALECT_PREFIX
from weft.web.routing import Caller, Policy
from weft.web.security import is_loopback
from weft.web.tokens import FIRST_NAME, SESSION_S, NewToken, StoredToken, Tokens

LOCAL_OWNER = "local"
SESSION_COOKIE = "weft_session"

_SCHEME = "bearer "


def needs_token(settings: Settings) -> bool:
    """Tell whether callers must show a token.

    They must as soon as others can reach the server: it listens beyond this machine, or a proxy speaks for it
    under a further name, from which everybody's requests look local.
    """
    return settings.require_token or not is_loopback(settings.host) or bool(settings.host_names)


@dataclass(frozen=True, slots=True)
class Access:
    """Tells callers apart.

    Attributes:
        tokens: The tokens of the data folder.
        is_open: Whether callers without a token are the local owner, with all rights.
    """

    tokens: Tokens
    is_open: bool

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """Give the access to a server with these settings."""
        return cls(Tokens(settings.data_dir), is_open=not needs_token(settings))

    def first_token(self) -> NewToken | None:
        """Make a first token where one is needed and there is none, so that somebody can get in."""
        if self.is_open or self.tokens.all():
            return None
        return self.tokens.add(FIRST_NAME, "manage")

    def caller(self, request: web.Request, policy: Policy) -> Caller:
        """Tell who calls a route.

        Args:
            request: The request.
            policy: Who may call the route.

        Raises:
            TokenMissingError: A token is needed, and there is none.
            TokenRefusedError: The token or the session is not one of ours.
            ScopeMissingError: The token does not reach so far.
        """
        try:
            caller = self._caller(request)
        except (TokenMissingError, TokenRefusedError):
            if policy is not Policy.PUBLIC:
                raise
            return Caller("", Policy.PUBLIC)
        if not caller.may(policy):
            raise ScopeMissingError(needs=policy.value, has=caller.policy.value)
        return caller

    def _caller(self, request: web.Request) -> Caller:
        header = request.headers.get("Authorization")
        session = request.cookies.get(SESSION_COOKIE)
        if header is not None:
            secret = header[len(_SCHEME) :].strip() if header[: len(_SCHEME)].lower() == _SCHEME else ""
            token = self.tokens.find(secret)
            if token is None and self.is_open and request.path.startswith(DIALECT_PREFIX):
                # OpenAI's clients do not call without a key; where none is needed, any will do.
                return Caller(LOCAL_OWNER, Policy.MANAGE)
            return _known(token)
        # An open server takes no notice of a session that ended: cookies of all ports of a host are one.
        token = self.tokens.find_session(session) if session is not None else None
        if token is None and self.is_open:
            return Caller(LOCAL_OWNER, Policy.MANAGE)
        if session is None:
            raise TokenMissingError
        return _known(token)

    def begin_session(self, secret: str, answer: web.StreamResponse, *, secure: bool) -> Caller:
        """Let a browser in: its pages cannot read the cookie, and other sites cannot make it be sent.

        Args:
            secret: The token.
            answer: What the cookie is put into.
            secure: Whether the browser speaks TLS with the server.

        Raises:
            TokenRefusedError: The token is not one of ours.
        """
        token = self.tokens.find(secret)
        if token is None:
            raise TokenRefusedError
        answer.set_cookie(
            SESSION_COOKIE,
            self.tokens.begin_session(token),
            max_age=int(SESSION_S),
            httponly=True,
            samesite="Strict",
            secure=secure,
            path="/",
        )
        return _known(token)


def _known(token: StoredToken | None) -> Caller:
    if token is None:
        raise TokenRefusedError
    return Caller(token.name, Policy(token.scope))
