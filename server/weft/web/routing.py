"""How a route is declared: what it takes, what it answers, and who may call it, all in one place.

The declaration is what the router, the guard and the OpenAPI description are made of, so they cannot
disagree::

    @route("POST", "/api/jobs", policy=Policy.SUBMIT, tag="Jobs", body=JobRequest,
           answers={202: JobView, 200: JobView}, faults=(404, 409, 422, 429, 503))
    async def submit_job(call: Call[JobRequest]) -> Reply:
        \"\"\"Submit a job.

        What follows the first line is the description in the API's documentation.
        \"\"\"
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, TypeAlias, TypeVar

from aiohttp import web
from pydantic import BaseModel

from weft.web.services import Services

B_co = TypeVar("B_co", covariant=True)


class Policy(enum.Enum):
    """Who may call a route.

    A token has scopes; ``manage`` holds ``submit``, and that holds ``read``. Where no token is needed, the
    caller is the local owner with all scopes.
    """

    PUBLIC = "public"
    """Everyone who may speak to the server at all; shows nothing of anyone's work."""

    READ = "read"
    """Whoever may look; sees what they own, and with ``manage`` everything."""

    SUBMIT = "submit"
    """Whoever may run and upload things, and change their own."""

    MANAGE = "manage"
    """Whoever runs the server."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling.

    Attributes:
        owner: Name that new jobs and files belong to.
        policy: The widest policy that is granted.
    """

    owner: str
    policy: Policy

    def may(self, policy: Policy) -> bool:
        """Tell whether a route of this policy may be called."""
        order = list(Policy)
        return order.index(self.policy) >= order.index(policy)

    @property
    def sees_all(self) -> bool:
        """Whether what belongs to others is shown too."""
        return self.policy is Policy.MANAGE

    @property
    def sees(self) -> str | None:
        """Whose things are shown; None for everybody's."""
        return None if self.sees_all else self.owner


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in JSON.

    Attributes:
        body: What is sent; None sends nothing.
        status: One of the route's declared answers.
        headers: Further headers.
    """

    body: BaseModel | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call(Generic[B_co]):
    """What a handler is given.

    Attributes:
        request: The request itself; its `match_info` holds the parts of the path.
        services: The server's services.
        caller: Who is calling.
        body: The validated body; None for a route without one.
        query: The validated query parameters; None for a route without any.
    """

    request: web.Request
    services: Services
    caller: Caller
    body: B_co
    query: Any = None


Handler: TypeAlias = Callable[[Call[Any]], Awaitable[Reply | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Media:
    """A body that is no JSON.

    Attributes:
        types: Its media types.
        description: What it is.
        fields: Model of the fields of a form, or of each event of a stream; None where it is neither.
    """

    types: tuple[str, ...]
    description: str
    fields: type[BaseModel] | None = None


Answer: TypeAlias = type[BaseModel] | Media | tuple[type[BaseModel], Media] | None
"""What is answered with a status: JSON, other media, either of them as the client accepts, or no body."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One operation of the API; only the very same route equals it.

    Attributes:
        method: Such as ``GET``.
        path: Such as ``/api/jobs/{job_id}``.
        policy: Who may call it.
        tag: The group that the documentation shows it in.
        handler: What is done; its docstring is the documentation.
        body: Model of the JSON body, or the media that are taken; None for none.
        query: Model of the query parameters; None for none.
        answers: Model, media, or both by status; None for a status without a body.
        faults: Statuses answered with a problem document, besides 400, 401, 403, 413, 415, 421 and 500, which
            the frame around all routes answers with where they can occur.
        headers: Names of request headers that it heeds, besides those that every route does.
        example: A body that works as it stands on a fresh server; a test sends it.
        parts: Examples for the parts of the path, by name, where the usual ones would not do.
        is_documented: Whether it stands in the OpenAPI description; pages and streams of sockets do not.
    """

    method: str
    path: str
    policy: Policy
    tag: str
    handler: Handler
    body: type[BaseModel] | Media | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, Answer] = field(default_factory=dict)
    faults: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    example: Mapping[str, Any] | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    is_documented: bool = True

    @property
    def name(self) -> str:
        """Its operation id: the name of the handler."""
        return getattr(self.handler, "__name__", "")


def route(method: str, path: str, *, policy: Policy, tag: str, **details: Any) -> Callable[[Handler], Route]:  # noqa: ANN401
    """Declare a route; `details` are the further fields of `Route`."""

    def declare(handler: Handler) -> Route:
        return Route(method, path, policy, tag, handler, **details)

    return declare


def routes_of(module: ModuleType) -> tuple[Route, ...]:
    """List the routes that a module declares, in the order in which it does."""
    return tuple(entry for entry in vars(module).values() if isinstance(entry, Route))
