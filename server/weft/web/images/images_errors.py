"""Errors in OpenAI's shape for whatever goes wrong below its addresses, from the guard inwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from aiohttp import hdrs, web

from weft.web.images.images_faults import ImagesFailedError
from weft.web.images.images_wire import DIALECT_PREFIX, DialectError, DialectFault
from weft.web.problems import PROBLEM_TYPE, UNPROCESSABLE, ProblemDocument

FaultType: TypeAlias = Literal[
    "invalid_request_error", "authentication_error", "rate_limit_error", "server_error"
]

_TYPES: Mapping[int, FaultType] = MappingProxyType(
    {401: "authentication_error", 403: "authentication_error", 429: "rate_limit_error"}
)
_BAD_REQUEST = 400


@web.middleware
async def speak_dialect(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Put the problem documents of addresses below `/v1/` into OpenAI's shape; must be the outermost layer.

    Args:
        request: The request.
        handler: What answers it, the frame around all routes included.
    """
    answer = await handler(request)
    if not request.path.startswith(DIALECT_PREFIX) or not isinstance(answer, web.Response):
        return answer
    if answer.content_type != PROBLEM_TYPE or not isinstance(answer.body, bytes):
        return answer
    document = ProblemDocument.model_validate_json(answer.body)
    headers = {name: value for name, value in answer.headers.items() if name != hdrs.CONTENT_TYPE}
    headers.pop(hdrs.CONTENT_LENGTH, None)
    body = dialect_error(document).model_dump_json().encode()
    status = dialect_status(document)
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


def dialect_error(document: ProblemDocument) -> DialectError:
    """Say what a problem document says as OpenAI's API would.

    Args:
        document: The problem document.
    """
    problems = document.problems
    said = [f"{entry.message} {entry.hint}".strip() for entry in problems]
    message = " ".join(said) or f"{document.detail} {document.hint}".strip()
    otherwise: FaultType = "server_error" if document.status >= 500 else "invalid_request_error"
    kind = _TYPES.get(document.status, otherwise)
    code = problems[0].code if problems else document.code
    return DialectError(error=DialectFault(message=message, type=kind, param=_parameter(document), code=code))


def dialect_status(document: ProblemDocument) -> int:
    """Give the status: what is wrong with the parameters is 400 there; 422 is left for a run that failed."""
    is_refused = document.status == UNPROCESSABLE and document.code != ImagesFailedError.code
    return _BAD_REQUEST if is_refused else document.status


def _parameter(document: ProblemDocument) -> str | None:
    """Give the first parameter that a problem names: a field of the body, or an input of the workflow."""
    for entry in document.problems:
        for fact in ("location", "workflow_input"):
            name = entry.details.get(fact)
            if isinstance(name, str) and name:
                return name
    return None
